/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_penalty_box: what failures cost a source, and that a full table keeps the trusted ones.
 */
#include "config.h"

#include "lib/net/source_key.h"
#include "server/auth/penalty_box.h"
#include "unit.h"

#define S 1000000ull

static const struct penalty_terms strangers = {.longest_s = 600, .forgotten_s = 600};

START_TEST(each_failure_costs_twice_as_much) {
    struct penalty_box *penalties = penalty_box_new(&strangers);
    uint64_t now_us = S;

    for (unsigned length = 5; length < 1000; length *= 2) {
        ck_assert_uint_eq(penalty_box_left(penalties, 7, now_us), 0);
        ck_assert_uint_eq(penalty_box_add(penalties, 7, 5, now_us), length < 600 ? length : 600);
        now_us += penalty_box_left(penalties, 7, now_us) * S;
    }
    ck_assert_uint_eq(penalty_box_left(penalties, 8, now_us), 0);
    ck_assert_uint_eq(penalty_box_add(penalties, 7, 5, now_us + 601 * S), 5); /* forgotten by then */
    penalty_box_free(penalties);
}
END_TEST

START_TEST(failures_at_once_count_as_one) {
    struct penalty_box *penalties = penalty_box_new(&strangers);

    for (int i = 0; i < 64; i++)
        penalty_box_add(penalties, 7, 5, S);
    ck_assert_uint_eq(penalty_box_left(penalties, 7, S), 5);
    ck_assert_uint_eq(penalty_box_add(penalties, 7, 5, 6 * S), 10);
    penalty_box_free(penalties);
}
END_TEST

START_TEST(blocked_sources_are_listed_until_they_are_forgiven) {
    struct penalty_box *penalties = penalty_box_new(&strangers);
    struct penalty penalty;
    size_t at = 0;

    penalty_box_add(penalties, 7, 5, S);
    penalty_box_describe(penalties, 7, "192.0.2.7", "not authenticated");
    penalty_box_trust(penalties, 8, S);
    penalty_box_describe(penalties, 9, "unknown", "not there");
    ck_assert(penalty_box_next(penalties, &at, S, &penalty));
    ck_assert_str_eq(penalty.name, "192.0.2.7");
    ck_assert_str_eq(penalty.reason, "not authenticated");
    ck_assert(penalty.failures == 1 && penalty.left_s == 5);
    ck_assert(!penalty_box_next(penalties, &at, S, &penalty));
    ck_assert(penalty_box_forgive(penalties, 7, S));
    ck_assert_uint_eq(penalty_box_left(penalties, 7, S), 0);
    ck_assert(!penalty_box_forgive(penalties, 7, S) && !penalty_box_forgive(penalties, 9, S));
    at = 0;
    ck_assert(!penalty_box_next(penalties, &at, S, &penalty));
    penalty_box_free(penalties);
}
END_TEST

START_TEST(some_failures_may_be_free) {
    static const struct penalty_terms terms = {.free = 3, .longest_s = 60, .forgotten_s = 60};
    struct penalty_box *penalties = penalty_box_new(&terms);

    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(penalty_box_add(penalties, 7, 5, S), 0);
    ck_assert_uint_eq(penalty_box_add(penalties, 7, 5, S), 5);
    ck_assert_uint_eq(penalty_box_add(penalties, 7, 5, 6 * S), 10);
    penalty_box_free(penalties);
}
END_TEST

START_TEST(failures_evict_no_trusted_source) {
    struct penalty_box *penalties = penalty_box_new(&strangers);

    penalty_box_trust(penalties, 7, S);
    for (uint64_t who = 1000; who < 1000 + 10 * PENALTY_BOX_ROOM; who++)
        penalty_box_add(penalties, who, 5, 2 * S);
    ck_assert(penalty_box_trusts(penalties, 7, 2 * S));
    ck_assert(!penalty_box_trusts(penalties, 7, (PENALTY_BOX_TRUSTED_S + 1) * S));
    unsigned blocked = 0;
    for (uint64_t who = 1000; who < 1000 + 10 * PENALTY_BOX_ROOM; who++)
        blocked += penalty_box_left(penalties, who, 2 * S) > 0;
    ck_assert_uint_eq(blocked, PENALTY_BOX_ROOM - 1);
    penalty_box_reset(penalties);
    ck_assert_uint_eq(penalty_box_left(penalties, 1000 + 10 * PENALTY_BOX_ROOM - 1, 2 * S), 0);
    ck_assert(penalty_box_trusts(penalties, 7, 2 * S));
    penalty_box_free(penalties);
}
END_TEST

static uint64_t source(const char *text) {
    struct endpoint endpoint;
    struct addr addr;
    struct error error;

    ck_assert_int_eq(endpoint_parse(&endpoint, text, &error), 0);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return source_key_of(&addr);
}

START_TEST(one_network_of_ipv6_is_one_source) {
    ck_assert(source("[2001:db8::1]:1") == source("[2001:db8::ffff:2]:2"));
    ck_assert(source("[2001:db8::1]:1") != source("[2001:db8:0:1::1]:1"));
    ck_assert(source("10.0.0.1:1") == source("10.0.0.1:2"));
    ck_assert(source("10.0.0.1:1") != source("10.0.0.2:1"));
    ck_assert(source("[::ffff:10.0.0.1]:1") == source("10.0.0.1:1"));
}
END_TEST

static TCase *penalty_box_cases(void) {
    TCase *group = tcase_create("penalties");

    tcase_add_test(group, each_failure_costs_twice_as_much);
    tcase_add_test(group, failures_at_once_count_as_one);
    tcase_add_test(group, blocked_sources_are_listed_until_they_are_forgiven);
    tcase_add_test(group, some_failures_may_be_free);
    tcase_add_test(group, failures_evict_no_trusted_source);
    tcase_add_test(group, one_network_of_ipv6_is_one_source);
    return group;
}

UNIT_MAIN("server/auth/penalty_box", penalty_box_cases)
