/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_figure: numbers in columns, and times. */
#include "config.h"

#include "ctl/top/figure.h"

#include "unit.h"

#include <stdlib.h>
#include <time.h>

static char text[FIGURE_TEXT];

START_TEST(more_than_nothing_does_not_look_like_nothing) {
    ck_assert_str_eq(figure_rate(text, 0), "0");
    ck_assert_str_eq(figure_rate(text, 1), "<0.1");
    ck_assert_str_eq(figure_per_s(text, 0.04), "<0.1");
    ck_assert_str_eq(figure_per_s(text, 0.05), "0.1");
}
END_TEST

START_TEST(rates_are_mbit) {
    ck_assert_str_eq(figure_rate(text, 7650000), "61.2");
    ck_assert_str_eq(figure_rate(text, FIGURE_NONE), "-");
}
END_TEST

START_TEST(milliseconds_have_three_figures) {
    ck_assert_str_eq(figure_ms(text, 0.04), "0.0");
    ck_assert_str_eq(figure_ms(text, 33.44), "33.4");
    ck_assert_str_eq(figure_ms(text, 99.96), "100");
    ck_assert_str_eq(figure_ms(text, FIGURE_NONE), "-");
}
END_TEST

START_TEST(times_are_local_and_have_their_day_if_it_is_another) {
    json_t *object = json_pack("{s:s,s:n}", "at", "2026-11-29T10:42:17.500Z", "none");
    double at = figure_time(object, "at");

    setenv("TZ", "UTC", 1);
    tzset();
    ck_assert_double_eq(at, 1795948937.5);
    ck_assert_double_eq(figure_time(object, "none"), FIGURE_NONE);
    ck_assert_double_eq(figure_time(object, "missing"), FIGURE_NONE);
    ck_assert_str_eq(figure_clock(text, at, at + 60), "10:42:17");
    ck_assert_str_eq(figure_minute(text, at, at + 60), "10:42");
    ck_assert_str_eq(figure_minute(text, at, at + 86400), "2026-11-29 10:42");
    ck_assert_str_eq(figure_clock(text, FIGURE_NONE, at), "-");
    setenv("TZ", "UTC-9", 1);
    tzset();
    ck_assert_str_eq(figure_minute(text, at, at), "19:42");
    json_decref(object);
}
END_TEST

static TCase *figures(void) {
    TCase *group = tcase_create("figures");
    tcase_add_test(group, more_than_nothing_does_not_look_like_nothing);
    tcase_add_test(group, rates_are_mbit);
    tcase_add_test(group, milliseconds_have_three_figures);
    tcase_add_test(group, times_are_local_and_have_their_day_if_it_is_another);
    return group;
}

UNIT_MAIN("ctl/top/figure", figures)
