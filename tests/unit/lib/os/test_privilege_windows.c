/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_privilege_windows: what a process gives up, and that no user can be chosen. Wine takes the policies of a process
 * and does not enforce them, so that they cannot be looked at here.
 */
#include "config.h"

#include "lib/os/privilege.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

START_TEST(a_user_is_refused_and_its_absence_is_fine) {
    struct error error = {""};

    ck_assert_int_eq(privilege_check("munnel", NULL, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "\"munnel\""));
    ck_assert_ptr_nonnull(strstr(error.text, "munnel service install"));
    ck_assert_int_eq(privilege_drop("munnel", NULL, &error), -1);
    ck_assert_int_eq(privilege_give("C:/log", "munnel", NULL, &error), -1);
    ck_assert_int_eq(privilege_check(NULL, NULL, &error), 0);
    ck_assert_int_eq(privilege_drop(NULL, NULL, &error), 0);
    ck_assert_int_eq(privilege_give("C:/log", NULL, NULL, &error), 0);
}
END_TEST

/* How many privileges this process has besides the one that it keeps. */
static unsigned privileges_left(void) {
    HANDLE token;
    LUID kept;
    DWORD size = 0;
    unsigned count = 0;
    ck_assert(LookupPrivilegeValueW(NULL, L"SeChangeNotifyPrivilege", &kept));
    ck_assert(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    GetTokenInformation(token, TokenPrivileges, NULL, 0, &size);
    TOKEN_PRIVILEGES *all = malloc(size);
    ck_assert(all && GetTokenInformation(token, TokenPrivileges, all, size, &size));
    for (DWORD i = 0; i < all->PrivilegeCount; i++)
        count += all->Privileges[i].Luid.LowPart != kept.LowPart;
    free(all);
    CloseHandle(token);
    return count;
}

START_TEST(a_sealed_process_has_no_privilege_left) {
    ck_assert_uint_gt(privileges_left(), 0);
    privilege_seal();
    ck_assert_uint_eq(privileges_left(), 0);
}
END_TEST

/* It can still read its own files, and its threads can still be started. */
START_TEST(a_sealed_process_works_on) {
    privilege_seal();
    char *text = unit_read(unit_text_file("file", "text"), NULL);
    ck_assert_str_eq(text, "text");
    free(text);
}
END_TEST

static TCase *giving_up(void) {
    TCase *group = tcase_create("giving_up");

    tcase_add_test(group, a_user_is_refused_and_its_absence_is_fine);
    tcase_add_test(group, a_sealed_process_has_no_privilege_left);
    tcase_add_test(group, a_sealed_process_works_on);
    return group;
}

UNIT_MAIN("lib/os/privilege_windows", giving_up)
