/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * vitals: what the agent looks at every second while it runs: its certificates, and what its service manager is told.
 * Runs on: the control thread. Owns: its timer, the words to the service manager.
 */
#ifndef MUNNEL_AGENT_VITALS_H
#define MUNNEL_AGENT_VITALS_H

#include "agent/agent.h"
#include "agent/identities.h"

struct vitals;

/* All by reference. NULL when out of resources. */
struct vitals *vitals_new(struct loop *loop, struct agent *agent, struct identities *identities, struct log *log);
void vitals_free(struct vitals *vitals);

void vitals_start(struct vitals *vitals);  /* the agent is at work, whether or not a server is there */
void vitals_reload(struct vitals *vitals); /* opens the log file again, and looks at once */
void vitals_stop(struct vitals *vitals);   /* the agent has begun to end */

#endif
