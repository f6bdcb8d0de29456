/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agents: the sessions that there are, found by tag, by id, or by who the agent is.
 *
 * A session that has lost its control link while relays of it run is retired: only a review and its clients still find
 * it, so that what was revoked or has expired ends these relays, too. It is freed with the last of them.
 * Runs on: the control thread. Owns: the table; sessions from agents_add to agents_remove, or to the last client.
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
void agents_retire(struct agents *agents, struct session *session); /* frees it, too, if no client of it is left */
/* A client of the session with this tag has left it. The session, or NULL if that is retired or gone. */
struct session *agents_client_left(struct agents *agents, uint64_t tag);

/* All but agents_first_reviewed and agents_next_reviewed pass over sessions that are retired. */
struct session *agents_find(const struct agents *agents, uint64_t tag); /* NULL: over. In constant time */
struct session *agents_find_id(const struct agents *agents, const char *id);
struct session *agents_find_instance(const struct agents *agents, const char *name, const char *instance);

/* One after the other: NULL behind the last. */
struct session *agents_first(const struct agents *agents);
struct session *agents_after(const struct agents *agents, const struct session *session);
struct session *agents_first_reviewed(const struct agents *agents);
struct session *agents_next_reviewed(const struct agents *agents, const struct session *session);
size_t agents_count(const struct agents *agents);

/* The slot in the table, which a tag carries: a small number that no other session has for a long time. */
unsigned agents_slot_of(uint64_t tag);

#endif
