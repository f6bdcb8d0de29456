/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * housekeeping: what the agent does every second: rechecks its certificates and its upstreams, and sends its status to
 * the service manager.
 * Runs on: the control thread. Owns: its timer, the connection to the service manager.
 */
#ifndef MUNNEL_AGENT_HOUSEKEEPING_H
#define MUNNEL_AGENT_HOUSEKEEPING_H

#include "agent/agent.h"
#include "agent/identity/identity.h"
#include "agent/identity/service_keys.h"

struct housekeeping;

/* All by reference. NULL when out of resources. */
struct housekeeping *housekeeping_new(struct loop *loop, struct agent *agent, struct identity_set *identities,
                                      struct service_keys *keys, struct log *log);
void housekeeping_free(struct housekeeping *housekeeping);

void housekeeping_start(struct housekeeping *housekeeping);  /* the agent is started, connected or not */
void housekeeping_reload(struct housekeeping *housekeeping); /* opens the log file again, and rechecks at once */
void housekeeping_stop(struct housekeeping *housekeeping);   /* the agent has begun to end */

#endif
