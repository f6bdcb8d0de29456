/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * revocation: ends sessions whose credential or certificate was revoked or has expired since they authenticated. Runs
 * on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_AUTH_REVOCATION_H
#define MUNNEL_SERVER_AUTH_REVOCATION_H

#include "server/auth/authenticate.h"
#include "server/service/registry.h"

#include <time.h>

/* Disconnects, with all their relays, sessions that would not authenticate any more, and cuts the relays of retired
 * ones. Returns when to review again if nothing changes: when the next credential or certificate expires, in a minute
 * at the latest. `now`: clock_wall(). *trust_is_new: the authorities were reloaded since the last review; cleared once
 * all sessions were checked against them. */
time_t revocation_review(const struct auth_policy *policy, struct session_table *sessions, struct registry *registry,
                         time_t now, bool *trust_is_new);

#endif
