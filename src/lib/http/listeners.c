/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listeners: while evhttp may not accept more connections, an event of our own accepts on the same descriptors, answers
 * 503 and closes, so that a client learns why instead of waiting in the backlog.
 * Runs on: the thread of the event base. Owns: the listening descriptors.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/http/pool_priv.h"
#include "lib/net/sock.h"
#include "lib/net/socket_types.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

enum { REFUSED_A_TURN = 16, PAUSE_MS = 100 };

static void pause_all(struct http_pool *pool) {
    pool->paused_until_ms = clock_ms() + PAUSE_MS;
    (void)http_listeners_set(pool, HTTP_ACCEPTING_PAUSED);
}

/*
 * Otherwise the loop would call it without end: with EMFILE the connection stays in the backlog. One whose client has
 * gone does not, and Windows reports each. The context is evhttp's, which has set the callback of the listener; the
 * sweep enables it again.
 */
static void on_accept_error(struct evconnlistener *accepts, void *evhttp) {
    (void)evhttp;
    if (!sock_client_has_gone(EVUTIL_SOCKET_ERROR()))
        (void)evconnlistener_disable(accepts);
}

static void refuse(struct http_pool *pool, evutil_socket_t fd) {
    static const struct http_refusal busy = {503, "Service Unavailable", "too many connections",
                                             "try again in a second", true};
    pool->counts->refused_busy++;
    http_refuse(fd, &busy);
    http_linger(pool, fd);
}

static void on_busy(evutil_socket_t listening, short what, void *context) {
    (void)what;
    struct http_pool *pool = context;
    for (int i = 0; i < REFUSED_A_TURN; i++) {
        struct addr peer;
        evutil_socket_t fd = sock_accept(listening, &peer);
        if (fd >= 0) {
            refuse(pool, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_all(pool);
            return;
        } else if (sock_would_block(errno)) {
            return;
        }
    }
}

static bool set_one(struct http_listener *listener, enum http_accepting accepting) {
    struct evconnlistener *accepts = evhttp_bound_socket_get_listener(listener->bound);
    if (accepting != HTTP_ACCEPTING)
        (void)evconnlistener_disable(accepts);
    if (accepting != HTTP_ACCEPTING_BUSY)
        (void)event_del(listener->busy);
    if (accepting == HTTP_ACCEPTING)
        return evconnlistener_enable(accepts) == 0;
    return accepting != HTTP_ACCEPTING_BUSY || event_add(listener->busy, NULL) == 0;
}

bool http_listeners_set(struct http_pool *pool, enum http_accepting accepting) {
    bool is_set = true;
    for (struct http_listener *each = pool->listeners; each; each = each->next)
        is_set = set_one(each, accepting) && is_set;
    pool->accepting = is_set ? accepting : HTTP_ACCEPTING_PAUSED;
    return is_set;
}

/* The descriptor stays ours. */
static struct evhttp_bound_socket *lend_to_evhttp(struct http_pool *pool, evutil_socket_t fd) {
    struct evconnlistener *accepts =
        evconnlistener_new(pool->base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, fd);
    if (!accepts)
        return NULL;
    struct evhttp_bound_socket *bound = evhttp_bind_listener(pool->evhttp, accepts);
    if (!bound) {
        evconnlistener_free(accepts);
        return NULL;
    }
    evconnlistener_set_error_cb(accepts, on_accept_error);
    return bound;
}

static void close_source(const struct http_source *source) {
    if (source->local)
        local_listener_free(source->local);
    else
        sock_close(source->fd);
}

static void free_listener(struct http_listener *listener) {
    if (listener->bound)
        evhttp_del_accept_socket(listener->pool->evhttp, listener->bound);
    if (listener->busy)
        event_free(listener->busy);
    close_source(&listener->source);
    free(listener);
}

static int start(const struct http_source *source, struct error *error) {
    if (source->local)
        return local_listener_start(source->local, error);
    return sock_listen(source->fd, SOCK_BACKLOG) ? sock_explain(&source->addr, errno, error) : 0;
}

int http_listener_add(struct http_pool *pool, const struct http_source *source, struct error *error) {
    struct http_listener *listener = calloc(1, sizeof *listener);
    if (!listener) {
        close_source(source);
        return error_set(error, "out of memory");
    }
    *listener = (struct http_listener){.pool = pool, .source = *source};
    if (start(source, error)) {
        free_listener(listener);
        return -1;
    }
    listener->bound = lend_to_evhttp(pool, source->fd);
    if (listener->bound)
        listener->busy = event_new(pool->base, source->fd, EV_READ | EV_PERSIST, on_busy, pool);
    if (!listener->busy) {
        free_listener(listener);
        return error_set(error, "out of memory");
    }
    listener->next = pool->listeners;
    pool->listeners = listener;
    return 0;
}

void http_listener_remove(struct http_pool *pool, const struct addr *addr) {
    for (struct http_listener **link = &pool->listeners; *link;) {
        struct http_listener *listener = *link;
        const struct addr *here = &listener->source.addr;
        if (addr && (addr->length != here->length || memcmp(&addr->storage, &here->storage, addr->length) != 0)) {
            link = &listener->next;
            continue;
        }
        *link = listener->next;
        free_listener(listener);
    }
}

bool http_listeners_ask_peer(const struct http_pool *pool, evutil_socket_t fd, struct local_peer *peer) {
    for (const struct http_listener *each = pool->listeners; each; each = each->next)
        if (each->source.local && local_listener_ask_peer(each->source.local, fd, peer))
            return true;
    return false;
}
