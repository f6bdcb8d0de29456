/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check: is all right that an agent would start with? It connects nowhere and keeps nothing.
 * Runs on: the main thread.
 */
#ifndef MUNNEL_AGENT_CHECK_H
#define MUNNEL_AGENT_CHECK_H

#include "conf/agent_cmdline.h"

/* Prints to stdout what the agent would do, or to stderr what is wrong. Returns the exit code, 0 or 2. */
int check_run(const struct agent_options *options);

#endif
