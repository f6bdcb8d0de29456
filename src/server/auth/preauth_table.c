/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * preauth_table: see preauth_table.h.
 */
#include "config.h"

#include "server/auth/preauth_table.h"

#include "lib/net/sock.h"

#include <assert.h>
#include <stdlib.h>

enum { TAG_SLOT_BITS = 20 };

static_assert(CONF_UNAUTHENTICATED_MAX <= 1 << TAG_SLOT_BITS, "a tag holds the number of a slot");

static void set_state(struct preauth_conn *conn, enum preauth_state state) {
    static const unsigned steps[PREAUTH_STATES] = {
        [PREAUTH_FREE] = 1U << PREAUTH_WAITING,
        [PREAUTH_WAITING] = 1U << PREAUTH_ADOPTED | 1U << PREAUTH_FREE,
        [PREAUTH_ADOPTED] = 1U << PREAUTH_FREE,
    };

    assert(steps[conn->state] & 1U << state);
    conn->state = state;
}

void preauth_table_init(struct preauth_table *table, struct event_base *base, event_callback_fn on_readable,
                        void *context) {
    *table = (struct preauth_table){.base = base, .on_readable = on_readable, .context = context};
}

void preauth_table_done(struct preauth_table *table) {
    preauth_table_remove_waiting(table);
    for (unsigned i = 0; i < table->made; i++) {
        event_free(table->conns[i]->readable);
        free(table->conns[i]);
    }
    table->made = 0;
}

static struct preauth_conn *make_conn(struct preauth_table *table) {
    struct preauth_conn *conn = table->made < CONF_UNAUTHENTICATED_MAX ? calloc(1, sizeof *conn) : NULL;

    if (!conn)
        return NULL;
    *conn = (struct preauth_conn){.context = table->context, .fd = -1, .slot = table->made};
    conn->readable = event_new(table->base, -1, EV_READ, table->on_readable, conn);
    if (conn->readable)
        return table->conns[table->made++] = conn;
    free(conn);
    return NULL;
}

static struct preauth_conn *take_free(struct preauth_table *table) {
    struct preauth_conn *conn = table->free;

    if (!conn)
        return make_conn(table);
    table->free = conn->next_free;
    return conn;
}

struct preauth_conn *preauth_table_add(struct preauth_table *table, int fd, const struct addr *peer, uint64_t source,
                                       uint64_t now_us) {
    struct preauth_conn *conn = take_free(table);

    if (!conn)
        return NULL;
    set_state(conn, PREAUTH_WAITING);
    conn->fd = fd;
    conn->peer = *peer;
    conn->source = source;
    conn->since_us = now_us;
    conn->received = 0;
    conn->tag = ++table->generation << TAG_SLOT_BITS | conn->slot;
    table->by_source[source % PREAUTH_SOURCES]++;
    table->count++;
    return conn;
}

int preauth_table_watch(const struct preauth_table *table, struct preauth_conn *conn, uint64_t timeout_us) {
    struct timeval timeout = {(time_t)(timeout_us / 1000000), (suseconds_t)(timeout_us % 1000000)};

    if (event_assign(conn->readable, table->base, conn->fd, EV_READ | EV_CLOSED, table->on_readable, conn))
        return -1;
    return event_add(conn->readable, &timeout);
}

int preauth_table_adopt(struct preauth_conn *conn) {
    int fd = conn->fd;

    set_state(conn, PREAUTH_ADOPTED);
    event_del(conn->readable);
    conn->fd = -1;
    return fd;
}

void preauth_table_remove(struct preauth_table *table, struct preauth_conn *conn) {
    if (conn->state == PREAUTH_WAITING) {
        event_del(conn->readable);
        sock_close(conn->fd);
    }
    set_state(conn, PREAUTH_FREE);
    conn->fd = -1;
    conn->tag = 0;
    conn->next_free = table->free;
    table->free = conn;
    table->by_source[conn->source % PREAUTH_SOURCES]--;
    table->count--;
}

void preauth_table_remove_waiting(struct preauth_table *table) {
    for (unsigned i = 0; i < table->made; i++)
        if (table->conns[i]->state == PREAUTH_WAITING)
            preauth_table_remove(table, table->conns[i]);
}

struct preauth_conn *preauth_table_find(const struct preauth_table *table, uint64_t tag) {
    size_t slot = tag & ((1U << TAG_SLOT_BITS) - 1);

    return tag && slot < table->made && table->conns[slot]->tag == tag ? table->conns[slot] : NULL;
}

struct preauth_conn *preauth_table_oldest(const struct preauth_table *table, const uint64_t *source,
                                          enum preauth_state state) {
    struct preauth_conn *oldest = NULL;

    for (unsigned i = 0; i < table->made; i++) {
        struct preauth_conn *conn = table->conns[i];
        if (conn->state == state && (!source || conn->source == *source) &&
            (!oldest || conn->since_us < oldest->since_us))
            oldest = conn;
    }
    return oldest;
}

size_t preauth_table_count_source(const struct preauth_table *table, uint64_t source, size_t limit) {
    size_t count = 0;

    if (table->by_source[source % PREAUTH_SOURCES] < limit)
        return 0;
    for (unsigned i = 0; i < table->made; i++)
        count += table->conns[i]->state != PREAUTH_FREE && table->conns[i]->source == source;
    return count;
}
