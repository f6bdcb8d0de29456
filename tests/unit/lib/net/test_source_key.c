/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_source_key: which addresses count as one peer.
 */
#include "config.h"

#include "lib/net/source_key.h"
#include "unit.h"

static uint64_t key_of(const char *text) {
    struct endpoint endpoint;
    struct error error;
    struct addr addr;

    ck_assert_int_eq(endpoint_parse(&endpoint, text, &error), 0);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return source_key_of(&addr);
}

START_TEST(ipv4_address_is_one_peer_whatever_its_port) {
    ck_assert_uint_eq(key_of("192.0.2.1:1"), key_of("192.0.2.1:2"));
    ck_assert_uint_ne(key_of("192.0.2.1:1"), key_of("192.0.2.2:1"));
}
END_TEST

START_TEST(ipv6_network_of_64_bits_is_one_peer) {
    ck_assert_uint_eq(key_of("[2001:db8::1]:1"), key_of("[2001:db8::ffff:1:2:3]:2"));
    ck_assert_uint_ne(key_of("[2001:db8:0:1::1]:1"), key_of("[2001:db8:0:2::1]:1"));
}
END_TEST

/* All IPv4 addresses share their first 64 bits here. */
START_TEST(mapped_ipv4_address_is_one_peer_and_not_a_network) {
    ck_assert_uint_eq(key_of("[::ffff:192.0.2.1]:1"), key_of("192.0.2.1:1"));
    ck_assert_uint_ne(key_of("[::ffff:192.0.2.1]:1"), key_of("[::ffff:192.0.2.2]:1"));
}
END_TEST

START_TEST(source_has_the_name_of_its_host_or_network) {
    static const char *const names[][2] = {{"192.0.2.1:1", "192.0.2.1"}, {"[2001:db8::ffff:1:2:3]:2", "2001:db8::"}};
    struct endpoint endpoint;
    struct error error;
    struct addr addr;
    char text[ADDR_TEXT];

    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(endpoint_parse(&endpoint, names[i][0], &error), 0);
        ck_assert(addr_from_endpoint(&addr, &endpoint));
        ck_assert_str_eq(source_name(&addr, text, sizeof text), names[i][1]);
    }
}
END_TEST

START_TEST(bytes_are_equal_for_one_source_and_not_there_for_a_unix_socket) {
    struct endpoint mapped = {.host = "::ffff:192.0.2.1"}, plain = {.host = "192.0.2.1"};
    struct endpoint near = {.host = "2001:db8::1"}, far = {.host = "2001:db8::ffff:1"};
    struct endpoint path = {.host = "/tmp/x", .is_unix = true};
    const struct endpoint *const pairs[2][2] = {{&mapped, &plain}, {&near, &far}};
    uint8_t bytes[2][SOURCE_BYTES];
    struct addr addr;

    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 2; k++) {
            ck_assert(addr_from_endpoint(&addr, pairs[i][k]));
            ck_assert(source_bytes_of(&addr, bytes[k]));
        }
        ck_assert_mem_eq(bytes[0], bytes[1], SOURCE_BYTES);
    }
    ck_assert(!addr_from_endpoint(&addr, &path) || !source_bytes_of(&addr, bytes[0]));
}
END_TEST

START_TEST(link_local_peer_is_one_on_every_interface) {
    struct addr addr = {.storage = {.ss_family = AF_INET6}, .length = sizeof(struct sockaddr_in6)}, other;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&addr.storage;

    six->sin6_addr.s6_addr[0] = 0xfe;
    six->sin6_addr.s6_addr[1] = 0x80;
    other = addr;
    six->sin6_scope_id = 2;
    ck_assert_uint_eq(source_key_of(&addr), source_key_of(&other));
    ck_assert_uint_ne(source_key_of(&addr), 0);
}
END_TEST

static TCase *keys(void) {
    TCase *group = tcase_create("keys");

    tcase_add_test(group, ipv4_address_is_one_peer_whatever_its_port);
    tcase_add_test(group, ipv6_network_of_64_bits_is_one_peer);
    tcase_add_test(group, mapped_ipv4_address_is_one_peer_and_not_a_network);
    tcase_add_test(group, bytes_are_equal_for_one_source_and_not_there_for_a_unix_socket);
    tcase_add_test(group, link_local_peer_is_one_on_every_interface);
    tcase_add_test(group, source_has_the_name_of_its_host_or_network);
    return group;
}

UNIT_MAIN("lib/net/source_key", keys)
