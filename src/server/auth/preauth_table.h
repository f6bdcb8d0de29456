/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * preauth_table: the connections to the agent port that have not authenticated yet, by tag and by source.
 * Runs on: the control thread. Owns: the connections, and the descriptors of those that wait.
 * States of a connection: waiting -> adopted -> freed; waiting -> freed.
 */
#ifndef MUNNEL_SERVER_AUTH_PREAUTH_TABLE_H
#define MUNNEL_SERVER_AUTH_PREAUTH_TABLE_H

#include "conf/option.h"
#include "lib/base/slot_table.h"
#include "lib/net/addr.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PREAUTH_SOURCES = 1024 };

/* waiting: its ClientHello is not complete; adopted: it is in a relay thread's queue; handshaking: that does its
 * handshake.
 */
enum preauth_state { PREAUTH_WAITING, PREAUTH_ADOPTED, PREAUTH_HANDSHAKING };

struct preauth_conn {
    enum preauth_state state;
    evutil_socket_t fd; /* -1 unless it waits */
    size_t received;    /* bytes that the socket held at the last look, when a ClientHello needed more */
    uint64_t tag, source;
    uint64_t since_us; /* accepted, or, handshaking, when its handshake began */
    struct addr peer;
    struct event readable;
    void *context; /* the table's */
};

struct preauth_table {
    struct event_base *base;
    event_callback_fn on_readable; /* its argument is the connection */
    void *context;
    struct slot_table slots;
    unsigned by_source[PREAUTH_SOURCES]; /* by source modulo PREAUTH_SOURCES: an upper bound for each source */
};

void preauth_table_init(struct preauth_table *table, struct event_base *base, event_callback_fn on_readable,
                        void *context);
void preauth_table_done(struct preauth_table *table);

/* A connection that waits; NULL when out of memory or slots, and then `fd` stays the caller's. */
struct preauth_conn *preauth_table_add(struct preauth_table *table, evutil_socket_t fd, const struct addr *peer,
                                       uint64_t source, uint64_t now_us);
/* Calls on_readable once: with bytes (SO_RCVLOWAT of them), at the peer's end, or when the time is over. 0 or -1. */
int preauth_table_watch(struct preauth_conn *conn, uint64_t timeout_us);
/* waiting -> adopted: returns the descriptor, which is the caller's now. */
evutil_socket_t preauth_table_adopt(struct preauth_conn *conn);
void preauth_table_begin_handshake(struct preauth_conn *conn, uint64_t now_us); /* adopted -> handshaking */
/* Closes what still waits, and frees `conn`, which may be in its callback. */
void preauth_table_remove(struct preauth_table *table, struct preauth_conn *conn);
void preauth_table_remove_waiting(struct preauth_table *table);

struct preauth_conn *preauth_table_find(const struct preauth_table *table, uint64_t tag); /* NULL: gone */
size_t preauth_table_count(const struct preauth_table *table);
/* The oldest in this state from `source` (NULL: from any), or NULL. */
struct preauth_conn *preauth_table_oldest(const struct preauth_table *table, const uint64_t *source,
                                          enum preauth_state state);
/* How many `source` has; 0 if these are less than `limit`, which mostly spares the walk over the table. */
size_t preauth_table_count_source(const struct preauth_table *table, uint64_t source, size_t limit);

#endif
