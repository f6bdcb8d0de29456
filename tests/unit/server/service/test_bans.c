/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_bans: whose clients are refused, by which services, and until when.
 */
#include "config.h"

#include "server/service/bans.h"
#include "unit.h"

#include <stdio.h>

#define SECOND 1000000ull

static struct addr host(const char *text) {
    struct endpoint endpoint = {.port = 0};
    struct addr addr;

    snprintf(endpoint.host, sizeof endpoint.host, "%s", text);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

static enum bans_result add(struct bans *bans, const char *address, const char *service, unsigned seconds,
                            uint64_t now_us) {
    const struct ban_order order = {
        .address = host(address), .service = service, .by = "user 0", .reason = "a reason", .seconds = seconds};
    const struct ban *ban;

    return bans_add(bans, &order, now_us, &ban);
}

static bool refuses(const struct bans *bans, const char *address, const char *service, uint64_t now_us) {
    struct addr peer = host(address);

    return bans_match(bans, &peer, service, now_us);
}

static size_t lift(struct bans *bans, const char *address, const char *service) {
    struct addr peer = host(address);

    return bans_remove(bans, &peer, service, NULL);
}

START_TEST(ban_is_of_one_address_and_of_one_service_or_each) {
    struct bans *bans = bans_new();

    ck_assert(!refuses(bans, "192.0.2.1", "ssh", 0));
    ck_assert_int_eq(add(bans, "192.0.2.1", "ssh", 60, 0), BANS_ADDED);
    ck_assert(refuses(bans, "192.0.2.1", "ssh", 0));
    ck_assert(refuses(bans, "::ffff:192.0.2.1", "ssh", 0)); /* how a listener on [::] sees it */
    ck_assert(!refuses(bans, "192.0.2.1", "web", 0));
    ck_assert(!refuses(bans, "192.0.2.1", "ss", 0));
    ck_assert(!refuses(bans, "192.0.2.2", "ssh", 0));
    ck_assert_int_eq(add(bans, "192.0.2.2", NULL, 60, 0), BANS_ADDED);
    ck_assert(refuses(bans, "192.0.2.2", "ssh", 0) && refuses(bans, "192.0.2.2", "web", 0));
    bans_free(bans);
}
END_TEST

START_TEST(ipv6_address_stands_for_its_network) {
    struct bans *bans = bans_new();

    ck_assert_int_eq(add(bans, "2001:db8::7", NULL, 60, 0), BANS_ADDED);
    ck_assert_str_eq(bans_first(bans)->address, "2001:db8::");
    ck_assert(refuses(bans, "2001:db8::ffff:1:2:3", "ssh", 0));
    ck_assert(!refuses(bans, "2001:db8:0:1::7", "ssh", 0));
    ck_assert_uint_eq(lift(bans, "2001:db8::8", NULL), 1);
    ck_assert(!refuses(bans, "2001:db8::7", "ssh", 0));
    bans_free(bans);
}
END_TEST

START_TEST(unix_socket_has_no_address_that_can_be_banned) {
    struct bans *bans = bans_new();
    struct endpoint endpoint = {.host = "/tmp/x", .is_unix = true};
    struct addr local;

    ck_assert(addr_from_endpoint(&local, &endpoint));
    add(bans, "192.0.2.1", NULL, 60, 0);
    ck_assert(!bans_match(bans, &local, "ssh", 0));
    ck_assert_uint_eq(bans_remove(bans, &local, NULL, NULL), 0);
    bans_free(bans);
}
END_TEST

START_TEST(ban_ends_and_its_room_comes_back) {
    struct bans *bans = bans_new();

    add(bans, "192.0.2.1", "ssh", 10, 0);
    add(bans, "192.0.2.2", "ssh", 20, 0);
    ck_assert(refuses(bans, "192.0.2.1", "ssh", 10 * SECOND - 1));
    ck_assert(!refuses(bans, "192.0.2.1", "ssh", 10 * SECOND)); /* before the tick has come */
    bans_tick(bans, 10 * SECOND);
    ck_assert_uint_eq(bans_count(bans), 1);
    ck_assert(refuses(bans, "192.0.2.2", "ssh", 10 * SECOND));
    bans_tick(bans, 20 * SECOND);
    ck_assert_uint_eq(bans_count(bans), 0);
    ck_assert_ptr_null(bans_first(bans));
    add(bans, "192.0.2.3", "ssh", 5, 30 * SECOND); /* the first one again: the next end is its own */
    bans_tick(bans, 34 * SECOND);
    ck_assert_uint_eq(bans_count(bans), 1);
    bans_tick(bans, 35 * SECOND);
    ck_assert_uint_eq(bans_count(bans), 0);
    bans_free(bans);
}
END_TEST

START_TEST(ban_once_more_takes_the_place_of_the_first) {
    struct bans *bans = bans_new();

    add(bans, "192.0.2.1", "ssh", 1000, 0);
    ck_assert_int_eq(add(bans, "192.0.2.1", "ssh", 10, SECOND), BANS_CHANGED);
    ck_assert_uint_eq(bans_count(bans), 1);
    ck_assert(!refuses(bans, "192.0.2.1", "ssh", 11 * SECOND));
    bans_free(bans);
}
END_TEST

START_TEST(lifting_is_of_one_service_or_of_all) {
    struct bans *bans = bans_new();

    add(bans, "192.0.2.1", "ssh", 60, 0);
    add(bans, "192.0.2.1", "web", 60, 0);
    add(bans, "192.0.2.1", NULL, 60, 0);
    add(bans, "192.0.2.2", "ssh", 60, 0);
    ck_assert_uint_eq(lift(bans, "192.0.2.1", "ftp"), 0);
    ck_assert_uint_eq(lift(bans, "192.0.2.1", "web"), 1);
    ck_assert(refuses(bans, "192.0.2.1", "web", 0)); /* by that of all services */
    ck_assert_uint_eq(lift(bans, "192.0.2.1", NULL), 2);
    ck_assert(!refuses(bans, "192.0.2.1", "ssh", 0));
    ck_assert(refuses(bans, "192.0.2.2", "ssh", 0));
    ck_assert_uint_eq(bans_count(bans), 1);
    bans_free(bans);
}
END_TEST

START_TEST(full_table_keeps_what_it_has) {
    struct bans *bans = bans_new();
    char address[ADDR_TEXT];

    for (unsigned i = 0; i < BANS_MOST; i++) {
        snprintf(address, sizeof address, "10.1.%u.%u", i / 256, i % 256);
        ck_assert_int_eq(add(bans, address, "ssh", i < 3 ? 10 : 60, 0), BANS_ADDED);
    }
    ck_assert_int_eq(add(bans, "192.0.2.1", "ssh", 60, 0), BANS_FULL);
    ck_assert_int_eq(add(bans, "10.1.0.9", "ssh", 90, 0), BANS_CHANGED);
    ck_assert(refuses(bans, "10.1.255.255", "ssh", 0));
    bans_tick(bans, 10 * SECOND);
    ck_assert_uint_eq(bans_count(bans), BANS_MOST - 3);
    ck_assert_int_eq(add(bans, "192.0.2.1", "ssh", 60, 0), BANS_ADDED);
    bans_free(bans);
}
END_TEST

START_TEST(list_has_the_newest_first_with_all_texts) {
    struct bans *bans = bans_new();

    add(bans, "192.0.2.1", NULL, 60, 0);
    add(bans, "192.0.2.2", "ssh", 60, 0);
    const struct ban *ban = bans_first(bans);
    ck_assert_str_eq(ban->address, "192.0.2.2");
    ck_assert_str_eq(ban->service, "ssh");
    ck_assert_str_eq(ban->by, "user 0");
    ck_assert_str_eq(ban->reason, "a reason");
    ban = bans_after(ban);
    ck_assert_str_eq(ban->address, "192.0.2.1");
    ck_assert_ptr_null(ban->service);
    ck_assert_ptr_null(bans_after(ban));
    bans_free(bans);
}
END_TEST

static enum bans_result add_for(struct bans *bans, const char *agent, unsigned number) {
    char address[ADDR_TEXT];
    const struct ban *ban;

    snprintf(address, sizeof address, "10.%u.%u.%u", number >> 16, number >> 8 & 255, number & 255);
    const struct ban_order order = {
        .address = host(address), .service = "ssh", .agent = agent, .by = agent, .reason = "", .seconds = 60};
    return bans_add(bans, &order, 0, &ban);
}

START_TEST(agent_lifts_its_own_bans_alone) {
    struct bans *bans = bans_new();
    struct addr peer = host("10.0.0.1");

    ck_assert_int_eq(add_for(bans, "a", 1), BANS_ADDED);
    ck_assert_int_eq(add_for(bans, "b", 1), BANS_ADDED);
    ck_assert_int_eq(add_for(bans, "a", 1), BANS_CHANGED);
    ck_assert_int_eq(add(bans, "10.0.0.1", "ssh", 60, 0), BANS_ADDED);
    ck_assert_uint_eq(bans_count_of_agents(bans), 2);
    ck_assert_uint_eq(bans_remove(bans, &peer, "ssh", "c"), 0);
    ck_assert_uint_eq(bans_remove(bans, &peer, "ssh", "a"), 1);
    ck_assert(refuses(bans, "10.0.0.1", "ssh", 0));
    ck_assert_uint_eq(bans_remove(bans, &peer, NULL, NULL), 2); /* an operator lifts them all */
    ck_assert_uint_eq(bans_count_of_agents(bans), 0);
    bans_free(bans);
}
END_TEST

START_TEST(agents_leave_room_for_each_other_and_for_operators) {
    struct bans *bans = bans_new();
    char agent[16];

    for (unsigned i = 0; i < BANS_OF_AGENT_MOST; i++)
        ck_assert_int_eq(add_for(bans, "greedy", i), BANS_ADDED);
    ck_assert_int_eq(add_for(bans, "greedy", BANS_OF_AGENT_MOST), BANS_FULL);
    ck_assert_int_eq(add_for(bans, "greedy", 0), BANS_CHANGED);
    for (unsigned i = 0; i < BANS_OF_AGENTS_MOST - BANS_OF_AGENT_MOST; i++) {
        snprintf(agent, sizeof agent, "agent%u", i / 1000);
        ck_assert_int_eq(add_for(bans, agent, i), BANS_ADDED);
    }
    ck_assert_int_eq(add_for(bans, "late", 1), BANS_FULL);
    ck_assert_int_eq(add(bans, "192.0.2.1", NULL, 60, 0), BANS_ADDED);
    bans_tick(bans, 60 * SECOND);
    ck_assert_int_eq(add_for(bans, "greedy", 1), BANS_ADDED);
    ck_assert_uint_eq(bans_count_of_agents(bans), 1);
    bans_free(bans);
}
END_TEST

static TCase *table(void) {
    TCase *group = tcase_create("table");

    tcase_add_test(group, ban_is_of_one_address_and_of_one_service_or_each);
    tcase_add_test(group, ipv6_address_stands_for_its_network);
    tcase_add_test(group, unix_socket_has_no_address_that_can_be_banned);
    tcase_add_test(group, ban_ends_and_its_room_comes_back);
    tcase_add_test(group, ban_once_more_takes_the_place_of_the_first);
    tcase_add_test(group, lifting_is_of_one_service_or_of_all);
    tcase_add_test(group, full_table_keeps_what_it_has);
    tcase_add_test(group, agent_lifts_its_own_bans_alone);
    tcase_add_test(group, agents_leave_room_for_each_other_and_for_operators);
    tcase_add_test(group, list_has_the_newest_first_with_all_texts);
    return group;
}

UNIT_MAIN("server/service/bans", table)
