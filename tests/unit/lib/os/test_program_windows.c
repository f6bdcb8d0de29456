/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_program_windows: what a program finds when its work begins, and that its exit code is that of its work.
 */
#include "config.h"

#include "lib/os/program.h"

#include "lib/os/program_requests.h"
#include "unit.h"

#include <string.h>
#include <windows.h>

enum { CODE = 42, IN_GERMAN = 1252 };

static unsigned runs;

/* The arguments are those that the process was started with, and not main()'s, whose code page lacks characters. */
static int run_tool(int argc, char **argv) {
    runs++;
    ck_assert_int_eq(argc, 1);
    ck_assert_ptr_nonnull(strstr(argv[0], "test_program_windows"));
    ck_assert_ptr_null(argv[1]);
    if (GetConsoleOutputCP())
        ck_assert_uint_eq(GetConsoleOutputCP(), CP_UTF8);
    return CODE;
}

START_TEST(a_program_gets_its_arguments_and_gives_its_exit_code) {
    char other[] = "other", *arguments[] = {other, other, NULL};
    unsigned before = runs;

    ck_assert_int_eq(program_run(&(struct program){.name = "unit", .run = run_tool}, 2, arguments), CODE);
    ck_assert_uint_eq(runs, before + 1);
}
END_TEST

START_TEST(the_console_gets_its_code_page_back) {
    char name[] = "unit", *arguments[] = {name, NULL};

    if (!SetConsoleOutputCP(IN_GERMAN))
        return; /* there is no console */
    ck_assert_int_eq(program_run(&(struct program){.name = "unit", .run = run_tool}, 1, arguments), CODE);
    ck_assert_uint_eq(GetConsoleOutputCP(), IN_GERMAN);
}
END_TEST

static int run_daemon(int argc, char **argv) {
    WSADATA data;

    ck_assert_int_eq(WSAStartup(MAKEWORD(2, 2), &data), 0);
    return run_tool(argc, argv);
}

START_TEST(a_daemon_runs_without_the_service_manager) {
    char name[] = "unit", *arguments[] = {name, NULL};

    ck_assert_int_eq(program_run(&(struct program){.name = "unit", .is_daemon = true, .run = run_daemon}, 1, arguments),
                     CODE);
    ck_assert(!program_requests_take(PROGRAM_STOP));
}
END_TEST

static TCase *beginning(void) {
    TCase *group = tcase_create("beginning");

    tcase_add_test(group, a_program_gets_its_arguments_and_gives_its_exit_code);
    tcase_add_test(group, the_console_gets_its_code_page_back);
    tcase_add_test(group, a_daemon_runs_without_the_service_manager);
    return group;
}

UNIT_MAIN("lib/os/program_windows", beginning)
