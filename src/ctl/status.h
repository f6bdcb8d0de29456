/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * status: parts of "munnel status" that others show, too.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_STATUS_H
#define MUNNEL_CTL_STATUS_H

#include "ctl/admin_command.h"

/* Of /v1/status: 0 well, 1 degraded, 2 down. */
int status_code(const json_t *status);
/* "3 services can be served, 2 of 2 agents connected, ...", of a server. */
void status_sentence(const json_t *status, char *text, size_t size);
/* Each behind an empty line: what, since when, why, what to do. */
void status_print_problems(const struct display *display, const json_t *status, int64_t now_ms);

#endif
