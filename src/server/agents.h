/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agents: the sessions that there are, found by tag, by id, or by who the agent is.
 * Runs on: the control thread. Owns: the table; sessions from agents_add to agents_remove.
 */
#ifndef MUNNEL_SERVER_AGENTS_H
#define MUNNEL_SERVER_AGENTS_H

#include "server/session.h"

struct agents;

struct agents *agents_new(void); /* NULL when out of memory */
void agents_free(struct agents *agents);

/* Makes a session with a tag of its own (options->tag is ignored); NULL when out of memory. */
struct session *agents_add(struct agents *agents, const struct session_options *options);
void agents_remove(struct agents *agents, struct session *session); /* and frees it */

struct session *agents_find(const struct agents *agents, uint64_t tag); /* NULL: over. In constant time */
struct session *agents_find_id(const struct agents *agents, const char *id);
struct session *agents_find_instance(const struct agents *agents, const char *name, const char *instance);

/* One after the other: NULL behind the last. */
struct session *agents_first(const struct agents *agents);
struct session *agents_after(const struct agents *agents, const struct session *session);
size_t agents_count(const struct agents *agents);

/* The slot in the table, which a tag carries: a small number that no other session has for a long time. */
unsigned agents_slot_of(uint64_t tag);

#endif
