/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_question: only a clear yes of a person at a terminal is one.
 */
#include "config.h"

#include "ctl/question.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWERED = 10, REFUSED = 11 };

/* In a process of its own, whose standard input and error are `seat`; its exit code. */
static pid_t begin(int seat) {
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct error error = {{0}};
        setsid();
        dup2(seat, STDIN_FILENO);
        dup2(seat, STDERR_FILENO);
        _exit(question_ask("Remove ssh?", &error) == 0 ? ANSWERED : REFUSED);
    }
    close(seat);
    return child;
}

static int end(pid_t child) {
    int status = 0;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int answer(const char *text) {
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    char seen[512] = "";
    size_t used = 0;

    ck_assert(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    pid_t child = begin(open(ptsname(terminal), O_RDWR | O_NOCTTY));
    while (!strstr(seen, "Remove ssh? [y/N] ")) {
        ssize_t got = read(terminal, seen + used, sizeof seen - 1 - used);
        ck_assert_msg(got > 0, "not asked: %s", seen);
        used += (size_t)got;
        seen[used] = '\0';
    }
    ck_assert_int_eq(write(terminal, text, strlen(text)), (ssize_t)strlen(text));
    int code = end(child);
    close(terminal);
    return code;
}

START_TEST(yes_is_yes_and_all_else_is_no) {
    ck_assert_int_eq(answer("y\n"), ANSWERED);
    ck_assert_int_eq(answer("YES\n"), ANSWERED);
    ck_assert_int_eq(answer("n\n"), REFUSED);
    ck_assert_int_eq(answer("\n"), REFUSED);
    ck_assert_int_eq(answer("yes please, and more than fits\n"), REFUSED);
    ck_assert_int_eq(answer("\004"), REFUSED); /* the end of input */
}
END_TEST

START_TEST(without_a_terminal_the_answer_is_no) {
    ck_assert_int_eq(end(begin(open("/dev/null", O_RDWR))), REFUSED);
}
END_TEST

static TCase *questions(void) {
    TCase *group = tcase_create("questions");
    tcase_add_test(group, yes_is_yes_and_all_else_is_no);
    tcase_add_test(group, without_a_terminal_the_answer_is_no);
    return group;
}

UNIT_MAIN("ctl/question", questions)
