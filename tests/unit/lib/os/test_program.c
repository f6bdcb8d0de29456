/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_program: what a program finds when its work begins, and that its exit code is that of its work.
 */
#include "config.h"

#include "lib/os/program.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum { CODE = 42 };

static bool ignores_pipe_signal(void) {
    struct sigaction action;

    ck_assert_int_eq(sigaction(SIGPIPE, NULL, &action), 0);
    return action.sa_handler == SIG_IGN;
}

static int run_daemon(int argc, char **argv) {
    ck_assert_int_eq(argc, 2);
    ck_assert_str_eq(argv[1], "--check");
    ck_assert(ignores_pipe_signal());
    return CODE;
}

static int run_tool(int argc, char **argv) {
    (void)argv;
    ck_assert_int_eq(argc, 2);
    ck_assert(!ignores_pipe_signal()); /* a tool whose reader is gone ends silently */
    ck_assert_int_ge(fcntl(STDIN_FILENO, F_GETFD), 0);
    return 0;
}

START_TEST(a_daemon_gets_its_arguments_and_survives_a_broken_pipe) {
    char name[] = "unit", option[] = "--check", *arguments[] = {name, option, NULL};

    signal(SIGPIPE, SIG_DFL);
    ck_assert_int_eq(program_run(&(struct program){.name = "unit", .is_daemon = true, .run = run_daemon}, 2, arguments),
                     CODE);
}
END_TEST

START_TEST(a_tool_has_all_standard_streams_and_ends_by_a_broken_pipe) {
    char name[] = "unit", word[] = "status", *arguments[] = {name, word, NULL};
    int input = dup(STDIN_FILENO);

    signal(SIGPIPE, SIG_DFL);
    close(STDIN_FILENO);
    ck_assert_int_eq(program_run(&(struct program){.name = "unit", .run = run_tool}, 2, arguments), 0);
    if (input >= 0)
        dup2(input, STDIN_FILENO);
}
END_TEST

static TCase *beginning(void) {
    TCase *group = tcase_create("beginning");

    tcase_add_test(group, a_daemon_gets_its_arguments_and_survives_a_broken_pipe);
    tcase_add_test(group, a_tool_has_all_standard_streams_and_ends_by_a_broken_pipe);
    return group;
}

UNIT_MAIN("lib/os/program", beginning)
