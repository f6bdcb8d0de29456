/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_history: what was added comes back at its second and in its minute, with gaps where nothing was.
 */
#include "config.h"

#include "server/history.h"
#include "unit.h"

#include <string.h>

enum { START = 6000, DAY = 24 * 60 * 60 };

static struct history *history;
static int64_t values[HISTORY_MINUTES];
static uint64_t until;

static void add(uint64_t second, uint64_t in, uint64_t relays) {
    uint64_t of[HISTORY_SERVICE_SERIES] = {[HISTORY_IN] = in, [HISTORY_RELAYS] = relays};

    history_add(history, second, of);
}

static void seconds(enum history_series series, size_t count) {
    history_seconds(history, series, values, count, &until);
}

static void minutes(enum history_series series, size_t count) {
    history_minutes(history, series, values, count, &until);
}

static void begin(void) {
    history = history_new(HISTORY_SERVICE_SERIES);
    ck_assert_ptr_nonnull(history);
}

/* ---- seconds ---- */

START_TEST(an_empty_one_has_gaps_alone) {
    begin();
    seconds(HISTORY_IN, 3);
    ck_assert_uint_eq(until, 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(values[i], HISTORY_GAP);
    minutes(HISTORY_IN, HISTORY_MINUTES);
    ck_assert_int_eq(values[HISTORY_MINUTES - 1], HISTORY_GAP);
    ck_assert(history_rate(history, HISTORY_IN, 10) == 0);
    ck_assert_uint_eq(history_peak(history, HISTORY_RELAYS), 0);
    history_free(history);
}
END_TEST

START_TEST(values_come_back_oldest_first) {
    begin();
    for (unsigned i = 0; i < 5; i++)
        add(START + i, i, 10 * i);
    seconds(HISTORY_RELAYS, 3);
    ck_assert_uint_eq(until, START + 4);
    ck_assert_int_eq(values[0], 20);
    ck_assert_int_eq(values[2], 40);
    seconds(HISTORY_IN, 7);
    ck_assert_int_eq(values[0], HISTORY_GAP);
    ck_assert_int_eq(values[1], HISTORY_GAP);
    ck_assert_int_eq(values[2], 0);
    ck_assert_int_eq(values[6], 4);
    history_free(history);
}
END_TEST

START_TEST(seconds_that_are_left_out_are_gaps) {
    begin();
    add(START, 1, 1);
    add(START + 3, 2, 2);
    seconds(HISTORY_IN, 4);
    ck_assert_int_eq(values[0], 1);
    ck_assert_int_eq(values[1], HISTORY_GAP);
    ck_assert_int_eq(values[2], HISTORY_GAP);
    ck_assert_int_eq(values[3], 2);
    history_free(history);
}
END_TEST

START_TEST(what_is_too_old_does_not_come_back_as_new) {
    begin();
    for (unsigned i = 0; i < HISTORY_SECONDS; i++)
        add(START + i, 7, 7);
    add(START + 2 * HISTORY_SECONDS, 1, 1);
    seconds(HISTORY_IN, HISTORY_SECONDS);
    for (int i = 0; i < HISTORY_SECONDS - 1; i++)
        ck_assert_int_eq(values[i], HISTORY_GAP);
    ck_assert_int_eq(values[HISTORY_SECONDS - 1], 1);
    add(START + 3 * DAY, 2, 2);
    minutes(HISTORY_IN, HISTORY_MINUTES);
    for (int i = 0; i < HISTORY_MINUTES - 1; i++)
        ck_assert_int_eq(values[i], HISTORY_GAP);
    ck_assert_int_eq(values[HISTORY_MINUTES - 1], 2);
    history_free(history);
}
END_TEST

START_TEST(a_second_that_is_over_is_not_changed) {
    begin();
    add(START + 1, 5, 5);
    add(START + 1, 9, 9);
    add(START, 9, 9);
    add(0, 9, 9);
    seconds(HISTORY_IN, 2);
    ck_assert_int_eq(values[0], HISTORY_GAP);
    ck_assert_int_eq(values[1], 5);
    history_free(history);
}
END_TEST

static TCase *by_seconds(void) {
    TCase *group = tcase_create("seconds");

    tcase_add_test(group, an_empty_one_has_gaps_alone);
    tcase_add_test(group, values_come_back_oldest_first);
    tcase_add_test(group, seconds_that_are_left_out_are_gaps);
    tcase_add_test(group, what_is_too_old_does_not_come_back_as_new);
    tcase_add_test(group, a_second_that_is_over_is_not_changed);
    return group;
}

/* ---- minutes ---- */

START_TEST(a_minute_is_the_sum_or_the_most_of_its_seconds) {
    begin();
    for (unsigned i = 0; i < 90; i++)
        add(START + i, 2, i % 60);
    minutes(HISTORY_IN, 2);
    ck_assert_uint_eq(until, START / 60 + 1);
    ck_assert_int_eq(values[0], 120);
    ck_assert_int_eq(values[1], 60);
    minutes(HISTORY_RELAYS, 2);
    ck_assert_int_eq(values[0], 59);
    ck_assert_int_eq(values[1], 29);
    ck_assert_uint_eq(history_peak(history, HISTORY_RELAYS), 59);
    history_free(history);
}
END_TEST

START_TEST(the_newest_minute_has_the_seconds_that_are_over) {
    begin();
    ck_assert_uint_eq(history_newest_minute_s(history), 1);
    add(START + 50, 1, 1);
    ck_assert_uint_eq(history_newest_minute_s(history), 1); /* the first one of all */
    add(START + 59, 1, 1);
    ck_assert_uint_eq(history_newest_minute_s(history), 10);
    add(START + 60, 1, 1);
    ck_assert_uint_eq(history_newest_minute_s(history), 1);
    add(START + 119, 1, 1);
    ck_assert_uint_eq(history_newest_minute_s(history), 60);
    history_free(history);
}
END_TEST

START_TEST(a_day_is_kept_and_no_more) {
    begin();
    for (unsigned i = 0; i < HISTORY_MINUTES + 10; i++)
        add(START + 60 * i, 1, i < 5 ? 1000 : 1);
    minutes(HISTORY_IN, HISTORY_MINUTES);
    for (int i = 0; i < HISTORY_MINUTES; i++)
        ck_assert_int_eq(values[i], 1);
    ck_assert_uint_eq(history_peak(history, HISTORY_RELAYS), 1); /* that of the first five minutes is forgotten */
    history_free(history);
}
END_TEST

START_TEST(large_values_stop_at_the_most) {
    begin();
    add(START, UINT64_MAX, 1);
    add(START + 1, UINT64_MAX, 1);
    seconds(HISTORY_IN, 1);
    ck_assert_int_eq(values[0], UINT32_MAX - 1);
    minutes(HISTORY_IN, 1);
    ck_assert_int_eq(values[0], UINT32_MAX - 1);
    history_free(history);
}
END_TEST

static TCase *by_minutes(void) {
    TCase *group = tcase_create("minutes");

    tcase_add_test(group, a_minute_is_the_sum_or_the_most_of_its_seconds);
    tcase_add_test(group, the_newest_minute_has_the_seconds_that_are_over);
    tcase_add_test(group, a_day_is_kept_and_no_more);
    tcase_add_test(group, large_values_stop_at_the_most);
    return group;
}

/* ---- rates ---- */

START_TEST(rates_are_means_of_what_is_known) {
    begin();
    for (unsigned i = 0; i < 20; i++)
        add(START + i, i < 10 ? 0 : 6, 0);
    ck_assert(history_rate(history, HISTORY_IN, 1) == 6);
    ck_assert(history_rate(history, HISTORY_IN, 10) == 6);
    ck_assert(history_rate(history, HISTORY_IN, 60) == 3); /* of 20 seconds */
    add(START + 25, 12, 0);
    ck_assert(history_rate(history, HISTORY_IN, 10) == (4 * 6 + 12) / 5.0);
    history_free(history);
}
END_TEST

START_TEST(a_service_has_no_series_of_the_server) {
    begin();
    add(START, 1, 1);
    seconds(HISTORY_LAG, 1);
    ck_assert_int_eq(values[0], HISTORY_GAP);
    history_free(history);
}
END_TEST

static TCase *rates(void) {
    TCase *group = tcase_create("rates");

    tcase_add_test(group, rates_are_means_of_what_is_known);
    tcase_add_test(group, a_service_has_no_series_of_the_server);
    return group;
}

UNIT_MAIN("server/history", by_seconds, by_minutes, rates)
