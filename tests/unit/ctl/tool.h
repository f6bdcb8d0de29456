/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tool: "munnel agent ..." on the files of "munnel init", in the folder s of the test.
 */
#ifndef MUNNEL_TESTS_TOOL_H
#define MUNNEL_TESTS_TOOL_H

#include "conf/capture.h"
#include "ctl/commands.h"
#include "proto/join_code.h"

#include <stdbool.h>
#include <time.h>

extern struct capture printed; /* what the last command wrote */

/* For tcase_add_checked_fixture: "munnel init" for munnel.example; and the end. */
void tool_set_up(void);
void tool_forget(void);

typedef int (*command)(const char *self, int argc, char **argv);

/* Runs it on the test's agents file, NULL last; returns its exit code. What it wrote is in `printed` until the next. */
int tool_run(command what, const char *word, ...);

struct join_code tool_code(void); /* which the last command printed, and nothing else */

/* Does the agents file let an agent with this code's token in, at this time and for this group? */
bool tool_admits(const struct join_code *code, time_t now, const char *group);

#endif
