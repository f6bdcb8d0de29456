/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check: --check: tries all that the agent would start with, without connecting or writing anything.
 * Runs on: the main thread.
 */
#ifndef MUNNEL_AGENT_CHECK_H
#define MUNNEL_AGENT_CHECK_H

#include "conf/agent_cmdline.h"

/* Prints to stdout what the agent would do, or to stderr what is wrong. Returns the exit code, 0 or 2. */
int check_run(const struct agent_options *options);

#endif
