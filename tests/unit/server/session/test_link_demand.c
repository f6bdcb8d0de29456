/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_link_demand: the busiest second counts for ten minutes.
 */
#include "config.h"

#include "server/session/link_demand.h"
#include "unit.h"

START_TEST(demand_remembers_the_busiest_second_for_ten_minutes) {
    struct link_demand demand = {0};
    uint64_t second = 1000000, start = 1000 * second;

    for (int i = 0; i < 30; i++)
        link_demand_note(&demand, start + 10);
    for (int i = 0; i < 20; i++)
        link_demand_note(&demand, start + second); /* another second, not one of fifty */
    ck_assert_uint_eq(link_demand_peak(&demand, start + second), 30);
    ck_assert_uint_eq(link_demand_peak(&demand, start + 9 * 60 * second), 30);
    for (uint64_t minute = 1; minute < 11; minute++)
        link_demand_note(&demand, start + minute * 60 * second);
    ck_assert_uint_eq(link_demand_peak(&demand, start + 10 * 60 * second), 1);
    ck_assert_uint_eq(link_demand_peak(&demand, start + 100 * 60 * second), 0);
}
END_TEST

START_TEST(idle_minutes_keep_no_stale_bucket) {
    struct link_demand demand = {0};
    const uint64_t minute = 60 * 1000000ull, start = 1000 * minute;

    for (int i = 0; i < 5; i++)
        link_demand_note(&demand, start);
    link_demand_note(&demand, start + 3 * minute);
    ck_assert_uint_eq(link_demand_peak(&demand, start + 9 * minute), 5);
    ck_assert_uint_eq(link_demand_peak(&demand, start + 10 * minute), 1); /* the minute of the five is reused */
    ck_assert_uint_eq(link_demand_peak(&demand, start + 13 * minute), 0);
}
END_TEST

static TCase *link_demand_cases(void) {
    TCase *group = tcase_create("link_demand");

    tcase_add_test(group, demand_remembers_the_busiest_second_for_ten_minutes);
    tcase_add_test(group, idle_minutes_keep_no_stale_bucket);
    return group;
}

UNIT_MAIN("server/session/link_demand", link_demand_cases)
