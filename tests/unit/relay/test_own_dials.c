/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_own_dials: a client is known as a connection of our own by where it comes from and goes to, and only by both.
 */
#include "config.h"

#include "unit.h"

#include "relay/own_dials.h"

#include <string.h>

static const uint16_t service[] = {8080};

static struct addr address(const char *text) {
    struct endpoint endpoint;
    struct addr addr;
    struct error error = {""};
    ck_assert_msg(endpoint_parse(&endpoint, text, &error) == 0, "%s", error.text);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

static struct own_dial entered(struct own_dials *table, const char *here, uint16_t to, unsigned hops) {
    struct own_dial dial = {0};
    struct addr addr = address(here);
    own_dials_enter(table, &dial, &addr, to, hops);
    return dial;
}

static struct own_dials *new_table(void) {
    struct own_dials *table = own_dials_new();
    ck_assert_ptr_nonnull(table);
    return table;
}

START_TEST(a_client_is_one_hop_further_than_its_connection) {
    struct own_dials *table = new_table();
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.5:40000", service, 1), 0);
    struct own_dial first = entered(table, "10.0.0.5:40000", 8080, 0);
    struct own_dial fourth = entered(table, "10.0.0.5:40001", 8080, 3);
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.5:40000", service, 1), 1);
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.5:40001", service, 1), 4);
    own_dials_leave(table, &first);
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.5:40000", service, 1), 0);
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.5:40001", service, 1), 4);
    own_dials_leave(table, &fourth);
    own_dials_leave(table, &fourth); /* once is enough, twice no harm */
    own_dials_free(table);
}
END_TEST

/* Whoever shares our host has the same ports to choose from. */
START_TEST(the_same_port_of_another_host_or_to_another_port_is_somebody_else) {
    static const uint16_t several[] = {1, 8081, 8080};
    struct own_dials *table = new_table();
    entered(table, "10.0.0.5:40000", 8080, 2);
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.6:40000", service, 1), 0);
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.5:40001", service, 1), 0);
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.5:40000", several, 2), 0);
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.5:40000", service, 0), 0);
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.5:40000", several, 3), 3);
    own_dials_free(table);
}
END_TEST

START_TEST(ipv6_is_known_and_mapped_ipv4_is_ipv4) {
    struct own_dials *table = new_table();
    entered(table, "[2001:db8::5]:40000", 8080, 0);
    entered(table, "[::ffff:10.0.0.5]:40001", 8080, 0);
    entered(table, "10.0.0.5:40002", 8080, 0);
    ck_assert_uint_eq(own_dials_hops(table, "[2001:db8::5]:40000", service, 1), 1);
    ck_assert_uint_eq(own_dials_hops(table, "[2001:db8::6]:40000", service, 1), 0);
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.5:40001", service, 1), 1);
    ck_assert_uint_eq(own_dials_hops(table, "[::ffff:10.0.0.5]:40002", service, 1), 1);
    own_dials_free(table);
}
END_TEST

/* The kernel gives one local port to several connections when they lead to different places. */
START_TEST(whoever_has_lost_its_entry_does_not_take_another_s_away) {
    struct own_dials *table = new_table();
    struct own_dial older = entered(table, "10.0.0.5:40000", 5432, 0);
    struct own_dial newer = entered(table, "10.0.0.5:40000", 8080, 1);
    own_dials_leave(table, &older);
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.5:40000", service, 1), 2);
    own_dials_leave(table, &newer);
    ck_assert_uint_eq(own_dials_hops(table, "10.0.0.5:40000", service, 1), 0);
    own_dials_free(table);
}
END_TEST

START_TEST(what_is_no_tcp_address_is_nobody) {
    static const char *const texts[] = {"",
                                        "unix:",
                                        "unix:/a:40000",
                                        "x",
                                        ":",
                                        "10.0.0.5:",
                                        "10.0.0.5:0",
                                        "10.0.0.5:105536",
                                        "10.0.0.5:-1",
                                        "host:40000",
                                        "10.0.0.5:40000 "};
    struct own_dials *table = new_table();
    struct addr nowhere = {.length = 0}, path = address("unix:/run/x.sock");
    struct own_dial dial = {0};
    own_dials_enter(table, &dial, &nowhere, 8080, 0);
    own_dials_enter(table, &dial, &path, 0, 0);
    ck_assert_uint_eq(dial.mark, 0);
    entered(table, "10.0.0.5:40000", 8080, 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg(own_dials_hops(table, texts[i], service, 1) == 0, "\"%s\" is taken for one of ours", texts[i]);
    own_dials_free(table);
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

UNIT_MAIN("relay/own_dials", entries)
