/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_error: the text of an error is set, extended and cut.
 */
#include "config.h"

#include "lib/base/error.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

START_TEST(text_is_set_and_the_result_is_failure) {
    struct error error = {""};
    ck_assert_int_eq(error_set(&error, "port %d", 80), -1);
    ck_assert_str_eq(error.text, "port 80");
    ck_assert_int_eq(error_set(NULL, "port %d", 80), -1);
}
END_TEST

START_TEST(old_text_may_be_part_of_the_new) {
    struct error error = {""};
    error_set(&error, "no such file");
    error_set(&error, "services[2].listen: %s", error.text);
    ck_assert_str_eq(error.text, "services[2].listen: no such file");
}
END_TEST

START_TEST(long_text_is_cut_and_terminated) {
    struct error error;
    char text[2 * sizeof error.text];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    error_set(&error, "%s", text);
    ck_assert_uint_eq(strlen(error.text), sizeof error.text - 1);
}
END_TEST

START_TEST(number_has_its_words) {
    ck_assert_str_eq(error_text(ECONNREFUSED), "Connection refused");
    ck_assert_str_eq(error_text(ENOENT), "No such file or directory");
    ck_assert(*error_text(-1));
}
END_TEST

START_TEST(full_disk_is_known) {
    ck_assert(error_is_disk_full(ENOSPC));
    ck_assert(!error_is_disk_full(EACCES));
}
END_TEST

static TCase *texts(void) {
    TCase *group = tcase_create("texts");
    tcase_add_test(group, text_is_set_and_the_result_is_failure);
    tcase_add_test(group, old_text_may_be_part_of_the_new);
    tcase_add_test(group, long_text_is_cut_and_terminated);
    tcase_add_test(group, number_has_its_words);
    tcase_add_test(group, full_disk_is_known);
    return group;
}

UNIT_MAIN("lib/base/error", texts)
