/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_fixture: a server on a Unix socket (on Windows: a pipe) and a loopback port within the test's own loop, and
 * clients that send bytes.
 */
#ifndef MUNNEL_TESTS_HTTP_FIXTURE_H
#define MUNNEL_TESTS_HTTP_FIXTURE_H

#include "lib/http/event_stream.h"
#include "lib/http/server.h"

#include "local_client.h"
#include "unit.h"

#define VIEW_TOKEN  "view-0123456789abcdef0123456789abcdef"
#define ADMIN_TOKEN "admin-0123456789abcdef0123456789abcdef"
#define BEARER      "Authorization: Bearer " ADMIN_TOKEN "\r\n"
#define HOST        "Host: localhost\r\n"

struct fixture {
    struct event_base *base;
    struct http_server *server;
    struct http_options options;
    struct addr unix_addr, tcp_addr;
    /* What the handlers below and on_answer noted. */
    struct http_request *kept; /* of POST /later: to be answered by the test */
    struct http_stream *stream;
    unsigned handled, answered, gone, closed;
    unsigned last_status;
    char last_actor[100];
    char last_param[256];
};

/*
 * GET /v1/status, /v1/services/{service}, /v1/large (4 MiB), /open (no role), /query (sort limit dry_run), /events;
 * PUT /v1/services/{service} (admin, a body; If-Match "v1"), POST /v1/pause (operate), POST /later (kept), DELETE
 * /v1/services/{service}; assets "/" and "/app.js" (with gzip).
 */
void fixture_defaults(struct fixture *fixture); /* the options, to be changed before the next */
void fixture_start(struct fixture *fixture);
void fixture_stop(struct fixture *fixture);

struct peer { /* a client */
    struct fixture *fixture;
    evutil_socket_t fd;
    char *bytes; /* what came, terminated */
    size_t length;
    bool has_ended, was_reset;
};

struct peer peer_connect(struct fixture *fixture, bool is_tcp);
void peer_send(struct peer *peer, const char *bytes, size_t length); /* runs the loop until all has been taken */
void peer_text(struct peer *peer, const char *text);
void peer_take(struct peer *peer);                       /* what is there now */
bool peer_wait_end(struct peer *peer);                   /* until the server has closed */
bool peer_wait_for(struct peer *peer, const char *text); /* until this has come */
unsigned peer_wait_answer(struct peer *peer);            /* a whole answer; its status, 0: none came */
void peer_forget(struct peer *peer);                     /* what came */
void peer_close(struct peer *peer);
const char *peer_content(const struct peer *peer); /* behind the head; "" */

/* One request on a connection of its own: the status, 0 if the server closed without an answer. */
unsigned ask(struct fixture *fixture, bool is_tcp, const char *request);
/* The same; the answer is malloc'ed. */
char *ask_all(struct fixture *fixture, bool is_tcp, const char *request);

#endif
