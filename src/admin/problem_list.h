/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * problem_list: what is wrong, why, and what to do, the worst first, as the status has it.
 *
 * Bad is what keeps clients from being served, or soon will; all else is a warning.
 * Runs on: the control thread. Owns: its lists, until they are taken.
 */
#ifndef MUNNEL_ADMIN_PROBLEM_LIST_H
#define MUNNEL_ADMIN_PROBLEM_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct problem_list {
    json_t *bad, *warn;
};

struct problem {
    bool is_bad;
    const char *kind, *subject;
    int64_t since_ms; /* since 1970; 0: not known */
    char what[200], why[400], remedy[400];
};

/* Fills a text of `problem`, which is in scope: PROBLEM_SAY(what, "%s is paused", name). */
#define PROBLEM_SAY(field, ...) snprintf(problem.field, sizeof problem.field, __VA_ARGS__)

struct problem_list problem_list_begin(void);
void problem_list_add(struct problem_list *list, const struct problem *problem); /* 200 of each severity at most */
/* All of them; *has_bad: one is more than a warning. NULL: out of memory. The list is used up. */
json_t *problem_list_take(struct problem_list *list, bool *has_bad);

int64_t problem_since(uint64_t us); /* of one of clock_us() */

#endif
