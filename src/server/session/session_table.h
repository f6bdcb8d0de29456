/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_table: the sessions that there are, found by tag, by id, or by who the agent is.
 *
 * A session that has lost its control link while relays of it run is retired: only a review and its clients still find
 * it, so that what was revoked or has expired ends these relays, too. It is freed with the last of them.
 * Runs on: the control thread. Owns: the table; sessions from session_table_add to session_table_remove, or to the last
 * client.
 */
#ifndef MUNNEL_SERVER_SESSION_SESSION_TABLE_H
#define MUNNEL_SERVER_SESSION_SESSION_TABLE_H

#include "server/session/session.h"

struct session_table;

struct session_table *session_table_new(void); /* NULL when out of memory */
void session_table_free(struct session_table *agents);

/* Makes a session with a tag of its own (options->tag is ignored); NULL when out of memory. */
struct session *session_table_add(struct session_table *agents, const struct session_options *options);
void session_table_remove(struct session_table *agents, struct session *session); /* and frees it */
void session_table_retire(struct session_table *agents,
                          struct session *session); /* frees it, too, if no client of it is left */
/* A client of the session with this tag has left it. The session, or NULL if that is retired or gone. */
struct session *session_table_client_left(struct session_table *agents, uint64_t tag);

/* All but session_table_first_reviewed and session_table_next_reviewed pass over sessions that are retired. */
struct session *session_table_find(const struct session_table *agents, uint64_t tag); /* NULL: over. In constant time */
struct session *session_table_find_id(const struct session_table *agents, const char *id);
struct session *session_table_find_instance(const struct session_table *agents, const char *name, const char *instance);

/* One after the other: NULL behind the last. */
struct session *session_table_first(const struct session_table *agents);
struct session *session_table_after(const struct session_table *agents, const struct session *session);
struct session *session_table_first_reviewed(const struct session_table *agents);
struct session *session_table_next_reviewed(const struct session_table *agents, const struct session *session);
size_t session_table_count(const struct session_table *agents);

/* The slot in the table, which a tag carries: a small number that no other session has for a long time. */
unsigned session_table_slot_of(uint64_t tag);

#endif
