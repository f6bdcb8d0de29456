/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * signals: what the system's signals mean to the agent.
 * Runs on: the control thread. Owns: its events.
 *   SIGTERM, SIGINT: drain and stop; a second one stops at once.   SIGHUP: open the log file and read the certificates
 * again. SIGUSR1: one log line with the live counts.
 */
#ifndef MUNNEL_AGENT_SIGNALS_H
#define MUNNEL_AGENT_SIGNALS_H

#include "agent/agent.h"
#include "agent/housekeeping.h"

struct signals;

struct signals *signals_new(struct loop *loop, struct agent *agent,
                            struct housekeeping *vitals); /* NULL when out of resources */
void signals_free(struct signals *signals);

#endif
