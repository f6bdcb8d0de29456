/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visit_world: a server whose service "s0" the agent "office" serves and agents of the group "laptops" may visit, and
 * "s1", which nobody may. Both agents have a data link.
 * Runs on: one thread, one test process.
 */
#ifndef MUNNEL_TESTS_VISIT_WORLD_H
#define MUNNEL_TESTS_VISIT_WORLD_H

#include "server/server_fixture.h"
#include "server/service/service_priv.h"
#include "server/service/visits_priv.h"

struct visit_world {
    struct server_fixture fixture;
    struct server_fixture_agent office, laptop;
};

void visit_world_begin(struct visit_world *world);
void visit_world_end(struct visit_world *world);
struct visits *visit_world_visits(const struct visit_world *world);
struct session *visit_world_session(const struct visit_world *world, const struct server_fixture_agent *agent);
void visit_world_permit(struct visit_world *world, const char *group); /* to visit "s0"; NULL: none any more */

/* `visits`: what the list has, like "{\"id\":1,\"name\":\"s0\"}". */
void visit_world_ask(struct visit_world *world, const struct server_fixture_agent *agent, const char *visits);
/* `count` clients of one visit, by one message; their tickets begin with `ticket`. */
void visit_world_open(struct visit_world *world, const struct server_fixture_agent *agent, unsigned visit,
                      unsigned ticket, unsigned count);
/* The oldest message with this op that was sent to the agent, as text; NULL: none. Until the next call. */
const char *visit_world_told(struct visit_world *world, const struct server_fixture_agent *agent, const char *op);

#endif
