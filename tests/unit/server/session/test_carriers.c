/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_carriers: how many data links of each kind a session may have, and how many its agent is asked for.
 */
#include "config.h"

#include "server/session/carriers.h"
#include "unit.h"

enum { NOW = 1000000000, EXPIRED = NOW + CARRIERS_EXPIRE_MS * 1000, THREADS = 2 };

static const struct carrier_role shared = {1, 0, false}, exclusive = {1, 0, true}, of_other = {1, 1, false};

static void begin(struct carriers *carriers) {
    ck_assert(carriers_init(carriers, THREADS));
}

static void bring(struct carriers *carriers, const struct carrier_role *role, unsigned count) {
    while (count--) {
        ck_assert(carriers_has_room(carriers, role));
        carriers_accepted(carriers, role);
        carriers_added(carriers, role);
    }
}

START_TEST(each_kind_of_each_thread_has_a_limit_of_its_own) {
    struct carriers carriers;

    begin(&carriers);
    bring(&carriers, &shared, CARRIERS_SHARED_MAX + 1); /* the plane closes one of them */
    ck_assert(!carriers_has_room(&carriers, &shared));
    bring(&carriers, &exclusive, CARRIERS_EXCLUSIVE_MAX);
    ck_assert(!carriers_has_room(&carriers, &exclusive));
    bring(&carriers, &of_other, 1);
    ck_assert_uint_eq(carriers.count, CARRIERS_SHARED_MAX + CARRIERS_EXCLUSIVE_MAX + 2);
    ck_assert_uint_eq(carriers_count(&carriers, false), CARRIERS_SHARED_MAX + 2);
    ck_assert_uint_eq(carriers_count(&carriers, true), CARRIERS_EXCLUSIVE_MAX);
    carriers_removed(&carriers, &shared);
    ck_assert(carriers_has_room(&carriers, &shared));
    carriers_done(&carriers);
}
END_TEST

START_TEST(accepted_link_counts_until_it_is_gone_or_has_failed) {
    struct carriers carriers;

    begin(&carriers);
    for (int i = 0; i < CARRIERS_SHARED_MAX + 1; i++)
        carriers_accepted(&carriers, &shared);
    ck_assert_uint_eq(carriers.count, 0);
    ck_assert(!carriers_has_room(&carriers, &shared));
    carriers_added(&carriers, &shared);
    ck_assert(!carriers_has_room(&carriers, &shared)); /* the other four are still to come */
    carriers_accept_failed(&carriers, &shared);
    ck_assert(carriers_has_room(&carriers, &shared));
    ck_assert_uint_eq(carriers.count, 1);
    carriers_accepted(&carriers, &shared);
    carriers_removed(&carriers, &shared);
    ck_assert(carriers_has_room(&carriers, &shared));
    carriers_done(&carriers);
}
END_TEST

START_TEST(thread_is_ready_while_it_has_a_shared_link) {
    struct carriers carriers;

    begin(&carriers);
    bring(&carriers, &exclusive, 1);
    ck_assert_uint_eq(carriers.ready, 0);
    bring(&carriers, &shared, 2);
    ck_assert_uint_eq(carriers.ready, 1);
    bring(&carriers, &of_other, 1);
    ck_assert_uint_eq(carriers.ready, 2);
    carriers_removed(&carriers, &shared);
    ck_assert_uint_eq(carriers.ready, 2);
    carriers_removed(&carriers, &shared);
    ck_assert_uint_eq(carriers.ready, 1);
    ck_assert_uint_eq(carriers_take_thread(&carriers), 1);
    carriers_done(&carriers);
}
END_TEST

START_TEST(agent_is_asked_once_for_what_is_wanted) {
    struct carriers carriers;

    begin(&carriers);
    ck_assert_uint_eq(carriers_ask(&carriers, &exclusive, 3, NOW), 3);
    ck_assert_uint_eq(carriers_ask(&carriers, &exclusive, 3, NOW), 0);
    ck_assert_uint_eq(carriers_ask(&carriers, &exclusive, 5, NOW), 2); /* two more */
    carriers_accepted(&carriers, &exclusive);
    ck_assert_uint_eq(carriers_ask(&carriers, &exclusive, 4, NOW), 0); /* one has come, four are on their way */
    ck_assert_uint_eq(carriers_ask(&carriers, &exclusive, 4, EXPIRED), 4);
    ck_assert_uint_eq(carriers_ask(&carriers, &shared, 1, NOW), 1); /* another kind */
    carriers_done(&carriers);
}
END_TEST

START_TEST(agent_is_never_asked_for_more_than_it_may_have) {
    struct carriers carriers;

    begin(&carriers);
    bring(&carriers, &exclusive, CARRIERS_EXCLUSIVE_MAX - 2);
    ck_assert_uint_eq(carriers_ask(&carriers, &exclusive, 10, NOW), 2);
    ck_assert_uint_eq(carriers_ask(&carriers, &exclusive, 10, NOW), 0);
    bring(&carriers, &exclusive, 2);
    ck_assert_uint_eq(carriers_ask(&carriers, &exclusive, 1, EXPIRED), 0);
    carriers_done(&carriers);
}
END_TEST

START_TEST(one_link_for_each_thread_and_those_asked_for_are_expected) {
    struct carriers carriers;

    begin(&carriers);
    ck_assert_uint_eq(carriers_expected(&carriers, NOW), THREADS);
    carriers_accepted(&carriers, &shared);
    ck_assert_uint_eq(carriers_expected(&carriers, NOW), THREADS - 1);
    ck_assert_uint_eq(carriers_ask(&carriers, &exclusive, 3, NOW), 3);
    ck_assert_uint_eq(carriers_ask(&carriers, &of_other, 1, NOW), 1); /* the one that it dials anyway */
    ck_assert_uint_eq(carriers_expected(&carriers, NOW), THREADS - 1 + 3);
    ck_assert_uint_eq(carriers_expected(&carriers, EXPIRED), THREADS - 1);
    carriers_accept_failed(&carriers, &shared); /* it is dialled again */
    ck_assert_uint_eq(carriers_expected(&carriers, EXPIRED), THREADS);
    carriers_done(&carriers);
}
END_TEST

START_TEST(number_of_all_links_has_a_limit) {
    struct link_count links = {.limit = 2};

    ck_assert_uint_eq(link_count_room(&links), 2);
    link_count_accepted(&links);
    link_count_accepted(&links);
    ck_assert_uint_eq(link_count_room(&links), 0);
    link_count_gone(&links);
    ck_assert_uint_eq(link_count_room(&links), 1);
    links.limit = 0;
    ck_assert_uint_eq(link_count_room(&links), 0);
}
END_TEST

static TCase *carriers_cases(void) {
    TCase *group = tcase_create("carriers");

    tcase_add_test(group, each_kind_of_each_thread_has_a_limit_of_its_own);
    tcase_add_test(group, accepted_link_counts_until_it_is_gone_or_has_failed);
    tcase_add_test(group, thread_is_ready_while_it_has_a_shared_link);
    tcase_add_test(group, agent_is_asked_once_for_what_is_wanted);
    tcase_add_test(group, agent_is_never_asked_for_more_than_it_may_have);
    tcase_add_test(group, one_link_for_each_thread_and_those_asked_for_are_expected);
    tcase_add_test(group, number_of_all_links_has_a_limit);
    return group;
}

UNIT_MAIN("server/session/carriers", carriers_cases)
