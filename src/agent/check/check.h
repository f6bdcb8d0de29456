/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check: --check: tries all that the agent would start with, and each hop from here to its servers and destinations;
 * --check-config: only what it would start with, without connecting. Neither writes anything.
 * Runs on: the main thread.
 */
#ifndef MUNNEL_AGENT_CHECK_CHECK_H
#define MUNNEL_AGENT_CHECK_CHECK_H

#include "conf/agent_cmdline.h"

/* Prints to stdout what the agent would do and the table of hops, or to stderr what is wrong with the configuration.
 * Returns the exit code: 0, 1 (a hop failed) or 2 (the configuration is wrong). */
int check_run(const struct agent_options *options);

#endif
