/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_table: all sessions, found by tag, by id, or by name and instance of the agent.
 *
 * A session that loses its control link while it has clients is retired: only the `_any` functions and its clients
 * still find it, so that a revoked or expired credential also ends its relays. It is freed with the last client. Runs
 * on: the control thread. Owns: the table, and its sessions until session_table_remove or the last client.
 */
#ifndef MUNNEL_SERVER_SESSION_SESSION_TABLE_H
#define MUNNEL_SERVER_SESSION_SESSION_TABLE_H

#include "server/session/session.h"

struct session_table;

struct session_table *session_table_new(void); /* NULL when out of memory */
void session_table_free(struct session_table *table);

/* Makes a session with a tag of its own (options->tag is ignored); NULL when out of memory. */
struct session *session_table_add(struct session_table *table, const struct session_options *options);
void session_table_remove(struct session_table *table, struct session *session); /* and frees it */
/* Frees it at once if it has no clients. */
void session_table_retire(struct session_table *table, struct session *session);
/* A client of the session with this tag has ended. The session, or NULL if it is retired or gone. */
struct session *session_table_client_left(struct session_table *table, uint64_t tag);

/* All but session_table_first_any and session_table_after_any skip retired sessions. */
struct session *session_table_find(const struct session_table *table, uint64_t tag); /* NULL: gone. In constant time */
struct session *session_table_find_id(const struct session_table *table, const char *id);
struct session *session_table_find_instance(const struct session_table *table, const char *name, const char *instance);

/* In the order of their slots; NULL after the last. */
struct session *session_table_first(const struct session_table *table);
struct session *session_table_after(const struct session_table *table, const struct session *session);
struct session *session_table_first_any(const struct session_table *table);
struct session *session_table_after_any(const struct session_table *table, const struct session *session);
size_t session_table_count(const struct session_table *table);

#endif
