/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * startup: what munnel-agent is made of, from its options to its exit code.
 * Runs on: the main thread, which becomes the control thread.
 */
#ifndef MUNNEL_AGENT_STARTUP_H
#define MUNNEL_AGENT_STARTUP_H

#include "conf/agent_cmdline.h"

/* Serves until it is asked to stop, or until it gave up on every server. Returns the exit code; prints errors to
 * stderr.
 */
int startup_run(const struct agent_options *options);

#endif
