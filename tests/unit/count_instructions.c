/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * count_instructions: see count_instructions.h. The child stops itself by a signal before the work and behind it;
 * between the two the parent takes one step after the other.
 */
#include "config.h"

#include "count_instructions.h"

#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WHY_NOT "a sanitizer's own steps would be counted"
#elif !defined(__linux__)
#define WHY_NOT "stepping through a child is not implemented for this system"
#endif

#ifndef WHY_NOT

#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REHEARSALS = 3, CANNOT_BE_TRACED = 77, MARK = SIGUSR1 };

static void perform(void (*work)(void *), void *context) {
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(CANNOT_BE_TRACED);
    for (int i = 0; i < REHEARSALS; i++)
        work(context);
    raise(MARK);
    work(context);
    raise(MARK);
    _exit(EXIT_SUCCESS);
}

/* What it stopped for; 0 when it is over. */
static int next_stop(pid_t child) {
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

unsigned long count_instructions(void (*work)(void *context), void *context) {
    unsigned long steps = 0;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        perform(work, context);
    if (next_stop(child) != MARK) {
        printf("# skipped: a child cannot be stepped through here\n");
        return 0;
    }
    while (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0 && next_stop(child) == SIGTRAP)
        steps++;
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(next_stop(child), 0);
    return steps;
}

#else

unsigned long count_instructions(void (*work)(void *context), void *context) {
    (void)work, (void)context;
    printf("# skipped: " WHY_NOT "\n");
    return 0;
}

#endif
