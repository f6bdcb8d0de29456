/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_server: tries the way to one server, hop by hop, and joins it, as an agent of its own, with another instance
 * and name than the one that may run with the same credential, whose session stays as it is. It answers for no service,
 * so that it is given no client, and says BYE. Runs on: the main thread. Owns: nothing.
 */
#ifndef MUNNEL_AGENT_CHECK_CHECK_SERVER_H
#define MUNNEL_AGENT_CHECK_CHECK_SERVER_H

#include "agent/check/check_world.h"
#include "agent/identity/identity.h"

enum { CHECK_HOP_MS = 5000 /* at most, for each of the hops up to the first service */ };

void check_server(const struct check_world *world, const struct server_identity *server);

#endif
