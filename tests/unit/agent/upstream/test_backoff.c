/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_backoff: the waits between attempts.
 */
#include "config.h"

#include "agent/upstream/backoff.h"
#include "unit.h"

enum { NO_JITTER = 0 };

START_TEST(waits_double_up_to_the_longest) {
    struct backoff backoff = {.first_ms = 1000, .longest_ms = 5000};

    ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 1000);
    ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 2000);
    ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 4000);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 5000);
}
END_TEST

START_TEST(first_wait_is_spread_from_nothing_to_a_second) {
    struct backoff backoff = {.first_ms = 1000, .longest_ms = 5000};

    ck_assert_uint_eq(backoff_next(&backoff, UINT32_MAX), 0);
    backoff_reset(&backoff);
    ck_assert_uint_eq(backoff_next(&backoff, UINT32_MAX / 2), 500);
}
END_TEST

START_TEST(jitter_takes_away_a_quarter_and_never_adds) {
    struct backoff backoff = {.first_ms = 1000, .longest_ms = 5000, .failures = 3};

    ck_assert_uint_eq(backoff_next(&backoff, UINT32_MAX), 3750);
    for (uint32_t random = 0; random < UINT32_MAX - 0x1000000; random += 0x1000000)
        ck_assert_uint_le(backoff_next(&backoff, random), 5000);
}
END_TEST

START_TEST(success_begins_again) {
    struct backoff backoff = {.first_ms = 1000, .longest_ms = 5000, .failures = 7};

    backoff_reset(&backoff);
    ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 1000);
}
END_TEST

START_TEST(a_short_longest_bounds_the_first_too) {
    struct backoff backoff = {.first_ms = 1000, .longest_ms = 300};

    ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 300);
    ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 300);
}
END_TEST

static TCase *waits(void) {
    TCase *group = tcase_create("waits");

    tcase_add_test(group, waits_double_up_to_the_longest);
    tcase_add_test(group, first_wait_is_spread_from_nothing_to_a_second);
    tcase_add_test(group, jitter_takes_away_a_quarter_and_never_adds);
    tcase_add_test(group, success_begins_again);
    tcase_add_test(group, a_short_longest_bounds_the_first_too);
    return group;
}

UNIT_MAIN("agent/backoff", waits)
