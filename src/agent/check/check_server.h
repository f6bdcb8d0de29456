/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_server: tries the way to one server, hop by hop, and joins it (check_join.h).
 * Runs on: the main thread. Owns: nothing.
 */
#ifndef MUNNEL_AGENT_CHECK_CHECK_SERVER_H
#define MUNNEL_AGENT_CHECK_CHECK_SERVER_H

#include "agent/check/check_world.h"
#include "agent/identity/identity.h"

void check_server(const struct check_world *world, const struct server_identity *server);

#endif
