/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_system_errno: failures of Windows' calls as other systems number them.
 */
#include "config.h"

#include "lib/base/system_errno.h"
#include "unit.h"

#include <errno.h>
#include <windows.h>

START_TEST(a_failure_has_an_errno_and_stays_as_it_was) {
    static const struct {
        DWORD failure;
        int number;
    } cases[] = {{ERROR_FILE_NOT_FOUND, ENOENT}, {ERROR_PATH_NOT_FOUND, ENOENT}, {ERROR_ALREADY_EXISTS, EEXIST},
                 {ERROR_ACCESS_DENIED, EACCES},  {ERROR_DISK_FULL, ENOSPC},      {ERROR_SHARING_VIOLATION, EBUSY},
                 {ERROR_BAD_EXE_FORMAT, EIO}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SetLastError(cases[i].failure);
        int result = system_errno_set(), number = errno;
        DWORD failure = GetLastError();
        ck_assert_int_eq(result, -1);
        ck_assert_int_eq(number, cases[i].number);
        ck_assert_uint_eq(failure, cases[i].failure);
    }
}
END_TEST

static TCase *numbers(void) {
    TCase *group = tcase_create("numbers");
    tcase_add_test(group, a_failure_has_an_errno_and_stays_as_it_was);
    return group;
}

UNIT_MAIN("lib/base/system_errno", numbers)
