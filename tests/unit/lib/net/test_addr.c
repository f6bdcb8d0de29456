/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* Tests of lib/addr: endpoints as people write them, right and wrong, and socket addresses. */
#include "config.h"

#include "lib/net/addr.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

static const struct right {
    const char *text, *host, *formatted;
    unsigned port;
    int is_unix, is_numeric;
} right[] = {
    {"localhost:80", "localhost", "localhost:80", 80, 0, 0},
    {"1.2.3.4:65535", "1.2.3.4", "1.2.3.4:65535", 65535, 0, 1},
    {"[::1]:1", "::1", "[::1]:1", 1, 0, 1},
    {"[2001:db8::7]:443", "2001:db8::7", "[2001:db8::7]:443", 443, 0, 1},
    {"[::ffff:1.2.3.4]:80", "::ffff:1.2.3.4", "[::ffff:1.2.3.4]:80", 80, 0, 1},
    {"[fe80::1%1]:22", "fe80::1%1", "[fe80::1%1]:22", 22, 0, 1},
    {":8080", "", "*:8080", 8080, 0, 1},
    {"*:8080", "", "*:8080", 8080, 0, 1},
    {"a_b-c.example.:7", "a_b-c.example.", "a_b-c.example.:7", 7, 0, 0},
    {"1host:7", "1host", "1host:7", 7, 0, 0},
    {"unix:/run/x.sock", "/run/x.sock", "unix:/run/x.sock", 0, 1, 1},
    {"unix:relative:odd", "relative:odd", "unix:relative:odd", 0, 1, 1},
};

START_TEST(right_endpoints_are_taken_apart_and_written_back) {
    const struct right *row = &right[_i];
    struct endpoint endpoint;
    struct error error = {""};
    struct addr addr;
    char text[ENDPOINT_HOST + 16];
    ck_assert_msg(endpoint_parse(&endpoint, row->text, &error) == 0, "%s: %s", row->text, error.text);
    ck_assert_str_eq(endpoint.host, row->host);
    ck_assert_uint_eq(endpoint.port, row->port);
    ck_assert_int_eq(endpoint.is_unix, row->is_unix);
    ck_assert_str_eq(endpoint_format(&endpoint, text, sizeof text), row->formatted);
    ck_assert_int_eq(addr_from_endpoint(&addr, &endpoint), row->is_numeric);
}
END_TEST

#define LABEL_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static const struct wrong {
    const char *text, *says;
} wrong[] = {
    {"", "an address is empty; write HOST:PORT, as in localhost:80"},
    {"host", "lacks a port; write HOST:PORT, as in host:80"},
    {"192.0.2.1", "lacks a port; write HOST:PORT, as in 192.0.2.1:80"},
    {"8080", "is a port without a host; write HOST:PORT, as in localhost:8080"},
    {"/run/x.sock", "is a path; write unix:/run/x.sock"},
    {"host:", "port is a number"},
    {"host:0", "port is a number"},
    {"host:65536", "port is a number"},
    {"host:4294967376", "port is a number"},
    {"host:80x", "port is a number"},
    {"host:-1", "port is a number"},
    {"host: 80", "port is a number"},
    {"::1:80", "has an IPv6 address without brackets; write [::1]:80"},
    {"2001:db8::7:443", "write [2001:db8::7]:443"},
    {"2001:db8::7", "is an IPv6 address without brackets and port; write [2001:db8::7]:80"},
    {"1:2:3:4:5:6:7:8", "is an IPv6 address without brackets and port; write [1:2:3:4:5:6:7:8]:80"},
    {"a:b:80", "has more than one colon; write HOST:PORT"},
    {"[::1:80", "closing bracket"},
    {"[::1]", "lacks a port"},
    {"[::1]80", "lacks a port"},
    {"[]:80", "not an IPv6 address"},
    {"[1.2.3.4]:80", "has an IPv4 address in brackets; write it without, 1.2.3.4:80"},
    {"[1.2.3.4]", "write it without, 1.2.3.4:80"},
    {"[::g]:80", "not an IPv6 address"},
    {"[fe80::1%]:80", "not an IPv6 address with the name of an interface"},
    {"[fe80::1%a%b]:80", "not an IPv6 address"},
    {"[fe80::1%a b]:80", "not an IPv6 address"},
    {"[fe80::1%sixteencharacter]:80", "not an IPv6 address"},
    {"[fe80::1%\"]:80", "not an IPv6 address"},
    {"[eth0%fe80::1]:80", "not an IPv6 address"},
    {"1.2.3:80", "neither an IPv4 address"},
    {"1.2.3.256:80", "neither an IPv4 address"},
    {"...:80", "neither an IPv4 address"},
    {"a..b:80", "not a host's name"},
    {".a:80", "not a host's name"},
    {"a b:80", "has a space"},
    {"http//x:80", "not a host's name"},
    {"https://host.example:8443/path", "is a URL; write HOST:PORT alone, as in host.example:8443"},
    {"https://host.example", "as in host.example:443"},
    {"https://[::1]:443", "as in [::1]:443"},
    {"a:80,b:80", "is more than one address; write one, as in a:80"},
    {"a:80, b:80", "is more than one address"},
    {"my\xe2\x80\x93host:80", "dash"},
    {"my\xe2\x88\x92host:80", "dash"},
    {"**:80", "not a host's name"},
    {LABEL_64 ":80", "too long: 64 characters, at most 63 between dots"},
    {"a." LABEL_64 ".b:80", "64 characters"},
    {LABEL_64 "." LABEL_64 "." LABEL_64 "." LABEL_64 ":80", "too long"},
    {"m\xc3\xbcller.example:80", "xn--"},
    {"unix:", "lacks the path"},
    {"unix:/" LABEL_64 LABEL_64, "too long"},
};

START_TEST(wrong_endpoints_are_refused_in_words) {
    struct endpoint endpoint;
    struct error error = {""};
    ck_assert_int_eq(endpoint_parse(&endpoint, wrong[_i].text, &error), -1);
    ck_assert_msg(strstr(error.text, wrong[_i].says), "\"%s\" says: %s", wrong[_i].text, error.text);
}
END_TEST

static struct addr addr_of(const char *text) {
    struct endpoint endpoint;
    struct error error = {""};
    struct addr addr;
    ck_assert_msg(endpoint_parse(&endpoint, text, &error) == 0, "%s", error.text);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

START_TEST(the_zone_of_another_machine_is_read_and_found_missing_only_here) {
    struct endpoint endpoint;
    struct error error = {""};
    struct addr addr;
    char text[ADDR_TEXT];
    ck_assert_msg(endpoint_parse(&endpoint, "[fe80::1%nosuchif]:80", &error) == 0, "%s", error.text);
    ck_assert_str_eq(endpoint_format(&endpoint, text, sizeof text), "[fe80::1%nosuchif]:80");
    ck_assert_str_eq(endpoint_missing_zone(&endpoint), "nosuchif");
    ck_assert(!addr_from_endpoint(&addr, &endpoint));
    ck_assert_int_eq(endpoint_parse(&endpoint, "[fe80::1%1]:80", &error), 0);
    ck_assert_ptr_null(endpoint_missing_zone(&endpoint));
    ck_assert_int_eq(endpoint_parse(&endpoint, "unix:/run/100%x", &error), 0);
    ck_assert_ptr_null(endpoint_missing_zone(&endpoint));
}
END_TEST

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

/* A thousand neighbours on eight agents: none gets less than half its share. */
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
    }
}
END_TEST

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

START_TEST(every_address_is_two_to_listen_on) {
    struct endpoint every, one, name;
    struct addr list[2];
    char text[ADDR_TEXT];
    ck_assert_int_eq(endpoint_parse(&every, ":80", NULL) || endpoint_parse(&one, "[::1]:80", NULL), 0);
    ck_assert_int_eq(endpoint_parse(&name, "localhost:80", NULL), 0);
    ck_assert_int_eq(addr_listen_list(list, &every), 2);
    ck_assert_str_eq(addr_format(&list[0], text, sizeof text), "0.0.0.0:80");
    ck_assert_str_eq(addr_format(&list[1], text, sizeof text), "[::]:80");
    ck_assert_int_eq(addr_listen_list(list, &one), 1);
    ck_assert_str_eq(addr_format(&list[0], text, sizeof text), "[::1]:80");
    ck_assert_int_eq(addr_listen_list(list, &name), 0);
}
END_TEST

static TCase *endpoints(void) {
    TCase *group = tcase_create("endpoints");
    tcase_add_loop_test(group, right_endpoints_are_taken_apart_and_written_back, 0, sizeof right / sizeof *right);
    tcase_add_loop_test(group, wrong_endpoints_are_refused_in_words, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(group, every_address_is_two_to_listen_on);
    return group;
}

static TCase *addresses(void) {
    TCase *group = tcase_create("addresses");
    tcase_add_loop_test(group, addresses_are_written_as_they_were_read, 0, sizeof written / sizeof *written);
    tcase_add_test(group, the_zone_of_another_machine_is_read_and_found_missing_only_here);
    tcase_add_test(group, hosts_are_written_without_port_or_brackets);
    tcase_add_test(group, a_small_buffer_is_not_overrun);
    tcase_add_test(group, an_unnamed_unix_peer_has_a_text);
    tcase_add_test(group, same_hosts_are_equal_and_hash_alike);
    tcase_add_test(group, the_loopback_is_known_in_every_spelling);
    tcase_add_test(group, neighbours_spread);
    return group;
}

UNIT_MAIN("lib/addr", endpoints, addresses)
