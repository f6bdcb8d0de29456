/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * preauth_table: see preauth_table.h.
 */
#include "config.h"

#include "server/auth/preauth_table.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"

#include <assert.h>
#include <stdlib.h>

void preauth_table_init(struct preauth_table *table, struct event_base *base, event_callback_fn on_readable,
                        void *context) {
    *table = (struct preauth_table){.base = base,
                                    .on_readable = on_readable,
                                    .context = context,
                                    .slots.limit = CONF_UNAUTHENTICATED_MAX};
}

/* The connection at *slot or after it, and *slot is the one after that. */
static struct preauth_conn *next(const struct preauth_table *table, size_t *slot) {
    return slot_table_next(&table->slots, slot);
}

void preauth_table_done(struct preauth_table *table) {
    size_t slot = 0;

    for (struct preauth_conn *conn; (conn = next(table, &slot));)
        preauth_table_remove(table, conn);
    slot_table_done(&table->slots);
}

struct preauth_conn *preauth_table_add(struct preauth_table *table, evutil_socket_t fd, const struct addr *peer,
                                       uint64_t source, uint64_t now_us) {
    uint64_t tag = slot_table_new_tag(&table->slots);
    struct preauth_conn *conn = tag ? calloc(1, sizeof *conn) : NULL;

    if (!conn)
        return NULL;
    *conn = (struct preauth_conn){
        .fd = fd, .peer = *peer, .source = source, .since_us = now_us, .tag = tag, .context = table->context};
    if (event_assign(&conn->readable, table->base, fd, EV_READ | EV_CLOSED, table->on_readable, conn)) {
        free(conn);
        return NULL;
    }
    slot_table_put(&table->slots, tag, conn);
    table->by_source[source % PREAUTH_SOURCES]++;
    return conn;
}

int preauth_table_watch(struct preauth_conn *conn, uint64_t timeout_us) {
    struct timeval timeout = clock_timeval(timeout_us);

    return event_add(&conn->readable, &timeout);
}

evutil_socket_t preauth_table_adopt(struct preauth_conn *conn) {
    evutil_socket_t fd = conn->fd;

    assert(conn->state == PREAUTH_WAITING);
    conn->state = PREAUTH_ADOPTED;
    event_del(&conn->readable);
    conn->fd = -1;
    return fd;
}

void preauth_table_begin_handshake(struct preauth_conn *conn, uint64_t now_us) {
    assert(conn->state == PREAUTH_ADOPTED);
    conn->state = PREAUTH_HANDSHAKING;
    conn->since_us = now_us;
}

void preauth_table_remove(struct preauth_table *table, struct preauth_conn *conn) {
    if (conn->state == PREAUTH_WAITING) {
        event_del(&conn->readable);
        sock_close(conn->fd);
    }
    slot_table_remove(&table->slots, conn->tag);
    table->by_source[conn->source % PREAUTH_SOURCES]--;
    free(conn);
}

void preauth_table_remove_waiting(struct preauth_table *table) {
    size_t slot = 0;

    for (struct preauth_conn *conn; (conn = next(table, &slot));)
        if (conn->state == PREAUTH_WAITING)
            preauth_table_remove(table, conn);
}

struct preauth_conn *preauth_table_find(const struct preauth_table *table, uint64_t tag) {
    return slot_table_find(&table->slots, tag);
}

size_t preauth_table_count(const struct preauth_table *table) {
    return table->slots.count;
}

struct preauth_conn *preauth_table_oldest(const struct preauth_table *table, const uint64_t *source,
                                          enum preauth_state state) {
    struct preauth_conn *oldest = NULL;
    size_t slot = 0;

    for (struct preauth_conn *conn; (conn = next(table, &slot));)
        if (conn->state == state && (!source || conn->source == *source) &&
            (!oldest || conn->since_us < oldest->since_us))
            oldest = conn;
    return oldest;
}

size_t preauth_table_count_source(const struct preauth_table *table, uint64_t source, size_t limit) {
    size_t count = 0, slot = 0;

    if (table->by_source[source % PREAUTH_SOURCES] < limit)
        return 0;
    for (const struct preauth_conn *conn; (conn = next(table, &slot));)
        count += conn->source == source;
    return count;
}
