/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_addr: socket addresses written, compared, hashed and listed.
 */
#include "config.h"

#include "net_fixture.h"

#include <stddef.h>
#include <string.h>

static const char *const written[] = {"1.2.3.4:80", "[::1]:80", "[fe80::1%1]:80", "unix:/run/x.sock", "0.0.0.0:1"};
START_TEST(addresses_are_written_as_they_were_read) {
    struct addr addr = addr_of(written[_i]);
    char text[ADDR_TEXT];
    ck_assert_str_eq(addr_format(&addr, text, sizeof text), written[_i]);
}
END_TEST

START_TEST(hosts_are_written_without_port_or_brackets) {
    struct addr ipv4 = addr_of("1.2.3.4:80"), ipv6 = addr_of("[::1]:80"), path = addr_of("unix:/x");
    char text[ADDR_TEXT];
    ck_assert_str_eq(addr_format_host(&ipv4, text, sizeof text), "1.2.3.4");
    ck_assert_str_eq(addr_format_host(&ipv6, text, sizeof text), "::1");
    ck_assert_str_eq(addr_format_host(&path, text, sizeof text), "/x");
    ck_assert_str_eq(addr_unix_path(&path), "/x");
    ck_assert_ptr_null(addr_unix_path(&ipv4));
    ck_assert_uint_eq(addr_port(&ipv4), 80);
    ck_assert_uint_eq(addr_port(&path), 0);
    addr_set_port(&ipv6, 443);
    ck_assert_str_eq(addr_format(&ipv6, text, sizeof text), "[::1]:443");
}
END_TEST

START_TEST(a_small_buffer_is_not_overrun) {
    struct addr addr = addr_of("[2001:db8::1234]:443");
    char text[8];
    ck_assert_uint_lt(strlen(addr_format(&addr, text, sizeof text)), sizeof text);
}
END_TEST

START_TEST(an_unnamed_unix_peer_has_a_text) {
    struct addr addr = {.length = offsetof(struct sockaddr_un, sun_path)};
    char text[ADDR_TEXT];
    addr.storage.ss_family = AF_UNIX;
    ck_assert_str_eq(addr_format(&addr, text, sizeof text), "unix:");
    ck_assert_ptr_null(addr_unix_path(&addr));
}
END_TEST

START_TEST(same_hosts_are_equal_and_hash_alike) {
    struct addr a = addr_of("1.2.3.4:80"), b = addr_of("[::ffff:1.2.3.4]:443"), c = addr_of("1.2.3.5:80");
    struct addr local = addr_of("[fe80::1%1]:80"), other = addr_of("[fe80::1%2]:80");
    struct addr path = addr_of("unix:/a"), path2 = addr_of("unix:/b"), path3 = addr_of("unix:/a");
    ck_assert(addr_same_host(&a, &b));
    ck_assert_uint_eq(addr_host_hash(&a), addr_host_hash(&b));
    ck_assert(!addr_same_host(&a, &c));
    ck_assert_uint_ne(addr_host_hash(&a), addr_host_hash(&c));
    ck_assert(!addr_same_host(&local, &other));
    ck_assert(!addr_same_host(&a, &path));
    ck_assert(!addr_same_host(&path, &path2));
    ck_assert(addr_same_host(&path, &path3));
    ck_assert_uint_eq(addr_host_hash(&path), addr_host_hash(&path3));
    ck_assert(addr_is_unix(&path) && !addr_is_unix(&a));
}
END_TEST

START_TEST(the_loopback_is_known_in_every_spelling) {
    static const struct {
        const char *text;
        bool is_loopback;
    } cases[] = {{"127.0.0.1:1", true},      {"127.9.8.7:1", true},
                 {"[::1]:1", true},          {"[::ffff:127.0.0.1]:1", true},
                 {"128.0.0.1:1", false},     {"0.0.0.0:1", false},
                 {"[::]:1", false},          {"[::127.0.0.1]:1", false},
                 {"[::2]:1", false},         {"unix:/x", false},
                 {"[fe80::7f00:1]:1", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct addr addr = addr_of(cases[i].text);
        ck_assert_msg(addr_is_loopback(&addr) == cases[i].is_loopback, "%s", cases[i].text);
        bool is_ipv4 = cases[i].text[0] == '1';
        ck_assert_msg(addr_is_ipv4_loopback(&addr) == (cases[i].is_loopback && is_ipv4), "%s", cases[i].text);
    }
}
END_TEST

/* A thousand neighbours on eight agents: none gets less than half its share. */
START_TEST(neighbours_spread) {
    unsigned counts[8] = {0};
    struct addr addr = addr_of("10.0.0.0:80");
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&addr.storage;
    for (uint32_t i = 0; i < 1000; i++) {
        in->sin_addr.s_addr = htonl(0x0a000000 + i);
        counts[addr_host_hash(&addr) % 8]++;
    }
    for (int i = 0; i < 8; i++)
        ck_assert_uint_gt(counts[i], 62);
}
END_TEST

static TCase *addresses(void) {
    TCase *group = tcase_create("addresses");
    tcase_add_loop_test(group, addresses_are_written_as_they_were_read, 0, sizeof written / sizeof *written);
    tcase_add_test(group, hosts_are_written_without_port_or_brackets);
    tcase_add_test(group, a_small_buffer_is_not_overrun);
    tcase_add_test(group, an_unnamed_unix_peer_has_a_text);
    tcase_add_test(group, same_hosts_are_equal_and_hash_alike);
    tcase_add_test(group, the_loopback_is_known_in_every_spelling);
    tcase_add_test(group, neighbours_spread);
    return group;
}

UNIT_MAIN("lib/net/addr", addresses)
