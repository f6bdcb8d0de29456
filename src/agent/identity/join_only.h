/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * join_only: keeps what a join code says, and serves nobody: for whoever sets a machine up before its service runs.
 * Runs on: the main thread.
 */
#ifndef MUNNEL_AGENT_IDENTITY_JOIN_ONLY_H
#define MUNNEL_AGENT_IDENTITY_JOIN_ONLY_H

#include "conf/agent_cmdline.h"

/* Takes the code that options->join names; says on stdout whom the agent will serve, or on stderr why not. Returns the
 * exit code. */
int join_only_run(const struct agent_options *options);

#endif
