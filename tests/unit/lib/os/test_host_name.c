/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_host_name: this machine has a name, of which as much is given as fits.
 */
#include "config.h"

#include "lib/os/host_name.h"

#include "unit.h"

#include <string.h>

START_TEST(name_is_known) {
    char name[HOST_NAME_SIZE] = "not set";
    host_name(name, sizeof name);
    ck_assert_uint_gt(strlen(name), 0);
    ck_assert_str_ne(name, "not set");
}
END_TEST

START_TEST(long_name_is_cut_and_terminated) {
    char whole[HOST_NAME_SIZE], start[2] = "xx", none[1] = "x";
    host_name(whole, sizeof whole);
    host_name(start, sizeof start);
    ck_assert_uint_eq(strlen(start), 1);
    ck_assert_int_eq(start[0], whole[0]);
    host_name(none, sizeof none);
    ck_assert_str_eq(none, "");
}
END_TEST

static TCase *names(void) {
    TCase *group = tcase_create("names");
    tcase_add_test(group, name_is_known);
    tcase_add_test(group, long_name_is_cut_and_terminated);
    return group;
}

UNIT_MAIN("lib/os/host_name", names)
