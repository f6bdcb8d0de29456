/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_bandwidth: which limits of bandwidth an agent has: those of its entry in the agents file, else those for each.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_AUTH_AGENT_BANDWIDTH_H
#define MUNNEL_SERVER_AUTH_AGENT_BANDWIDTH_H

#include "server/auth/authenticate.h"
#include "server/session/session_table.h"

/* credential: NULL: it needed none. */
struct bandwidth_limits agent_bandwidth_limits(const struct server_config *conf, const struct credential *credential);
void agent_bandwidth_set(const struct auth_policy *policy, struct session *session);
/* The configuration or the agents file has changed: for all sessions, and their relays that run. */
void agent_bandwidth_set_all(const struct auth_policy *policy, struct session_table *sessions);

#endif
