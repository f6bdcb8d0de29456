/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pool: slots for evhttp's connections, and a sweep that judges them.
 *
 * The sweep's timer is always pending, with an hour's delay while nothing is listened on: that it is moved needs no
 * memory.
 * Runs on: the thread of the event base. Owns: evhttp and the slots.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/http/pool_priv.h"

#include <stdlib.h>

/* evhttp's own limit, beyond ours, since it answers in HTML what is over it. */
enum { EVHTTP_HEADERS_MOST = 64 * 1024, QUIET_MS = 500, UNUSED_MS = 3600 * 1000, ALL_METHODS = 0xffff };

static struct http_connection *find_slot(struct http_pool *pool, enum http_phase phase) {
    for (unsigned i = 0; i < pool->limits->connections; i++)
        if (pool->connections[i].phase == phase)
            return &pool->connections[i];
    return NULL;
}

struct http_connection *http_pool_find(struct http_pool *pool, const struct evhttp_connection *evhttp) {
    for (unsigned i = 0; i < pool->limits->connections; i++)
        if (evhttp && pool->connections[i].evhttp == evhttp)
            return &pool->connections[i];
    return NULL;
}

/* evhttp accepts while the next slot is prepared. */
static void set_accepting(struct http_pool *pool, uint64_t now_ms) {
    struct http_connection *free_slot = pool->next ? NULL : find_slot(pool, HTTP_PHASE_FREE);
    if (free_slot && http_connection_prepare(free_slot))
        pool->next = free_slot;
    enum http_accepting accepting = pool->next  ? HTTP_ACCEPTING
                                    : free_slot ? HTTP_ACCEPTING_PAUSED
                                                : HTTP_ACCEPTING_BUSY;
    /* Also what is as it should be: a listener that had no descriptor left was disabled. */
    if (now_ms >= pool->paused_until_ms && (accepting != pool->accepting || accepting == HTTP_ACCEPTING))
        (void)http_listeners_set(pool, accepting);
}

/* After a listening socket was added, which does nothing yet. */
void http_pool_accept(struct http_pool *pool) {
    pool->accepting = HTTP_ACCEPTING_PAUSED;
    set_accepting(pool, clock_ms());
    event_active(pool->sweep, EV_TIMEOUT, 0);
}

void http_pool_recheck(struct http_pool *pool, const struct http_tokens *tokens) {
    for (unsigned i = 0; i < pool->limits->connections; i++) {
        struct http_connection *connection = &pool->connections[i];
        const char *name;
        enum http_role role = http_tokens_find_digest(tokens, connection->digest, &name);
        if (connection->phase == HTTP_PHASE_STREAMING && role < connection->needed)
            http_connection_abort(connection);
    }
}

static void adopt_accepted(struct http_pool *pool) {
    for (unsigned i = 0; i < pool->limits->connections; i++)
        if (pool->connections[i].phase == HTTP_PHASE_ACCEPTED)
            http_connection_adopt(&pool->connections[i]);
}

/* Whose client a connection is, its listener knows: those that have just been accepted ask it now. */
void http_pool_unlisten(struct http_pool *pool, const struct addr *addr) {
    adopt_accepted(pool);
    http_listener_remove(pool, addr);
}

static void on_sweep(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    struct http_pool *pool = context;
    uint64_t now_ms = clock_ms();
    adopt_accepted(pool);
    for (unsigned i = 0; i < pool->limits->connections; i++)
        if (pool->connections[i].phase > HTTP_PHASE_ACCEPTED)
            http_connection_check(&pool->connections[i], now_ms);
    set_accepting(pool, now_ms);
    unsigned delay_ms = *pool->count ? pool->limits->tick_ms : pool->listeners ? QUIET_MS : UNUSED_MS;
    const struct timeval delay = clock_timeval((uint64_t)delay_ms * 1000);
    (void)event_add(pool->sweep, &delay);
}

/* evhttp has accepted a connection and asks for its bufferevent. */
static struct bufferevent *on_accept(struct event_base *base, void *context) {
    (void)base;
    struct http_pool *pool = context;
    struct http_connection *connection = pool->next;
    if (!connection)
        return NULL; /* not reached: it does not accept then */
    pool->next = NULL;
    struct bufferevent *bufferevent = http_connection_accept(connection);
    set_accepting(pool, clock_ms());
    event_active(pool->sweep, EV_TIMEOUT, 0);
    return bufferevent;
}

struct http_pool *http_pool_new(struct event_base *base, bool is_unix, const struct http_limits *limits,
                                struct http_counts *counts, http_pool_handler handler, void *context) {
    struct http_pool *pool = calloc(1, sizeof *pool + limits->connections * sizeof pool->connections[0]);
    if (!pool)
        return NULL;
    pool->base = base;
    pool->is_unix = is_unix;
    pool->limits = limits;
    pool->counts = counts;
    pool->count = is_unix ? &counts->connections_unix : &counts->connections_tcp;
    TAILQ_INIT(&pool->lingering);
    for (unsigned i = 0; i < limits->connections; i++)
        pool->connections[i].pool = pool;
    pool->evhttp = evhttp_new(base);
    pool->sweep = event_new(base, -1, EV_PERSIST, on_sweep, pool);
    if (!pool->evhttp || !pool->sweep || event_add(pool->sweep, &(struct timeval){UNUSED_MS / 1000, 0})) {
        http_pool_free(pool);
        return NULL;
    }
    evhttp_set_max_headers_size(pool->evhttp, EVHTTP_HEADERS_MOST);
    evhttp_set_allowed_methods(pool->evhttp, ALL_METHODS); /* so that our own 405 is the answer */
    evhttp_set_default_content_type(pool->evhttp, NULL);
    evhttp_set_bevcb(pool->evhttp, on_accept, pool);
    evhttp_set_gencb(pool->evhttp, handler, context);
    return pool;
}

void http_pool_free(struct http_pool *pool) {
    if (!pool)
        return;
    http_pool_unlisten(pool, NULL);
    for (unsigned i = 0; i < pool->limits->connections; i++)
        if (pool->connections[i].phase > HTTP_PHASE_ACCEPTED)
            http_connection_end(&pool->connections[i]);
    http_linger_stop(pool);
    if (pool->next)
        bufferevent_free(pool->next->bufferevent);
    if (pool->evhttp)
        evhttp_free(pool->evhttp);
    if (pool->sweep)
        event_free(pool->sweep);
    free(pool);
}
