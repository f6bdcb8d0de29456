/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_fd_count_windows: handles are counted, those of events too. wine does not count them: there it is known only
 * that the number is given as 0, for "not known".
 */
#include "config.h"

#include "lib/os/fd_count.h"
#include "unit.h"

#include <stdbool.h>
#include <windows.h>

static bool is_wine(void) {
    return !!GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version");
}

START_TEST(each_handle_counts_once) {
    HANDLE first = CreateEventW(NULL, FALSE, FALSE, NULL); /* what the first handle of all needs is there from now on */
    int before = fd_count();
    HANDLE second = CreateEventW(NULL, FALSE, FALSE, NULL), third = CreateEventW(NULL, FALSE, FALSE, NULL);
    ck_assert(first && second && third);
    int counted = before > 0;
    ck_assert_msg(counted || is_wine(), "no handle is counted");
    ck_assert_int_eq(fd_count(), before + 2 * counted);
    CloseHandle(second);
    ck_assert_int_eq(fd_count(), before + 1 * counted);
    CloseHandle(third);
    CloseHandle(first);
    ck_assert_int_eq(fd_count(), before - 1 * counted);
}
END_TEST

static TCase *counting(void) {
    TCase *group = tcase_create("counting");
    tcase_add_test(group, each_handle_counts_once);
    return group;
}

UNIT_MAIN("lib/os/fd_count_windows", counting)
