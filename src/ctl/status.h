/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * status: what the status of a server and of an agent are made of.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_STATUS_H
#define MUNNEL_CTL_STATUS_H

#include "ctl/admin_command.h"

enum { STATUS_DEGRADED = 1, STATUS_DOWN = 2 }; /* exit codes */

/* Of /v1/status: 0 well, 1 degraded, 2 down. */
int status_code(const json_t *status);
/*
 * At most STATUS_LISTED of a list, for status_done_part(): first those that are not as `well`, in their order. A list
 * of a thousand would leave nothing of the problems on the screen. NULL: out of memory.
 */
enum { STATUS_LISTED = 30 };
json_t *status_part(const json_t *list, const char *well);
/* "970 more: WHERE", if it is not all of the list, and frees it. */
void status_done_part(const struct display *display, json_t *part, const json_t *list, const char *where);

/* Each behind an empty line: what, since when, why, what to do. */
void status_print_problems(const struct display *display, const json_t *status, int64_t now_ms);

/* status_agent.c: all of the status of an agent. The exit code, or -1 with error. */
int status_print_agent(struct admin_context *context, const json_t *status, struct error *error);

const char *status_plural(double count); /* "" of one, else "s" */

/* "munnel-agent on web1 is ok: ", and the sentence behind it. */
void status_print_head(const struct display *display, const json_t *status, const char *sentence);

#endif
