/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_thread_windows: a thread's name is what debuggers and Process Explorer show.
 */
#include "config.h"

#include "lib/os/thread.h"

#include "lib/base/wide.h"
#include "unit.h"

#include <stdlib.h>
#include <windows.h>

/* mingw-w64 10 has it in its libraries, but not in its headers. */
WINBASEAPI HRESULT WINAPI GetThreadDescription(HANDLE thread, PWSTR *description);

START_TEST(a_name_is_the_threads_description) {
    wchar_t *description = NULL;
    thread_set_name(pthread_self(), "relay-1");
    ck_assert_int_ge(GetThreadDescription(GetCurrentThread(), &description), 0);
    char *name = wide_to_utf8(description);
    ck_assert_str_eq(name, "relay-1");
    free(name);
    LocalFree(description);
}
END_TEST

static TCase *names(void) {
    TCase *group = tcase_create("names");
    tcase_add_test(group, a_name_is_the_threads_description);
    return group;
}

UNIT_MAIN("lib/os/thread_windows", names)
