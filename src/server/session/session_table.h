/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_table: all sessions, found by tag, by id, or by name and instance of the agent.
 *
 * A session that is retired stays until the plane has ended its last stream and closed its links: only the `_any`
 * functions, its id and its clients still find it, so that a revoked or expired credential also ends its relays.
 * Runs on: the control thread. Owns: the table, and its sessions until session_table_remove.
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
/* As session.h has them. It shares its name with a session that is connected, if at all. */
void session_table_suspend(struct session_table *table, struct session *session, uint64_t until_us);
bool session_table_resume(struct session_table *table, struct session *session, const struct session_options *options);
/* A client of the session with this tag has ended. The session, or NULL if it is retired or gone. */
struct session *session_table_client_left(struct session_table *table, uint64_t tag);

/* NULL: gone. All in constant time. Those without `_any` skip retired ones. */
struct session *session_table_find(const struct session_table *table, uint64_t tag);
struct session *session_table_find_any(const struct session_table *table, uint64_t tag);
struct session *session_table_find_id_any(const struct session_table *table, const char *id);
struct session *session_table_find_instance(struct session_table *table, const char *name, const char *instance);

/* In the order of their slots; NULL after the last. */
struct session *session_table_first(const struct session_table *table);
struct session *session_table_after(const struct session_table *table, const struct session *session);
struct session *session_table_first_any(const struct session_table *table);
struct session *session_table_after_any(const struct session_table *table, const struct session *session);
/* If more than `most` sessions of the credential (NULL: of all) are idle, the one that has been so for longest. */
struct session *session_table_excess(const struct session_table *table, const char *credential, size_t most);
size_t session_table_count(const struct session_table *table); /* of those that are connected */

#endif
