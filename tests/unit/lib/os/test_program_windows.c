/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_program_windows: what a program finds when its work begins, that its exit code is that of its work, and what a
 * console asks of it.
 */
#include "config.h"

#include "lib/os/program.h"

#include "lib/os/program_requests.h"
#include "unit.h"

#include <string.h>
#include <windows.h>

enum { CODE = 42, IN_GERMAN = 1252, PATIENCE_MS = 30000, ENDS_PROCESS_MS = 5000, ASKS_MOST = 2 };

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

/* ---- the console ---- */

static struct asks {
    HANDLE came;
    unsigned count;
    ULONGLONG at_ms[ASKS_MOST];
} asks;

static void on_ask(void *context) {
    struct asks *asked = context;

    if (asked->count < ASKS_MOST)
        asked->at_ms[asked->count++] = GetTickCount64();
    SetEvent(asked->came);
}

/* In this process Windows begins a thread with this routine of its own, which calls the handlers. wine's server knows
 * no other event than Ctrl-C, but its library has the routine. */
static void begin_event(DWORD event) {
    union {
        FARPROC found;
        LPTHREAD_START_ROUTINE routine;
    } control = {GetProcAddress(GetModuleHandleA("kernelbase.dll"), "CtrlRoutine")};

    ck_assert_ptr_nonnull(control.found);
    HANDLE thread = CreateThread(NULL, 0, control.routine, (void *)(UINT_PTR)event, 0, NULL);
    ck_assert_ptr_nonnull(thread);
    CloseHandle(thread);
}

static int run_until_asked(int argc, char **argv) {
    (void)argc, (void)argv;
    program_requests_receive(on_ask, &asks);
    begin_event(CTRL_CLOSE_EVENT);
    ULONGLONG begun_ms = GetTickCount64();
    for (unsigned i = 0; i < ASKS_MOST; i++) {
        ck_assert_uint_eq(WaitForSingleObject(asks.came, PATIENCE_MS), WAIT_OBJECT_0);
        ck_assert(program_requests_take(PROGRAM_STOP));
    }
    program_requests_receive(NULL, NULL);
    ck_assert_uint_lt(asks.at_ms[0] - begun_ms, ENDS_PROCESS_MS / 2);
    ck_assert_uint_ge(asks.at_ms[1] - asks.at_ms[0], ENDS_PROCESS_MS / 2);
    ck_assert_uint_lt(asks.at_ms[1] - begun_ms, ENDS_PROCESS_MS);
    return CODE;
}

/* Relays may end by themselves after the first request, and are ended by the second, before Windows ends the process.
 */
START_TEST(a_console_that_is_closed_asks_twice_to_stop) {
    char name[] = "unit", *arguments[] = {name, NULL};

    asks = (struct asks){.came = CreateEventW(NULL, FALSE, FALSE, NULL)};
    ck_assert_int_eq(program_run(&(struct program){.name = "unit", .is_daemon = true, .run = run_until_asked}, 1,
                                 arguments),
                     CODE);
    CloseHandle(asks.came);
}
END_TEST

static TCase *console(void) {
    TCase *group = tcase_create("console");

    tcase_set_timeout(group, 60);
    tcase_add_test(group, a_console_that_is_closed_asks_twice_to_stop);
    return group;
}

static TCase *beginning(void) {
    TCase *group = tcase_create("beginning");

    tcase_add_test(group, a_program_gets_its_arguments_and_gives_its_exit_code);
    tcase_add_test(group, the_console_gets_its_code_page_back);
    tcase_add_test(group, a_daemon_runs_without_the_service_manager);
    return group;
}

UNIT_MAIN("lib/os/program_windows", beginning, console)
