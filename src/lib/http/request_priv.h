/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * request: what the files of this folder share of requests and of the server.
 */
#ifndef MUNNEL_LIB_HTTP_REQUEST_PRIV_H
#define MUNNEL_LIB_HTTP_REQUEST_PRIV_H

#include "lib/base/queue.h"
#include "lib/base/strlist.h"
#include "lib/http/pool_priv.h"
#include "lib/http/target.h"

enum {
    HTTP_PARAMS_MOST = 4,
    HTTP_QUERY_MOST = 16,
    HTTP_PENDING_MOST = 64,
    HTTP_PATH_KEPT = 256,
    HTTP_VERSION_MOST = 80
};
enum { HTTP_KEPT_HEADERS = 7 };
enum { HTTP_HEADERS_MOST = 16 * 1024, HTTP_BODY_MOST = 64 * 1024, HTTP_BODY_DEPTH = 32 };

struct http_value {   /* a parameter of the path or the query */
    const char *name; /* within the route's text */
    size_t name_length;
    char text[TARGET_VALUE];
};

struct http_request {
    TAILQ_ENTRY(http_request) all;      /* of the server */
    TAILQ_ENTRY(http_request) turn;     /* while it waits for its turn */
    struct http_server *server;         /* NULL: freed */
    struct http_connection *connection; /* NULL: the client is gone */
    struct evhttp_request *evhttp;      /* NULL likewise */
    const struct http_route *route;     /* NULL: refused before there was one */
    const struct http_asset *asset;
    struct target target; /* within evhttp's text: while there is a connection */
    enum http_method method;
    bool is_head;
    bool must_close;  /* the connection, after the answer */
    unsigned allowed; /* methods, for Allow; 0: none to tell */
    unsigned retry_s; /* Retry-After; 0: none */
    enum http_role role;
    bool is_unix;
    char actor[HTTP_TOKEN_NAME + 16];
    char path[HTTP_PATH_KEPT];
    size_t param_count, query_count;
    struct http_value params[HTTP_PARAMS_MOST];
    struct http_value *query; /* query_count of them */
    char *headers[HTTP_KEPT_HEADERS];
    json_t *body;
    char version[HTTP_VERSION_MOST + 1];
    void (*on_gone)(struct http_request *request, void *context);
    void *gone_context;
};

struct http_pacing {
    unsigned requests_per_s;
    uint64_t due_us; /* of clock_us(): when the next request is expected */
    void (*handle)(struct http_request *request);
    struct event *timer; /* for the first that waits */
    TAILQ_HEAD(, http_request) waiting;
};

struct http_server {
    struct http_options options;
    struct http_limits limits;
    struct http_counts counts;
    struct strlist hosts;
    struct http_tokens *tokens;
    struct http_pacing pacing;
    struct http_pool *unix_pool, *tcp_pool;
    TAILQ_HEAD(, http_request) requests; /* that are not answered */
    unsigned pending;                    /* how many */
};

/* ---- request.c ---- */

/* From evhttp's: with copies of what is used later. NULL: out of memory, or too many are pending. */
struct http_request *http_request_new(struct http_server *server, struct http_connection *connection,
                                      struct evhttp_request *evhttp);
void http_request_free(struct http_request *request);
void http_request_lost(void *request); /* on_gone of its connection */

/* ---- answer.c ---- */

/* The head of an answer; false: out of memory, and the connection is going. */
bool http_answer_begin(struct http_request *request, unsigned status, const char *content_type);
const char *http_status_text(unsigned status);
void http_answer_asset(struct http_request *request);

/* ---- pacing.c ---- */

/* False: out of memory. */
bool http_pacing_init(struct http_pacing *pacing, struct event_base *base, unsigned requests_per_s,
                      void (*handle)(struct http_request *request));
void http_pacing_done(struct http_pacing *pacing);   /* none waits any more */
void http_pacing_take(struct http_request *request); /* handles it now or in its turn; frees it if its client goes */

/* ---- checks, in the order in which they are made; false: the request has been answered ---- */

bool http_check_framing(struct http_request *request); /* framing.c */
bool http_check_peer(struct http_request *request);    /* access.c */
bool http_check_host(struct http_request *request);
bool http_check_origin(struct http_request *request);
bool http_check_role(struct http_request *request);
bool http_check_route(struct http_request *request); /* routes.c: finds it */
bool http_check_query(struct http_request *request);
bool http_check_body(struct http_request *request); /* body.c */

int http_routes_check(const struct http_route *routes, size_t count, struct error *error);

#endif
