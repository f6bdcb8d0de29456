/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * checks: agent: when the destinations of the services are checked, by one relay thread each, and what comes of it.
 *
 * A check begins an interval after the one before, less up to a tenth, so that those of many services do not come in
 * bursts; CHECKS_AT_ONCE of all threads run at a time, others wait in order. A change of what a destination is taken
 * for is an event of the plane (on_health).
 * Runs on: a relay thread. Owns: its checks, a reference to the service of each.
 */
#ifndef MUNNEL_RELAY_HEALTH_CHECKS_H
#define MUNNEL_RELAY_HEALTH_CHECKS_H

#include "relay/service_table.h"

struct relay_thread;

enum { CHECKS_AT_ONCE = 64 };

/* The table of a session, or NULL: it is over. Checks of services that stay go on as they are. Without memory a service
 * is not checked. */
void checks_set(struct relay_thread *thread, uint64_t session, const struct service_table *table);
void checks_end(struct relay_thread *thread); /* of all sessions, for good */

#endif
