/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * health: what the checks of a session's services have found, and when its server is told: each change, many in a
 * message, and HEALTH_BYTES of them each HEALTH_INTERVAL_MS: less than what the server closes a control link for.
 *
 * A session that goes on by another control link keeps what is known: the answer to the first part of the table has
 * what is unhealthy already, so that no client is sent there meanwhile.
 * Runs on: the control thread. Owns: nothing; services_on_health and services_recheck of services.h are here, too.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_HEALTH_H
#define MUNNEL_AGENT_UPSTREAM_HEALTH_H

#include "agent/upstream/services.h"

enum { HEALTH_INTERVAL_MS = 200, HEALTH_BYTES = 24 * 1024 /* at a time; the last message may be beyond */ };

/* A service was announced, which may be known from the last control link: then the answer says what is known. */
void health_take_over(struct services *services, struct served_service *service, struct services_ack_writer *answer);
/* The table is another one: of what it has lost nothing is due any more, and what health_take_over left is. */
void health_recount(struct services *services);
/* What is known of a service with a check: "unknown", "healthy", "unhealthy". */
const char *health_state_label(enum health_state state);

#endif
