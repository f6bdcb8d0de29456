/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_loop_detect: a client is known as a connection of our own by where it comes from and goes to, and only by both.
 */
#include "config.h"

#include "unit.h"

#include "relay/stream/loop_detect.h"

#include <string.h>

enum { SERVICE = 8080 };

static struct addr address(const char *text) {
    struct endpoint endpoint;
    struct addr addr;
    struct error error = {""};
    ck_assert_msg(endpoint_parse(&endpoint, text, &error) == 0, "%s", error.text);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

static struct loop_detect_entry entered(struct loop_detect *table, const char *here, uint16_t to, unsigned hops) {
    struct loop_detect_entry dial = {0};
    struct addr addr = address(here);
    loop_detect_add(table, &dial, &addr, to, hops);
    return dial;
}

static unsigned hops(const struct loop_detect *table, const char *client, uint16_t port) {
    struct addr addr = address(client);
    struct open_address from = open_address_of(&addr);
    return loop_detect_hops(table, &from, port);
}

static struct loop_detect *new_table(void) {
    struct loop_detect *table = loop_detect_new();
    ck_assert_ptr_nonnull(table);
    return table;
}

START_TEST(a_client_is_one_hop_further_than_its_connection) {
    struct loop_detect *table = new_table();
    ck_assert_uint_eq(hops(table, "10.0.0.5:40000", SERVICE), 0);
    struct loop_detect_entry first = entered(table, "10.0.0.5:40000", 8080, 0);
    struct loop_detect_entry fourth = entered(table, "10.0.0.5:40001", 8080, 3);
    ck_assert_uint_eq(hops(table, "10.0.0.5:40000", SERVICE), 1);
    ck_assert_uint_eq(hops(table, "10.0.0.5:40001", SERVICE), 4);
    loop_detect_remove(table, &first);
    ck_assert_uint_eq(hops(table, "10.0.0.5:40000", SERVICE), 0);
    ck_assert_uint_eq(hops(table, "10.0.0.5:40001", SERVICE), 4);
    loop_detect_remove(table, &fourth);
    loop_detect_remove(table, &fourth); /* once is enough, twice no harm */
    loop_detect_free(table);
}
END_TEST

/* Other programs of our host have the same ports to choose from. */
START_TEST(the_same_port_of_another_host_or_to_another_port_is_somebody_else) {
    struct loop_detect *table = new_table();
    entered(table, "10.0.0.5:40000", 8080, 2);
    ck_assert_uint_eq(hops(table, "10.0.0.6:40000", SERVICE), 0);
    ck_assert_uint_eq(hops(table, "10.0.0.5:40001", SERVICE), 0);
    ck_assert_uint_eq(hops(table, "10.0.0.5:40000", 8081), 0);
    ck_assert_uint_eq(hops(table, "10.0.0.5:40000", 0), 0);
    ck_assert_uint_eq(hops(table, "10.0.0.5:40000", SERVICE), 3);
    loop_detect_free(table);
}
END_TEST

START_TEST(ipv6_is_known_and_mapped_ipv4_is_ipv4) {
    struct loop_detect *table = new_table();
    entered(table, "[2001:db8::5]:40000", 8080, 0);
    entered(table, "[::ffff:10.0.0.5]:40001", 8080, 0);
    entered(table, "10.0.0.5:40002", 8080, 0);
    ck_assert_uint_eq(hops(table, "[2001:db8::5]:40000", SERVICE), 1);
    ck_assert_uint_eq(hops(table, "[2001:db8::6]:40000", SERVICE), 0);
    ck_assert_uint_eq(hops(table, "10.0.0.5:40001", SERVICE), 1);
    ck_assert_uint_eq(hops(table, "[::ffff:10.0.0.5]:40002", SERVICE), 1);
    loop_detect_free(table);
}
END_TEST

/* The kernel gives one local port to several connections when they lead to different places. */
START_TEST(whoever_has_lost_its_entry_does_not_take_another_s_away) {
    struct loop_detect *table = new_table();
    struct loop_detect_entry older = entered(table, "10.0.0.5:40000", 5432, 0);
    struct loop_detect_entry newer = entered(table, "10.0.0.5:40000", 8080, 1);
    loop_detect_remove(table, &older);
    ck_assert_uint_eq(hops(table, "10.0.0.5:40000", SERVICE), 2);
    loop_detect_remove(table, &newer);
    ck_assert_uint_eq(hops(table, "10.0.0.5:40000", SERVICE), 0);
    loop_detect_free(table);
}
END_TEST

START_TEST(what_is_no_tcp_address_is_nobody) {
    struct loop_detect *table = new_table();
    struct addr nowhere = {.length = 0}, path = address("unix:/run/x.sock");
    struct loop_detect_entry dial = {0};
    loop_detect_add(table, &dial, &nowhere, 8080, 0);
    loop_detect_add(table, &dial, &path, 0, 0);
    ck_assert_uint_eq(dial.mark, 0);
    entered(table, "10.0.0.5:40000", 8080, 0);
    ck_assert_uint_eq(hops(table, "unix:/a:40000", SERVICE), 0);
    loop_detect_free(table);
}
END_TEST

static TCase *entries(void) {
    TCase *group = tcase_create("entries");
    tcase_add_test(group, a_client_is_one_hop_further_than_its_connection);
    tcase_add_test(group, the_same_port_of_another_host_or_to_another_port_is_somebody_else);
    tcase_add_test(group, ipv6_is_known_and_mapped_ipv4_is_ipv4);
    tcase_add_test(group, whoever_has_lost_its_entry_does_not_take_another_s_away);
    tcase_add_test(group, what_is_no_tcp_address_is_nobody);
    return group;
}

UNIT_MAIN("relay/stream/loop_detect", entries)
