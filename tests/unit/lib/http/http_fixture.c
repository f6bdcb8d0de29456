/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_fixture: see http_fixture.h.
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/http/local_listener.h"
#include "lib/net/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 8000, LARGE = 4 * 1024 * 1024, ROOM = 64 * 1024 };

/* ---- handlers ---- */

static void answer_status(struct http_request *request, void *context) {
    struct fixture *fixture = context;
    fixture->handled++;
    http_answer_json(request, 200, json_pack("{ss}", "state", "ok"));
}

static void answer_service(struct http_request *request, void *context) {
    struct fixture *fixture = context;
    fixture->handled++;
    snprintf(fixture->last_param, sizeof fixture->last_param, "%s", http_request_param(request, "service"));
    http_request_set_version(request, "v1");
    http_answer_json(request, 200, json_pack("{ss}", "name", fixture->last_param));
}

static void put_service(struct http_request *request, void *context) {
    struct fixture *fixture = context;
    fixture->handled++;
    if (http_request_require_match(request, "v1"))
        http_answer_json(request, 201, json_deep_copy(http_request_body(request)));
}

static void answer_done(struct http_request *request, void *context) {
    struct fixture *fixture = context;
    fixture->handled++;
    http_answer_empty(request, 204);
}

static void answer_large(struct http_request *request, void *context) {
    (void)context;
    struct evbuffer *content = evbuffer_new();
    char *bytes = calloc(1, LARGE);
    ck_assert_int_eq(evbuffer_add(content, bytes, LARGE), 0);
    free(bytes);
    http_answer_content(request, 200, "application/octet-stream", content);
}

static void answer_query(struct http_request *request, void *context) {
    (void)context;
    static const char *const sorts[] = {"rate", "-rate", NULL};
    uint64_t limit = 100;
    bool is_dry = false;
    size_t sort = 0;
    if (!http_query_number(request, "limit", 1, 1000, &limit) || !http_query_flag(request, "dry_run", &is_dry) ||
        !http_query_choice(request, "sort", sorts, &sort))
        return;
    http_answer_json(request, 200,
                     json_pack("{sI,sb,ss}", "limit", (json_int_t)limit, "dry_run", is_dry, "sort", sorts[sort]));
}

static void note_gone(struct http_request *request, void *context) {
    struct fixture *fixture = context;
    ck_assert(http_request_is_gone(request));
    fixture->gone++;
}

static void keep(struct http_request *request, void *context) {
    struct fixture *fixture = context;
    fixture->handled++;
    fixture->kept = request;
    http_request_on_gone(request, note_gone, fixture);
}

static void note_closed(void *context) {
    struct fixture *fixture = context;
    fixture->closed++;
    fixture->stream = NULL;
}

static void stream(struct http_request *request, void *context) {
    struct fixture *fixture = context;
    const char *id = http_request_header(request, "Last-Event-ID");
    snprintf(fixture->last_param, sizeof fixture->last_param, "%s", id ? id : "");
    struct http_stream *stream = http_stream_open(request, note_closed, fixture);
    if (stream)
        fixture->stream = stream;
}

static void note_answer(void *context, const struct http_request *request, unsigned status) {
    struct fixture *fixture = context;
    fixture->answered++;
    fixture->last_status = status;
    snprintf(fixture->last_actor, sizeof fixture->last_actor, "%s", http_request_actor(request));
}

static const struct http_route routes[] = {
    {HTTP_METHOD_GET, "/v1/status", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, answer_status},
    {HTTP_METHOD_GET, "/v1/services/{service}", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, answer_service},
    {HTTP_METHOD_PUT, "/v1/services/{service}", HTTP_ROLE_ADMIN, HTTP_BODY_REQUIRED, NULL, put_service},
    {HTTP_METHOD_DELETE, "/v1/services/{service}", HTTP_ROLE_ADMIN, HTTP_BODY_NONE, NULL, answer_done},
    {HTTP_METHOD_POST, "/v1/pause", HTTP_ROLE_OPERATE, HTTP_BODY_OPTIONAL, NULL, answer_done},
    {HTTP_METHOD_GET, "/v1/large", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, answer_large},
    {HTTP_METHOD_GET, "/open", HTTP_ROLE_NONE, HTTP_BODY_NONE, NULL, answer_status},
    {HTTP_METHOD_GET, "/query", HTTP_ROLE_NONE, HTTP_BODY_NONE, "sort limit dry_run", answer_query},
    {HTTP_METHOD_POST, "/later", HTTP_ROLE_OPERATE, HTTP_BODY_OPTIONAL, NULL, keep},
    {HTTP_METHOD_GET, "/events", HTTP_ROLE_VIEW, HTTP_BODY_NONE, NULL, stream},
};

static const struct http_asset assets[] = {
    {"/", "text/html; charset=utf-8", "page1", (const uint8_t *)"<!doctype html>", 15, NULL, 0},
    {"/app.js", "text/javascript", "app1", (const uint8_t *)"let a = 1;", 10, (const uint8_t *)"packed", 6},
};

/* ---- the server ---- */

void fixture_defaults(struct fixture *fixture) {
    memset(fixture, 0, sizeof *fixture);
    fixture->options = (struct http_options){.connections_most = 8,
                                             .requests_per_s = 100000,
                                             .routes = routes,
                                             .route_count = sizeof routes / sizeof routes[0],
                                             .assets = assets,
                                             .asset_count = sizeof assets / sizeof assets[0],
                                             .context = fixture,
                                             .on_answer = note_answer};
}

static struct addr addr_of(const char *text) {
    struct endpoint endpoint;
    struct error error = {""};
    struct addr addr;
    ck_assert_msg(endpoint_parse(&endpoint, text, &error) == 0, "%s", error.text);
    ck_assert_msg(addr_from_endpoint(&addr, &endpoint), "%s", text);
    return addr;
}

void fixture_start(struct fixture *fixture) {
    struct error error = {""};
    fixture->base = event_base_new();
    fixture->server = http_server_new(fixture->base, &fixture->options, &error);
    ck_assert_msg(fixture->server, "%s", error.text);
    struct http_tokens *tokens =
        http_tokens_read(unit_text_file("tokens", "view grafana " VIEW_TOKEN "\nadmin laptop " ADMIN_TOKEN "\n"),
                         &error);
    ck_assert_msg(tokens, "%s", error.text);
    http_server_set_tokens(fixture->server, tokens);
    fixture->unix_addr = local_addr("http.sock");
    fixture->tcp_addr = addr_of("127.0.0.1:1");
    addr_set_port(&fixture->tcp_addr, 0);
    ck_assert_msg(!http_server_listen(fixture->server, &fixture->unix_addr, NULL, &error), "%s", error.text);
    ck_assert_msg(!http_server_listen(fixture->server, &fixture->tcp_addr, NULL, &error), "%s", error.text);
}

static bool is_free(void *addr) {
    return !local_listener_is_served(addr);
}

void fixture_stop(struct fixture *fixture) {
    http_server_free(fixture->server);
    fixture->server = NULL;
    unit_run_rounds(fixture->base, 2);
    (void)unit_wait_until(is_free, &fixture->unix_addr, LIMIT_MS); /* a pipe, a moment later */
    event_base_free(fixture->base);
}

/* ---- clients ---- */

struct peer peer_connect(struct fixture *fixture, bool is_tcp) {
    struct peer peer = {.fixture = fixture};
    bool done;
    peer.fd = is_tcp ? sock_connect(&fixture->tcp_addr, NULL, &done) : local_connect(&fixture->unix_addr);
    ck_assert_msg(peer.fd >= 0, "%s", strerror(errno));
    peer.bytes = calloc(1, 1);
    return peer;
}

void peer_take(struct peer *peer) {
    char *part = malloc(ROOM);
    for (ssize_t count; !peer->has_ended;) {
        count = unit_receive(peer->fd, part, ROOM);
        if (count < 0 && sock_would_block(errno))
            break;
        peer->was_reset = peer->was_reset || count < 0;
        peer->has_ended = count <= 0;
        if (count <= 0)
            break;
        peer->bytes = realloc(peer->bytes, peer->length + (size_t)count + 1);
        memcpy(peer->bytes + peer->length, part, (size_t)count);
        peer->length += (size_t)count;
        peer->bytes[peer->length] = '\0';
    }
    free(part);
}

struct sending {
    struct peer *peer;
    const char *bytes;
    size_t left;
};

static bool has_sent(void *context) {
    struct sending *sending = context;
    ssize_t count = unit_send(sending->peer->fd, sending->bytes, sending->left);
    if (count > 0) {
        sending->bytes += count;
        sending->left -= (size_t)count;
    }
    return sending->left == 0 || (count < 0 && !sock_would_block(errno));
}

void peer_send(struct peer *peer, const char *bytes, size_t length) {
    struct sending sending = {peer, bytes, length};
    (void)unit_run_until(peer->fixture->base, has_sent, &sending, LIMIT_MS);
}

void peer_text(struct peer *peer, const char *text) {
    peer_send(peer, text, strlen(text));
}

static bool has_ended(void *context) {
    struct peer *peer = context;
    peer_take(peer);
    return peer->has_ended;
}

bool peer_wait_end(struct peer *peer) {
    return unit_run_until(peer->fixture->base, has_ended, peer, LIMIT_MS);
}

struct expecting {
    struct peer *peer;
    const char *text;
};

static bool has_come(void *context) {
    struct expecting *expecting = context;
    peer_take(expecting->peer);
    return expecting->peer->has_ended || strstr(expecting->peer->bytes, expecting->text);
}

bool peer_wait_for(struct peer *peer, const char *text) {
    struct expecting expecting = {peer, text};
    return unit_run_until(peer->fixture->base, has_come, &expecting, LIMIT_MS) && strstr(peer->bytes, text);
}

const char *peer_content(const struct peer *peer) {
    const char *end = strstr(peer->bytes, "\r\n\r\n");
    return end ? end + 4 : "";
}

static bool is_complete(void *context) {
    struct peer *peer = context;
    peer_take(peer);
    const char *end = strstr(peer->bytes, "\r\n\r\n"), *length = strstr(peer->bytes, "Content-Length: ");
    size_t head = end ? (size_t)(end + 4 - peer->bytes) : 0;
    return peer->has_ended ||
           (end && (!length || length > end || peer->length - head >= strtoul(length + 16, NULL, 10)));
}

unsigned peer_wait_answer(struct peer *peer) {
    unsigned status = 0;
    ck_assert_msg(unit_run_until(peer->fixture->base, is_complete, peer, LIMIT_MS), "no answer: %s", peer->bytes);
    return sscanf(peer->bytes, "HTTP/1.%*c %u", &status) == 1 ? status : 0;
}

void peer_forget(struct peer *peer) {
    peer->length = 0;
    peer->bytes[0] = '\0';
}

void peer_close(struct peer *peer) {
    sock_close(peer->fd);
    free(peer->bytes);
    peer->bytes = NULL;
}

unsigned ask(struct fixture *fixture, bool is_tcp, const char *request) {
    struct peer peer = peer_connect(fixture, is_tcp);
    peer_text(&peer, request);
    unsigned status = peer_wait_answer(&peer);
    peer_close(&peer);
    unit_run_rounds(fixture->base, 2);
    return status;
}

char *ask_all(struct fixture *fixture, bool is_tcp, const char *request) {
    struct peer peer = peer_connect(fixture, is_tcp);
    peer_text(&peer, request);
    (void)peer_wait_answer(&peer);
    char *answer = strdup(peer.bytes);
    peer_close(&peer);
    unit_run_rounds(fixture->base, 2);
    return answer;
}
