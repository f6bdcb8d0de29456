/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * request: a handle made of evhttp's request, which ends with its connection; the handle does not.
 * Runs on: the thread of the event base. Owns: its copies.
 */
#include "config.h"

#include "lib/base/strbuf.h"
#include "lib/http/request_priv.h"

#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Those that http_request_header() finds. */
static const char *const kept[HTTP_KEPT_HEADERS] = {
    "Accept", "Accept-Encoding", "If-Match", "If-None-Match", "Last-Event-ID", "User-Agent", "Content-Type",
};

static const struct {
    enum evhttp_cmd_type type;
    enum http_method method;
} methods[] = {{EVHTTP_REQ_GET, HTTP_METHOD_GET},
               {EVHTTP_REQ_HEAD, HTTP_METHOD_GET},
               {EVHTTP_REQ_POST, HTTP_METHOD_POST},
               {EVHTTP_REQ_PUT, HTTP_METHOD_PUT},
               {EVHTTP_REQ_DELETE, HTTP_METHOD_DELETE}};

static enum http_method method_of(enum evhttp_cmd_type type) {
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (methods[i].type == type)
            return methods[i].method;
    return HTTP_METHOD_OTHER;
}

const char *http_method_name(enum http_method method) {
    static const char *const names[] = {"GET", "POST", "PUT", "DELETE", "other"};
    return names[method];
}

/* For the log, also of a target that is refused. */
static void keep_path(struct http_request *request, const char *target) {
    size_t length = strcspn(target, "?");
    struct strbuf path = strbuf_begin(request->path, sizeof request->path);
    strbuf_add_part(&path, target, length);
    for (char *at = request->path; *at; at++)
        if (*at <= ' ' || *at > '~')
            *at = '?';
}

static bool keep_headers(struct http_request *request) {
    const struct evkeyvalq *headers = evhttp_request_get_input_headers(request->evhttp);
    for (size_t i = 0; i < HTTP_KEPT_HEADERS; i++) {
        const char *value = evhttp_find_header(headers, kept[i]);
        request->headers[i] = value ? strdup(value) : NULL;
        if (value && !request->headers[i])
            return false;
    }
    return true;
}

struct http_request *http_request_new(struct http_server *server, struct http_connection *connection,
                                      struct evhttp_request *evhttp) {
    struct http_request *request = server->pending < HTTP_PENDING_MOST ? calloc(1, sizeof *request) : NULL;
    if (!request)
        return NULL;
    request->server = server;
    request->connection = connection;
    request->evhttp = evhttp;
    request->method = method_of(evhttp->type);
    request->is_head = evhttp->type == EVHTTP_REQ_HEAD;
    request->is_unix = connection->pool->is_unix;
    strbuf_copy(request->actor, sizeof request->actor, "unknown");
    keep_path(request, evhttp->uri);
    TAILQ_INSERT_TAIL(&server->requests, request, all);
    server->pending++;
    if (keep_headers(request))
        return request;
    http_request_free(request);
    return NULL;
}

void http_request_free(struct http_request *request) {
    if (request->server) {
        TAILQ_REMOVE(&request->server->requests, request, all);
        request->server->pending--;
    }
    for (size_t i = 0; i < HTTP_KEPT_HEADERS; i++)
        free(request->headers[i]);
    json_decref(request->body);
    free(request->query);
    free(request);
}

void http_request_lost(void *context) {
    struct http_request *request = context;
    http_connection_drop_request(request->evhttp);
    request->connection = NULL;
    request->evhttp = NULL;
    request->target = (struct target){0};
    void (*on_gone)(struct http_request *, void *) = request->on_gone;
    request->on_gone = NULL;
    if (on_gone)
        on_gone(request, request->gone_context);
}

enum http_method http_request_method(const struct http_request *request) {
    return request->method;
}

const char *http_request_path(const struct http_request *request) {
    return request->path;
}

enum http_role http_request_role(const struct http_request *request) {
    return request->role;
}

const char *http_request_actor(const struct http_request *request) {
    return request->actor;
}

static const char *find_value(const struct http_value *values, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strlen(name) == values[i].name_length && memcmp(name, values[i].name, values[i].name_length) == 0)
            return values[i].text;
    return NULL;
}

const char *http_request_param(const struct http_request *request, const char *name) {
    return find_value(request->params, request->param_count, name);
}

const char *http_request_query(const struct http_request *request, const char *name) {
    return find_value(request->query, request->query_count, name);
}

const char *http_request_header(const struct http_request *request, const char *name) {
    for (size_t i = 0; i < HTTP_KEPT_HEADERS; i++)
        if (!strcasecmp(kept[i], name))
            return request->headers[i];
    return NULL;
}

const json_t *http_request_body(const struct http_request *request) {
    return request->body;
}

bool http_request_is_gone(const struct http_request *request) {
    return !request->connection;
}

void http_request_on_gone(struct http_request *request, void (*on_gone)(struct http_request *request, void *context),
                          void *context) {
    request->on_gone = on_gone;
    request->gone_context = context;
}
