/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_command_line: the system takes apart what was put together, whatever the arguments hold.
 */
#include "config.h"

#include "lib/os/command_line.h"

#include "lib/base/wide.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <shellapi.h>

static const char *const arguments[] = {"C:\\Program Files\\Munnel\\munnel-agent.exe",
                                        "--service",
                                        "",
                                        "a b",
                                        "C:\\folder\\",
                                        "C:\\a folder\\",
                                        "C:\\a folder\\\\",
                                        "say \"hello\"",
                                        "\"",
                                        "\\\"",
                                        "one\\\\\"two three\\\\\\",
                                        "tab\there",
                                        "gr\xc3\xbc\xc3\x9f dich",
                                        "ssh :2222 localhost:22",
                                        NULL};
enum { ARGUMENTS = sizeof arguments / sizeof *arguments - 1 };

START_TEST(each_argument_comes_back_as_it_was) {
    char *line = command_line_of(arguments);
    ck_assert_ptr_nonnull(line);
    wchar_t *wide = wide_of(line);
    ck_assert_ptr_nonnull(wide);
    int count = 0;
    wchar_t **found = CommandLineToArgvW(wide, &count);
    ck_assert_ptr_nonnull(found);
    ck_assert_int_eq(count, ARGUMENTS);
    for (int i = 0; i < count; i++) {
        char *argument = wide_to_utf8(found[i]);
        ck_assert_str_eq(argument, arguments[i]);
        free(argument);
    }
    LocalFree(found);
    free(wide);
    free(line);
}
END_TEST

START_TEST(what_needs_no_quotes_has_none) {
    static const char *const plain[] = {"munneld.exe", "--config", "C:\\munnel.json", NULL};
    char *line = command_line_of(plain);

    ck_assert_str_eq(line, "munneld.exe --config C:\\munnel.json");
    free(line);
}
END_TEST

static TCase *quoting(void) {
    TCase *group = tcase_create("quoting");

    tcase_add_test(group, each_argument_comes_back_as_it_was);
    tcase_add_test(group, what_needs_no_quotes_has_none);
    return group;
}

UNIT_MAIN("lib/os/command_line", quoting)
