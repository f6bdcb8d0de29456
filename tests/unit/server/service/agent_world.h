/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_world: a server with one agent that has a data link and a client.
 * Runs on: one thread, one test process.
 */
#ifndef MUNNEL_TESTS_AGENT_WORLD_H
#define MUNNEL_TESTS_AGENT_WORLD_H

#include "server/server_fixture.h"
#include "server/service/service_priv.h"

struct agent_world {
    struct server_fixture server_fixture;
    struct server_fixture_agent agent;
    struct fake_order served; /* its one client */
    int fd;
};

void world_begin(struct agent_world *world);
/* Ends the client and the server. */
void world_finish(struct agent_world *world);
/* Ends the client, with it the session, which must be retired, and the server. */
void world_end_session(struct agent_world *world);

struct session_table *world_sessions(const struct agent_world *world);
struct registry *world_registry(const struct agent_world *world);
struct session *world_session(const struct agent_world *world); /* the agent's; NULL: retired, or gone */

/* The session takes no client any more, and is still there for those that it has: `clients`, or one. */
void world_expect_retired_with(struct agent_world *world, unsigned clients);
void world_expect_retired(struct agent_world *world);
void world_expect_no_client(struct agent_world *world);

/* The only order of its kind. */
void expect_link_closed(struct link_ref link, const char *detail);
void expect_only_order(enum fake_kind kind, uint64_t tag);

#endif
