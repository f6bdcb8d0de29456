/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_answer: members of an answer, and those that an older server does not have.
 */
#include "config.h"

#include "ctl/answer.h"
#include "unit.h"

#include <stdlib.h>

static json_t *json;

static void set_up(void) {
    json = json_pack("{s:{s:i,s:n}, s:s, s:[s,s], s:[], s:{s:f}, s:f}", "relays", "now", 3, "peak", "state", "ok",
                     "listen", ":1", ":2", "none", "in_rate", "s10", 2.5, "out_rate", 4.0);
    ck_assert_ptr_nonnull(json);
}

static void tear_down(void) {
    json_decref(json);
}

START_TEST(members_are_found_by_dotted_names) {
    ck_assert_double_eq(answer_number(json, "relays.now"), 3);
    ck_assert_ptr_null(answer_at(json, "relays.peak"));
    ck_assert_ptr_null(answer_at(json, "relays.now.more"));
    ck_assert_ptr_null(answer_at(NULL, "relays"));
    ck_assert_str_eq(answer_text(json, "state", "x"), "ok");
    ck_assert(answer_is(json, "state", "ok"));
}
END_TEST

START_TEST(what_is_missing_or_of_another_type_is_none) {
    ck_assert_double_eq(answer_number(json, "state"), -1);
    ck_assert_double_eq(answer_number(json, "missing"), -1);
    ck_assert_double_eq(answer_number(json, "relays.peak"), -1);
    ck_assert_str_eq(answer_text(json, "relays.now", "x"), "x");
    ck_assert(!answer_is(json, "missing", "ok"));
}
END_TEST

START_TEST(rates_are_numbers_or_means) {
    ck_assert_double_eq(answer_rate(json, "in_rate"), 2.5);
    ck_assert_double_eq(answer_rate(json, "out_rate"), 4);
    ck_assert_double_eq(answer_rate(json, "state"), -1);
}
END_TEST

START_TEST(lists_are_joined) {
    char *listen = answer_list(json, "listen"), *none = answer_list(json, "none"), *missing = answer_list(json, "x");

    ck_assert_str_eq(listen, ":1, :2");
    ck_assert_str_eq(none, "");
    ck_assert_str_eq(missing, "");
    free(listen);
    free(none);
    free(missing);
}
END_TEST

static TCase *answers(void) {
    TCase *group = tcase_create("answers");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, members_are_found_by_dotted_names);
    tcase_add_test(group, what_is_missing_or_of_another_type_is_none);
    tcase_add_test(group, rates_are_numbers_or_means);
    tcase_add_test(group, lists_are_joined);
    return group;
}

UNIT_MAIN("ctl/answer", answers)
