/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_local_name: which names are refused, and with what form instead (local_name_posix.c).
 */
#include "config.h"

#include "lib/net/local_name.h"
#include "unit.h"

#include <string.h>

START_TEST(a_path_is_right) {
    struct error error = {{0}};
    ck_assert_int_eq(local_name_check("/run/munnel/munneld.sock", &error), 0);
    ck_assert_int_eq(local_name_check("munneld.sock", &error), 0);
}
END_TEST

START_TEST(what_is_no_path_is_answered_with_the_path) {
    struct error error = {{0}};
    ck_assert_int_eq(local_name_check("unix:/run/x.sock", &error), -1);
    ck_assert_str_eq(error.text, "\"unix:/run/x.sock\" is no path; write \"/run/x.sock\"");
}
END_TEST

START_TEST(a_path_that_no_socket_can_have_is_refused) {
    char path[200];
    struct error error = {{0}};
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    ck_assert_int_eq(local_name_check(path, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "\" is too long for a socket; write a path of "));
}
END_TEST

static TCase *names(void) {
    TCase *group = tcase_create("names");
    tcase_add_test(group, a_path_is_right);
    tcase_add_test(group, what_is_no_path_is_answered_with_the_path);
    tcase_add_test(group, a_path_that_no_socket_can_have_is_refused);
    return group;
}

UNIT_MAIN("lib/net/local_name", names)
