/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server: HTTP/1.1 for administration, on a Unix socket and on loopback addresses, by libevent's evhttp.
 *
 * What it answers by itself, before a handler is called: 503 (too many connections), 400 (malformed, wrong Host), 404,
 * 405, 401, 403 (role; foreign Origin), 413, 415, 400 for a body that is no JSON or a query that the
 * route does not take. Every error is application/problem+json but for what evhttp refuses itself: a request line or
 * header that it cannot parse.
 *
 * Who may what: on the Unix socket the peer's user decides (root, the user of the process, members of the socket's
 * group: HTTP_ROLE_ADMIN; others 403). On TCP a bearer token has a role. Routes of HTTP_ROLE_NONE need neither.
 *
 * Bounds: 24 connections on TCP (four browsers, which open six each) and 24 on the Unix socket, half of them event
 * streams; 16 KiB of headers and 64 KiB of content; 10 s from the first byte of a request to its last, 10 s to take the
 * answer; 60 s idle; 10,000 requests on a connection. A client that is refused while it still sends gets the answer: up
 * to 16 MiB of it are dropped, for up to 10 s, on 24 such connections of each kind. 100 requests a
 * second of all connections together; those that come sooner wait for their turn.
 *
 * Runs on: the thread of the event base. Owns: the listening sockets, the connections, the requests until they are
 * answered. Nothing blocks. States: new -> listening -> freed.
 */
#ifndef MUNNEL_LIB_HTTP_SERVER_H
#define MUNNEL_LIB_HTTP_SERVER_H

#include "lib/base/error.h"
#include "lib/http/assets.h"
#include "lib/http/local_listener.h"
#include "lib/http/request.h"
#include "lib/http/tokens.h"
#include "lib/net/addr.h"

#include <event2/event.h>
#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_body { HTTP_BODY_NONE, HTTP_BODY_OPTIONAL, HTTP_BODY_REQUIRED }; /* a JSON object */

struct http_route {          /* a table of them must outlive the server */
    enum http_method method; /* HTTP_METHOD_GET serves HEAD, too */
    const char *path;        /* "/v1/services/{service}/pause": a parameter is a whole segment, 4 at most */
    enum http_role role;     /* the least one */
    enum http_body body;
    const char *query; /* names of the parameters that it takes, "sort limit"; NULL: none. Others: 400, so that
                          ?dryrun=1 is no real run */
    void (*handle)(struct http_request *request, void *context);
};

struct http_options {
    const struct http_route *routes;
    size_t route_count;
    const struct http_asset *assets; /* below the routes; NULL: none */
    size_t asset_count;
    void *context;            /* of the handlers and of on_answer */
    const char *const *hosts; /* NULL, or names for Host on TCP, NULL-terminated: "admin.example:8443", or without port
                                 for any; besides localhost and the loopback addresses, of any port. Copied. */
    /* After each answer, also to what was refused before a handler ran, and also if the client is gone or was sent 504
     * before; for the log. May be NULL. */
    void (*on_answer)(void *context, const struct http_request *request, unsigned status);
    unsigned connections_most; /* of each kind; 0: 24 */
    unsigned requests_per_s;   /* of all together, 1 to 1,000,000; more wait for their turn; 0: 100 */
    unsigned request_ms;       /* first byte to last, and again for the answer; 0: 10 s */
    unsigned idle_ms;          /* between requests; 0: 60 s */
    unsigned handler_ms;       /* until a handler has answered, else 504; 0: 60 s */
    unsigned keepalive_ms;     /* between comments on an event stream that is quiet; 0: 15 s */
    size_t stream_bytes;       /* of a stream that its reader has not taken; beyond, it is closed; 0: 256 KiB */
};

struct http_server;

/* NULL with error: out of memory, a route that is malformed or there twice. */
struct http_server *http_server_new(struct event_base *base, const struct http_options *options, struct error *error);
/* NULL is fine. Closes everything at once; requests that a handler keeps stay valid, and are gone. */
void http_server_free(struct http_server *server);

/*
 * Binds and listens. unix: mode 0660 and `owner` ("USER:GROUP", ":GROUP", NULL: as it is); removed by http_server_free.
 * TCP: loopback addresses only, and only with tokens; *addr gets the port that 0 became. 0, or -1 with error.
 */
int http_server_listen(struct http_server *server, struct addr *addr, const char *owner, struct error *error);
/* The same with a TCP socket that is bound (before privileges went) or that the service manager passed, and with a
 * local listener that is bound: taken over, also by an error. */
int http_server_listen_fd(struct http_server *server, evutil_socket_t fd, const struct addr *addr, struct error *error);
int http_server_listen_local(struct http_server *server, struct local_listener *local, struct error *error);
/* Stops listening on this address; its connections are served on. */
void http_server_unlisten(struct http_server *server, const struct addr *addr);

/* Exchanges the tokens (a reload); takes them over. NULL: none is right. Streams whose token is gone are closed. */
void http_server_set_tokens(struct http_server *server, struct http_tokens *tokens);

struct http_counts { /* since the start, but for the first two */
    unsigned connections_unix, connections_tcp;
    unsigned streams;
    uint64_t requests;
    uint64_t delayed;       /* of these: came sooner than they are taken */
    uint64_t refused_busy;  /* 503: too many connections or streams */
    uint64_t refused_token; /* wrong ones */
    uint64_t refused_peer;  /* Unix: another user */
    uint64_t refused_host, refused_origin;
    uint64_t refused_malformed; /* 400, 413, 415 of the server's own */
    uint64_t timed_out;         /* slow to send, slow to read, or a handler that did not answer */
    uint64_t streams_dropped;   /* their readers were too slow */
};
struct http_counts http_server_counts(const struct http_server *server);

#endif
