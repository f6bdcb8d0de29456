/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server: two pools of connections, and the way of a request through the checks to its handler.
 * Runs on: the thread of the event base. Owns: the pools, the tokens, the names for Host.
 */
#include "config.h"

#include "lib/http/server.h"

#include "lib/http/request_priv.h"
#include "lib/net/sock.h"

#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS = 24, REQUEST_MS = 10000, IDLE_MS = 60000, HANDLER_MS = 60000, KEEPALIVE_MS = 15000 };
enum { REQUESTS_PER_S = 100 };
enum { STREAM_BYTES = 256 * 1024, TICK_MS = 250, TICK_LEAST_MS = 10 };

/* on_time of a request whose handler has not answered: the handler's answer, when it comes, is dropped. */
static void on_late(void *context, uint64_t now_ms) {
    (void)now_ms;
    struct http_request *request = context;
    request->server->counts.timed_out++;
    struct http_request *late = http_request_new(request->server, request->connection, request->evhttp);
    if (!late) {
        request->connection->must_close = true;
        return;
    }
    request->connection->on_gone = NULL; /* it loses the request now */
    late->must_close = true;
    memcpy(late->actor, request->actor, sizeof late->actor);
    http_answer_error(late, 504, "the server did not come to an answer in time");
    http_request_lost(request);
}

static void dispatch(struct http_request *request) {
    if (!http_check_framing(request) || !http_check_peer(request) || !http_check_host(request) ||
        !http_check_route(request) || !http_check_origin(request))
        return;
    if (request->asset) {
        http_answer_asset(request);
        return;
    }
    if (!http_check_role(request) || !http_check_query(request) || !http_check_body(request))
        return;
    request->route->handle(request, request->server->options.context);
}

/* evhttp has a complete request. */
static void on_request(struct http_server *server, struct http_pool *pool, struct evhttp_request *evhttp) {
    struct evhttp_connection *owner = evhttp_request_get_connection(evhttp);
    struct http_connection *connection = http_pool_find(pool, owner);
    if (!connection) {
        evhttp_connection_free(owner);
        return;
    }
    server->counts.requests++;
    struct http_request *request = http_request_new(server, connection, evhttp);
    if (!request) { /* no memory, or too many that are not answered */
        server->counts.refused_busy++;
        evhttp_send_error(evhttp, 503, http_status_text(503));
        return;
    }
    http_connection_handle(connection, request, http_request_lost, on_late);
    http_pacing_take(request);
}

static void on_unix_request(struct evhttp_request *evhttp, void *context) {
    struct http_server *server = context;
    on_request(server, server->unix_pool, evhttp);
}

static void on_tcp_request(struct evhttp_request *evhttp, void *context) {
    struct http_server *server = context;
    on_request(server, server->tcp_pool, evhttp);
}

static unsigned or_default(unsigned value, unsigned standard) {
    return value ? value : standard;
}

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

static void set_limits(struct http_limits *limits, const struct http_options *options) {
    limits->connections = or_default(options->connections_most, CONNECTIONS);
    limits->streams = (limits->connections + 1) / 2;
    limits->request_ms = or_default(options->request_ms, REQUEST_MS);
    limits->idle_ms = or_default(options->idle_ms, IDLE_MS);
    limits->handler_ms = or_default(options->handler_ms, HANDLER_MS);
    limits->keepalive_ms = or_default(options->keepalive_ms, KEEPALIVE_MS);
    limits->stream_bytes = options->stream_bytes ? options->stream_bytes : STREAM_BYTES;
    unsigned shortest =
        least(least(limits->request_ms, limits->idle_ms), least(limits->handler_ms, limits->keepalive_ms));
    limits->tick_ms = least(TICK_MS, shortest / 8 > TICK_LEAST_MS ? shortest / 8 : TICK_LEAST_MS);
}

static bool copy_hosts(struct http_server *server, const char *const *hosts) {
    for (; hosts && *hosts; hosts++)
        if (strlist_add(&server->hosts, *hosts))
            return false;
    return true;
}

struct http_server *http_server_new(struct event_base *base, const struct http_options *options, struct error *error) {
    if (http_routes_check(options->routes, options->route_count, error))
        return NULL;
    struct http_server *server = calloc(1, sizeof *server);
    if (!server) {
        error_set(error, "out of memory");
        return NULL;
    }
    server->options = *options;
    TAILQ_INIT(&server->requests);
    set_limits(&server->limits, options);
    server->unix_pool = http_pool_new(base, true, &server->limits, &server->counts, on_unix_request, server);
    server->tcp_pool = http_pool_new(base, false, &server->limits, &server->counts, on_tcp_request, server);
    if (server->unix_pool && server->tcp_pool && copy_hosts(server, options->hosts) &&
        http_pacing_init(&server->pacing, base, or_default(options->requests_per_s, REQUESTS_PER_S), dispatch))
        return server;
    error_set(error, "out of memory");
    http_server_free(server);
    return NULL;
}

void http_server_free(struct http_server *server) {
    if (!server)
        return;
    http_pool_free(server->unix_pool);
    http_pool_free(server->tcp_pool);
    struct http_request *request;
    while ((request = TAILQ_FIRST(&server->requests))) {
        TAILQ_REMOVE(&server->requests, request, all);
        request->server = NULL;
    }
    http_pacing_done(&server->pacing);
    http_tokens_free(server->tokens);
    strlist_done(&server->hosts);
    free(server);
}

static struct http_pool *pool_for(struct http_server *server, const struct addr *addr) {
    return addr_is_unix(addr) ? server->unix_pool : server->tcp_pool;
}

static int check_address(const struct http_server *server, const struct addr *addr, struct error *error) {
    char text[ADDR_TEXT];
    if (addr_is_unix(addr))
        return 0;
    addr_format(addr, text, sizeof text);
    if (!addr_is_loopback(addr))
        return error_set(error,
                         "%s is not a loopback address; write 127.0.0.1:PORT or [::1]:PORT, and reach it from "
                         "elsewhere through ssh -L",
                         text);
    if (!http_tokens_count(server->tokens))
        return error_set(error, "%s needs tokens: any process of this machine can connect to it", text);
    return 0;
}

static int listen_at(struct http_server *server, const struct http_source *source, struct error *error) {
    struct http_pool *pool = pool_for(server, &source->addr);
    if (http_listener_add(pool, source, error))
        return -1;
    http_pool_accept(pool);
    return 0;
}

int http_server_listen_fd(struct http_server *server, evutil_socket_t fd, const struct addr *addr,
                          struct error *error) {
    if (check_address(server, addr, error)) {
        sock_close(fd);
        return -1;
    }
    return listen_at(server, &(struct http_source){.addr = *addr, .fd = fd}, error);
}

int http_server_listen_local(struct http_server *server, struct local_listener *local, struct error *error) {
    const struct http_source source = {*local_listener_addr(local), local_listener_fd(local), local};
    return listen_at(server, &source, error);
}

int http_server_listen(struct http_server *server, struct addr *addr, const char *owner, struct error *error) {
    if (check_address(server, addr, error))
        return -1;
    if (addr_is_unix(addr)) {
        struct local_listener *local = local_listener_bind(addr, owner, error);
        return local ? http_server_listen_local(server, local, error) : -1;
    }
    evutil_socket_t fd = sock_bind(addr, error);
    if (fd < 0)
        return -1;
    sock_local_addr(fd, addr);
    return http_server_listen_fd(server, fd, addr, error);
}

void http_server_unlisten(struct http_server *server, const struct addr *addr) {
    http_pool_unlisten(pool_for(server, addr), addr);
}

void http_server_set_tokens(struct http_server *server, struct http_tokens *tokens) {
    http_tokens_free(server->tokens);
    server->tokens = tokens;
    http_pool_recheck(server->tcp_pool, tokens);
}

struct http_counts http_server_counts(const struct http_server *server) {
    return server->counts;
}
