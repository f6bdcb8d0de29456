/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_clock: the units of the monotonic clock, and the date.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "unit.h"

START_TEST(microseconds_and_milliseconds_are_one_clock) {
    uint64_t before_us = clock_us(), ms = clock_ms(), after_us = clock_us();
    ck_assert_uint_le(before_us / 1000, ms);
    ck_assert_uint_le(ms, after_us / 1000);
}
END_TEST

START_TEST(it_is_the_systems_monotonic_clock) {
    struct timespec now;
    uint64_t before_us = clock_us();
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    uint64_t system_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    ck_assert_uint_le(before_us, system_us);
    ck_assert_uint_le(system_us, clock_us());
}
END_TEST

START_TEST(the_date_is_in_seconds_since_1970) {
    time_t before = time(NULL), now = clock_wall();
    ck_assert_int_le(before, now);
    ck_assert_int_le(now, time(NULL));
}
END_TEST

START_TEST(span_is_cut_into_seconds_and_the_rest) {
    struct timeval wait = clock_timeval(2000001);
    ck_assert_int_eq(wait.tv_sec, 2);
    ck_assert_int_eq(wait.tv_usec, 1);
    wait = clock_timeval(999999);
    ck_assert_int_eq(wait.tv_sec, 0);
    ck_assert_int_eq(wait.tv_usec, 999999);
}
END_TEST

START_TEST(span_beyond_all_measure_is_long) {
    ck_assert_int_eq(clock_timeval(UINT64_MAX).tv_sec, INT32_MAX);
}
END_TEST

static TCase *clocks(void) {
    TCase *group = tcase_create("clocks");
    tcase_add_test(group, microseconds_and_milliseconds_are_one_clock);
    tcase_add_test(group, it_is_the_systems_monotonic_clock);
    tcase_add_test(group, the_date_is_in_seconds_since_1970);
    tcase_add_test(group, span_is_cut_into_seconds_and_the_rest);
    tcase_add_test(group, span_beyond_all_measure_is_long);
    return group;
}

UNIT_MAIN("lib/base/clock", clocks)
