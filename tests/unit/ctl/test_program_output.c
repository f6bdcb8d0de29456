/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_program_output: what other programs print, and those that do not end; on Windows by child_windows.c.
 */
#include "config.h"

#include "ctl/program_output.h"
#include "lib/base/clock.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG_MS = 15000, SHORT_MS = 200 };

static char *run_shell_of(const struct program_user *user, const char *script, unsigned timeout_ms, size_t *length,
                          int *code, struct error *error) {
    char program[] = "sh", option[] = "-c", text[256], *argv[] = {program, option, text, NULL};

    snprintf(text, sizeof text, "%s", script);
    return program_output(argv, user, timeout_ms, length, code, error);
}

static char *run_shell(const char *script, unsigned timeout_ms, size_t *length, int *code, struct error *error) {
    return run_shell_of(NULL, script, timeout_ms, length, code, error);
}

START_TEST(both_outputs_and_the_exit_code_are_taken) {
    struct error error = {{0}};
    size_t length = 0;
    int code = -1;
    char *output = run_shell("echo out; echo err >&2; cat; exit 3", LONG_MS, &length, &code, &error);

    ck_assert_str_eq(output, "out\nerr\n");
    ck_assert_uint_eq(length, 8);
    ck_assert_int_eq(code, 3);
    free(output);
}
END_TEST

START_TEST(what_is_too_much_is_cut) {
    struct error error = {{0}};
    size_t length = 0;
    int code = -1;
    char *output = run_shell("head -c 6000000 /dev/zero", LONG_MS, &length, &code, &error);

    ck_assert_ptr_nonnull(output);
    ck_assert_uint_le(length, PROGRAM_OUTPUT_MOST);
    ck_assert_uint_ge(length, PROGRAM_OUTPUT_MOST - 1);
    ck_assert_int_eq(code, 0);
    free(output);
}
END_TEST

START_TEST(one_that_does_not_end_is_killed) {
    struct error error = {{0}};
    size_t length = 0;
    int code = -1;
    uint64_t begin_ms = clock_ms();

    ck_assert_ptr_null(run_shell("echo begun; exec sleep 60", SHORT_MS, &length, &code, &error));
    ck_assert_str_eq(error.text, "it has not ended in time");
    ck_assert_uint_lt(clock_ms() - begin_ms, LONG_MS);
}
END_TEST

START_TEST(one_that_is_not_there_is_named) {
    char program[] = "no-such-program", *argv[] = {program, NULL};
    struct error error = {{0}};
    size_t length = 0;
    int code = -1;

    ck_assert_ptr_null(program_output(argv, NULL, LONG_MS, &length, &code, &error));
    ck_assert_str_eq(error.text, "cannot start no-such-program: No such file or directory");
}
END_TEST

/* Its user could read the environment, too. */
START_TEST(one_of_another_user_has_that_users_rights_and_nothing_else) {
    const struct program_user user = {.user = 65534, .group = 65533};
    struct error error = {{0}};
    size_t length = 0;
    int code = -1;

    setenv("SECRET", "of-root", 1);
    char *output = run_shell_of(&user, "id -u; id -g; id -G; echo $SECRET", LONG_MS, &length, &code, &error);
    if (geteuid() == 0)
        ck_assert_str_eq(output, "65534\n65533\n65533\n\n");
    else
        ck_assert_str_eq(error.text, "cannot start sh: Operation not permitted");
    free(output);
}
END_TEST

/* In a process with a terminal: can the program open it? */
static void expect_terminal(const struct program_user *user, const char *expected) {
    struct error error = {{0}};
    size_t length = 0;
    int code = -1, status = 0, master = posix_openpt(O_RDWR | O_NOCTTY);

    ck_assert_int_ge(master, 0);
    ck_assert(grantpt(master) == 0 && unlockpt(master) == 0);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        int terminal = open(ptsname(master), O_RDWR);
        if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) != 0)
            _exit(2);
        char *output = run_shell_of(user, "if (: </dev/tty) 2>/dev/null; then echo there; else echo none; fi", LONG_MS,
                                    &length, &code, &error);
        _exit(output && strcmp(output, expected) == 0 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    close(master);
    ck_assert_int_eq(status, 0);
}

/* Other processes of its user could put words among those that root types. */
START_TEST(one_of_another_user_does_not_get_the_terminal) {
    const struct program_user user = {.user = 65534, .group = 65533};

    expect_terminal(NULL, "there\n");
    if (geteuid() == 0) /* only root may */
        expect_terminal(&user, "none\n");
}
END_TEST

static TCase *programs(void) {
    TCase *group = tcase_create("programs");
    tcase_add_test(group, both_outputs_and_the_exit_code_are_taken);
    tcase_add_test(group, what_is_too_much_is_cut);
    tcase_add_test(group, one_that_does_not_end_is_killed);
    tcase_add_test(group, one_that_is_not_there_is_named);
    tcase_add_test(group, one_of_another_user_has_that_users_rights_and_nothing_else);
    tcase_add_test(group, one_of_another_user_does_not_get_the_terminal);
    return group;
}

UNIT_MAIN("ctl/program_output", programs)
