/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_local_name_windows: which names of pipes are refused, and with what form instead.
 */
#include "config.h"

#include "lib/net/local_name.h"
#include "unit.h"

#include <string.h>

START_TEST(a_pipe_of_this_machine_is_right) {
    struct error error = {{0}};
    ck_assert_int_eq(local_name_check("\\\\.\\pipe\\munneld", &error), 0);
    ck_assert_int_eq(local_name_check("\\\\.\\PIPE\\munneld", &error), 0);
}
END_TEST

static const char *const slips[] = {
    "munneld",          "/run/munnel/munneld.sock", "C:\\munneld.sock",        "\\\\.\\pipe\\",
    "\\\\.\\pipe\\a/b", "\\\\.\\pipe\\a\\b",        "\\\\web1\\pipe\\munneld",
};
enum { SLIPS = sizeof slips / sizeof *slips };

START_TEST(what_is_no_pipe_is_answered_with_the_form) {
    struct error error = {{0}};
    ck_assert_int_eq(local_name_check(slips[_i], &error), -1);
    ck_assert_ptr_nonnull(
        strstr(error.text, "\" is no pipe's name; write \\\\.\\pipe\\NAME, in JSON with each \\ twice"));
}
END_TEST

START_TEST(a_name_that_is_too_long_is_refused) {
    char name[200];
    struct error error = {{0}};
    snprintf(name, sizeof name, "\\\\.\\pipe\\%0150d", 1);
    ck_assert_int_eq(local_name_check(name, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is too long: 159 bytes, at most 107"));
}
END_TEST

static TCase *names(void) {
    TCase *group = tcase_create("names");
    tcase_add_test(group, a_pipe_of_this_machine_is_right);
    tcase_add_loop_test(group, what_is_no_pipe_is_answered_with_the_form, 0, SLIPS);
    tcase_add_test(group, a_name_that_is_too_long_is_refused);
    return group;
}

UNIT_MAIN("lib/net/local_name", names)
