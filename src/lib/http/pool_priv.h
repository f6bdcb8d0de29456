/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pool: the connections of one kind, Unix or TCP, and the sockets that they are accepted from.
 *
 * evhttp accepts and parses. What it has no means for is here: how many connections there may be, absolute deadlines
 * (its timeouts begin anew with each byte), how much a client may send while it is not read, and the end of a
 * connection that has not sent a request. Each connection has a slot, whose bufferevent is made before evhttp may
 * accept, because evhttp would make one of its own if there were none.
 *
 * Runs on: the thread of the event base. Owns: evhttp, the slots, the listening sockets.
 * Phases: free -> prepared -> accepted -> idle -> reading -> handling -> writing -> idle; handling -> streaming ->
 * writing; any -> free.
 */
#ifndef MUNNEL_LIB_HTTP_POOL_PRIV_H
#define MUNNEL_LIB_HTTP_POOL_PRIV_H

#include "lib/base/queue.h"
#include "lib/base/secret.h"
#include "lib/http/local_listener.h"
#include "lib/http/server.h"
#include "lib/http/tokens.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <event2/util.h>

enum http_phase {
    HTTP_PHASE_FREE,
    HTTP_PHASE_PREPARED, /* has a bufferevent; the next one to be accepted */
    HTTP_PHASE_ACCEPTED, /* evhttp has it; who it is has not been asked yet */
    HTTP_PHASE_IDLE,     /* no byte of a request is there */
    HTTP_PHASE_READING,
    HTTP_PHASE_HANDLING,  /* from here on it has a user */
    HTTP_PHASE_STREAMING, /* an event stream */
    HTTP_PHASE_WRITING    /* the answer; no user any more */
};

struct http_connection {
    struct http_pool *pool;
    enum http_phase phase;
    struct bufferevent *bufferevent; /* evhttp's from HTTP_PHASE_IDLE on */
    struct evhttp_connection *evhttp;
    uint64_t deadline_ms; /* of the phase */
    size_t received;      /* bytes of the request */
    unsigned requests;
    bool is_held;     /* to its deadline, also if the client goes */
    bool must_close;  /* at the end of this turn of the loop */
    bool is_too_long; /* the request that is being read: to be refused likewise */
    bool is_last;     /* the answer says so; the client may have more to send */
    /* Who it is. */
    struct addr peer;
    struct local_peer local;     /* Unix */
    enum http_role needed;       /* TCP: by the last request */
    uint8_t digest[SECRET_SIZE]; /* of that token */
    /* While handling or streaming. on_gone: the connection is going, called once. on_time: the deadline is over. */
    void (*on_gone)(void *context);
    void (*on_time)(void *context, uint64_t now_ms);
    void *context;
};

enum http_accepting {
    HTTP_ACCEPTING_PAUSED, /* out of memory or descriptors: tried again later */
    HTTP_ACCEPTING_BUSY,   /* as many as may be: 503 */
    HTTP_ACCEPTING
};

struct http_source { /* what connections are accepted from */
    struct addr addr;
    evutil_socket_t fd;
    struct local_listener *local; /* Unix: whose fd it is; TCP: NULL */
};

struct http_listener {
    struct http_listener *next;
    struct http_pool *pool;
    struct evhttp_bound_socket *bound;
    struct event *busy; /* accepts on the same descriptor while evhttp does not */
    struct http_source source;
};

struct http_limits {
    unsigned connections, streams; /* at most */
    unsigned request_ms, idle_ms, handler_ms, keepalive_ms, tick_ms;
    size_t stream_bytes;
};

struct http_pool {
    struct event_base *base;
    struct evhttp *evhttp;
    bool is_unix;
    const struct http_limits *limits;
    struct http_counts *counts;
    unsigned *count; /* of connections, in counts */
    unsigned streams;
    struct event *sweep; /* every tick while there are connections; at the end of a turn when it is activated */
    enum http_accepting accepting;
    uint64_t paused_until_ms;
    struct http_listener *listeners;
    TAILQ_HEAD(, http_lingering) lingering; /* connections that have ended */
    unsigned lingering_count;
    struct http_connection *next; /* prepared; NULL while evhttp does not accept */
    struct http_connection connections[];
};

typedef void (*http_pool_handler)(struct evhttp_request *request, void *context);

/* NULL: out of memory. limits and counts outlive it. */
struct http_pool *http_pool_new(struct event_base *base, bool is_unix, const struct http_limits *limits,
                                struct http_counts *counts, http_pool_handler handler, void *context);
void http_pool_free(struct http_pool *pool); /* NULL is fine */
struct http_connection *http_pool_find(struct http_pool *pool, const struct evhttp_connection *evhttp); /* or NULL */

void http_pool_accept(struct http_pool *pool);                            /* a listening socket was added */
void http_pool_unlisten(struct http_pool *pool, const struct addr *addr); /* NULL: all; not within evhttp's callbacks */
/* TCP: the tokens are others. Ends streams whose token has not the role any more. */
void http_pool_recheck(struct http_pool *pool, const struct http_tokens *tokens);

/* ---- one connection (connection.c) ---- */

/* free -> prepared: makes its bufferevent. False: out of memory. */
bool http_connection_prepare(struct http_connection *connection);
struct bufferevent *http_connection_accept(struct http_connection *connection);  /* prepared -> accepted */
void http_connection_adopt(struct http_connection *connection);                  /* accepted -> idle, or free */
void http_connection_check(struct http_connection *connection, uint64_t now_ms); /* by the sweep */
void http_connection_end(struct http_connection *connection);            /* at once; not from evhttp's callbacks */
void http_connection_abort(struct http_connection *connection);          /* at the end of this turn */
size_t http_connection_queued(const struct http_connection *connection); /* bytes not written yet */

void http_connection_handle(struct http_connection *connection, void *context, void (*on_gone)(void *context),
                            void (*on_time)(void *context, uint64_t now_ms));
/* Instead of a handler, and of its deadline: on_time after these milliseconds, whether the client waits or has gone. */
void http_connection_hold(struct http_connection *connection, unsigned hold_ms, void (*on_gone)(void *context),
                          void (*on_time)(void *context, uint64_t now_ms));
/* The handler's answer is a stream: the user changes. */
void http_connection_stream(struct http_connection *connection, void *context, void (*on_gone)(void *context),
                            void (*on_time)(void *context, uint64_t now_ms));
void http_connection_write(struct http_connection *connection, struct evhttp_request *request); /* the last of it */
/* For on_gone of a user: frees the request if evhttp has left it to its user. */
void http_connection_drop_request(struct evhttp_request *request);

/* ---- answers without evhttp, and ends (refusal.c) ---- */

struct http_refusal {
    unsigned status;
    const char *title, *detail, *remedy; /* without quotes and backslashes */
    bool is_for_now;                     /* the client may try again in a second */
};
void http_refuse(evutil_socket_t fd, const struct http_refusal *refusal); /* writes it, if the socket has room */
/* The last byte was written: closes, at once or when the client has ended, too. Takes fd over. */
void http_linger(struct http_pool *pool, evutil_socket_t fd);
void http_linger_stop(struct http_pool *pool); /* closes them at once */

/* ---- of a connection what differs by system (connection_posix.c, connection_windows.c) ---- */

evutil_socket_t http_duplicate(evutil_socket_t fd); /* another descriptor of the same connection; -1: cannot */

/* ---- listening sockets (listeners.c) ---- */

/* Listens. Takes the source over, also by an error. */
int http_listener_add(struct http_pool *pool, const struct http_source *source, struct error *error);
void http_listener_remove(struct http_pool *pool, const struct addr *addr); /* NULL: all */
/* Unix: who has connected. False: it is none of the listeners' connections. */
bool http_listeners_ask_peer(const struct http_pool *pool, evutil_socket_t fd, struct local_peer *peer);
/* What happens to who connects. False: could not be set; it is paused and tried again by the next call. */
bool http_listeners_set(struct http_pool *pool, enum http_accepting accepting);

#endif
