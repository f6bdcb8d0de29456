/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * connection: one slot: its phases, deadlines and limits.
 *
 * evhttp gives a server no access to a connection before its first request. The argument of the callbacks that it has
 * set at the bufferevent is the evhttp_connection, by which the slot gets a close callback and the means to end it.
 * That is done in the turn of the accept, so before anything can happen to the connection; until then the slot holds a
 * reference to the bufferevent, since evhttp may have failed and freed it.
 *
 * Never to be done here: enabling EV_READ, or deferred callbacks. evhttp ends the process when its read callback runs
 * while a request is handled (event_errx in evhttp_read_cb).
 * Runs on: the thread of the event base. Owns: the bufferevent until it is adopted.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/http/pool_priv.h"
#include "lib/net/sock.h"
#include "lib/net/socket_types.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Sent by the client: within a request, which is more than evhttp's limit for headers and ours for content, so that
 * what is over it is content; and while it is not read. */
enum { RECEIVED_MOST = 256 * 1024, UNREAD_MOST = 64 * 1024 };

static void set_phase(struct http_connection *connection, enum http_phase phase, unsigned limit_ms) {
    static const unsigned from[] = {
        [HTTP_PHASE_FREE] = ~0u,
        [HTTP_PHASE_PREPARED] = 1u << HTTP_PHASE_FREE,
        [HTTP_PHASE_ACCEPTED] = 1u << HTTP_PHASE_PREPARED,
        [HTTP_PHASE_IDLE] = 1u << HTTP_PHASE_ACCEPTED | 1u << HTTP_PHASE_WRITING,
        [HTTP_PHASE_READING] = 1u << HTTP_PHASE_IDLE | 1u << HTTP_PHASE_WRITING,
        [HTTP_PHASE_HANDLING] = 1u << HTTP_PHASE_READING | 1u << HTTP_PHASE_IDLE,
        [HTTP_PHASE_STREAMING] = 1u << HTTP_PHASE_HANDLING,
        [HTTP_PHASE_WRITING] = 1u << HTTP_PHASE_HANDLING | 1u << HTTP_PHASE_STREAMING,
    };
    assert(from[phase] >> connection->phase & 1);
    connection->phase = phase;
    connection->deadline_ms = clock_ms() + limit_ms;
}

size_t http_connection_queued(const struct http_connection *connection) {
    return evbuffer_get_length(bufferevent_get_output(connection->bufferevent));
}

static size_t unread(const struct http_connection *connection) {
    return evbuffer_get_length(bufferevent_get_input(connection->bufferevent));
}

void http_connection_abort(struct http_connection *connection) {
    connection->must_close = true;
    event_active(connection->pool->sweep, EV_TIMEOUT, 0);
}

/* In evhttp's callbacks nothing may be ended. */
static void refuse_later(struct http_connection *connection) {
    connection->is_too_long = true;
    event_active(connection->pool->sweep, EV_TIMEOUT, 0);
}

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *context) {
    struct http_connection *connection = context;
    if (!info->n_added)
        return;
    connection->received += info->n_added;
    if (connection->phase == HTTP_PHASE_IDLE)
        set_phase(connection, HTTP_PHASE_READING, connection->pool->limits->request_ms);
    if (connection->phase == HTTP_PHASE_READING && connection->received > RECEIVED_MOST)
        refuse_later(connection);
    else if (connection->phase > HTTP_PHASE_READING && evbuffer_get_length(input) > UNREAD_MOST)
        http_connection_abort(connection);
}

bool http_connection_prepare(struct http_connection *connection) {
    struct bufferevent *bufferevent = bufferevent_socket_new(connection->pool->base, -1, 0);
    if (!bufferevent)
        return false;
    if (!evbuffer_add_cb(bufferevent_get_input(bufferevent), on_input, connection)) {
        bufferevent_free(bufferevent);
        return false;
    }
    *connection = (struct http_connection){.pool = connection->pool, .bufferevent = bufferevent};
    set_phase(connection, HTTP_PHASE_PREPARED, 0);
    return true;
}

struct bufferevent *http_connection_accept(struct http_connection *connection) {
    bufferevent_incref(connection->bufferevent);
    set_phase(connection, HTTP_PHASE_ACCEPTED, connection->pool->limits->request_ms);
    ++*connection->pool->count;
    return connection->bufferevent;
}

static void set_free(struct http_connection *connection) {
    set_phase(connection, HTTP_PHASE_FREE, 0);
    connection->bufferevent = NULL;
    connection->evhttp = NULL;
    connection->must_close = false;
    secret_wipe(connection->digest, sizeof connection->digest);
    --*connection->pool->count;
    event_active(connection->pool->sweep, EV_TIMEOUT, 0); /* which lets evhttp accept again */
}

/* Not if the client is late or does not take its answers, and not if all is read that it has to send. */
static bool may_be_sending(const struct http_connection *connection) {
    return !connection->must_close &&
           (connection->phase == HTTP_PHASE_READING || (connection->phase == HTTP_PHASE_IDLE && connection->is_last));
}

/* evhttp closes its descriptor, but not the connection. */
static void linger(const struct http_connection *connection) {
    evutil_socket_t fd = http_duplicate(bufferevent_getfd(connection->bufferevent));
    if (fd >= 0)
        http_linger(connection->pool, fd);
}

/* evhttp's, first thing when it frees a connection; the user may answer its request, which goes nowhere. */
static void on_close(struct evhttp_connection *evhttp, void *context) {
    (void)evhttp;
    struct http_connection *connection = context;
    void (*on_gone)(void *) = connection->on_gone;
    connection->on_gone = NULL;
    connection->on_time = NULL;
    if (connection->phase == HTTP_PHASE_STREAMING)
        connection->pool->streams--;
    if (may_be_sending(connection))
        linger(connection);
    set_free(connection);
    if (on_gone)
        on_gone(connection->context);
}

/* What is none of a local listener's connections has come past it. */
static void ask_who(struct http_connection *connection) {
    evutil_socket_t fd = bufferevent_getfd(connection->bufferevent);
    connection->peer.length = sizeof connection->peer.storage;
    if (getpeername(fd, (struct sockaddr *)&connection->peer.storage, &connection->peer.length))
        connection->peer.length = 0;
    if (connection->pool->is_unix && !http_listeners_ask_peer(connection->pool, fd, &connection->local))
        http_connection_abort(connection);
}

void http_connection_adopt(struct http_connection *connection) {
    struct bufferevent *bufferevent = connection->bufferevent;
    void *evhttp = NULL;
    bufferevent_getcb(bufferevent, NULL, NULL, NULL, &evhttp);
    /* Without memory evhttp has freed the bufferevent, or never used it. */
    if (!bufferevent_decref(bufferevent) && !evhttp)
        bufferevent_free(bufferevent);
    if (!evhttp) {
        set_free(connection);
        return;
    }
    connection->evhttp = evhttp;
    assert(evhttp_connection_get_bufferevent(evhttp) == bufferevent);
    evhttp_connection_set_closecb(connection->evhttp, on_close, connection);
    ask_who(connection);
    set_phase(connection, HTTP_PHASE_IDLE, connection->pool->limits->request_ms);
}

void http_connection_end(struct http_connection *connection) {
    evhttp_connection_free(connection->evhttp); /* calls on_close */
}

/* While a request is handled evhttp does not read, so it does not notice. A client that has closed its TCP connection
 * looks like one that has only ended its half, and is found out by the answer. */
static bool has_gone(const struct http_connection *connection) {
    return connection->phase == HTTP_PHASE_HANDLING && !connection->is_held &&
           (sock_wait(bufferevent_getfd(connection->bufferevent), 0, 0) & (POLLHUP | POLLERR));
}

/* Its content is longer than evhttp would have to keep. Complete in the meantime, it has been answered. */
static void refuse(struct http_connection *connection) {
    static const struct http_refusal too_long = {413, "Content Too Large", "the content is longer than 64 KiB",
                                                 "send less", false};
    connection->is_too_long = false;
    if (connection->phase != HTTP_PHASE_READING)
        return;
    connection->pool->counts->refused_malformed++;
    http_refuse(bufferevent_getfd(connection->bufferevent), &too_long);
    http_connection_end(connection);
}

void http_connection_check(struct http_connection *connection, uint64_t now_ms) {
    if (has_gone(connection))
        connection->must_close = true;
    if (connection->is_too_long && !connection->must_close)
        refuse(connection);
    if (connection->phase == HTTP_PHASE_FREE)
        return;
    bool is_late = now_ms >= connection->deadline_ms;
    if (is_late && connection->on_time && !connection->must_close) {
        connection->on_time(connection->context, now_ms);
    } else if (is_late) {
        if (connection->phase != HTTP_PHASE_IDLE && !connection->must_close)
            connection->pool->counts->timed_out++;
        connection->must_close = true;
    }
    if (connection->must_close && connection->phase != HTTP_PHASE_FREE)
        http_connection_end(connection);
}

static void set_user(struct http_connection *connection, void *context, void (*on_gone)(void *context),
                     void (*on_time)(void *context, uint64_t now_ms)) {
    connection->context = context;
    connection->on_gone = on_gone;
    connection->on_time = on_time;
    connection->is_held = false;
}

void http_connection_handle(struct http_connection *connection, void *context, void (*on_gone)(void *context),
                            void (*on_time)(void *context, uint64_t now_ms)) {
    set_phase(connection, HTTP_PHASE_HANDLING, connection->pool->limits->handler_ms);
    set_user(connection, context, on_gone, on_time);
    connection->requests++;
}

void http_connection_hold(struct http_connection *connection, unsigned hold_ms, void (*on_gone)(void *context),
                          void (*on_time)(void *context, uint64_t now_ms)) {
    assert(connection->phase == HTTP_PHASE_HANDLING);
    set_user(connection, connection->context, on_gone, on_time);
    connection->is_held = true;
    connection->deadline_ms = clock_ms() + hold_ms;
}

void http_connection_stream(struct http_connection *connection, void *context, void (*on_gone)(void *context),
                            void (*on_time)(void *context, uint64_t now_ms)) {
    set_phase(connection, HTTP_PHASE_STREAMING, connection->pool->limits->keepalive_ms);
    set_user(connection, context, on_gone, on_time);
    connection->pool->streams++;
}

/* The answer is in the kernel. evhttp goes on with what it has read already. */
static void on_written(struct evhttp_request *request, void *context) {
    (void)request;
    struct http_connection *connection = context;
    const struct http_limits *limits = connection->pool->limits;
    connection->received = unread(connection);
    if (connection->received)
        set_phase(connection, HTTP_PHASE_READING, limits->request_ms);
    else
        set_phase(connection, HTTP_PHASE_IDLE, limits->idle_ms);
}

void http_connection_write(struct http_connection *connection, struct evhttp_request *request) {
    if (connection->phase == HTTP_PHASE_STREAMING)
        connection->pool->streams--;
    set_phase(connection, HTTP_PHASE_WRITING, connection->pool->limits->request_ms);
    set_user(connection, NULL, NULL, NULL);
    evhttp_request_set_on_complete_cb(request, on_written, connection);
}

/* evhttp leaves to its user a request that was not answered when the client went, and takes it off its connection. */
void http_connection_drop_request(struct evhttp_request *request) {
    if (!evhttp_request_get_connection(request))
        evhttp_request_free(request);
}
