/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * process_watch: is the process itself well: do the loops of its relay threads turn, has it descriptors left, does its
 * log keep up? For /healthz and for problems.
 *
 * That the control thread answers shows that its loop turns; those of the relay threads count their sweeps, so that a
 * count that stands still for some seconds is a thread that does.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_ADMIN_PROCESS_WATCH_H
#define MUNNEL_ADMIN_PROCESS_WATCH_H

#include "admin/problem_list.h"
#include "lib/http/request.h"
#include "relay/plane.h"

struct process_watch { /* all zero at first, but for what outlives it: */
    const struct plane *plane;
    struct log *log;
    const char *program, *configuration;                             /* "munneld", "munnel.json" */
    uint64_t counts[PLANE_THREADS_MAX], since_us[PLANE_THREADS_MAX]; /* of each relay thread, and since when so many */
    uint64_t dropped, dropped_us; /* log lines, and when the last ones were noticed; 0: none */
};

void process_watch_check(struct process_watch *watch, uint64_t now_us); /* each second */
void process_watch_add_problems(const struct process_watch *watch, struct problem_list *list);
void process_watch_answer(const struct process_watch *watch, struct http_request *request); /* GET /healthz */

#endif
