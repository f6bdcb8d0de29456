/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * answer: the one place where an answer leaves: its head with the security headers, and its content.
 *
 * Without memory for it the connection is ended: an answer without those headers is worse than none.
 * Runs on: the thread of the event base. Owns: nothing.
 */
#include "config.h"

#include "lib/base/json.h"
#include "lib/http/request_priv.h"

#include <assert.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REQUESTS_MOST = 10000, NUMBER_TEXT = 24, ALLOW_TEXT = 64 };

static const struct {
    unsigned status;
    const char *text;
} statuses[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {507, "Insufficient Storage"},
    {505, "HTTP Version Not Supported"},
};

const char *http_status_text(unsigned status) {
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].status == status)
            return statuses[i].text;
    return "Unknown";
}

#define NO_FRAMES "; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
static const char page_policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                  "font-src 'self'; connect-src 'self'" NO_FRAMES;
static const char other_policy[] = "default-src 'none'" NO_FRAMES;

static bool add(struct http_request *request, const char *name, const char *value) {
    return evhttp_add_header(evhttp_request_get_output_headers(request->evhttp), name, value) == 0;
}

static bool add_security(struct http_request *request) {
    return add(request, "Content-Security-Policy", request->asset ? page_policy : other_policy) &&
           add(request, "Cache-Control", request->asset ? "no-cache" : "no-store") &&
           add(request, "X-Content-Type-Options", "nosniff") && add(request, "X-Frame-Options", "DENY") &&
           add(request, "Referrer-Policy", "no-referrer") &&
           add(request, "Cross-Origin-Opener-Policy", "same-origin") &&
           add(request, "Cross-Origin-Resource-Policy", "same-origin");
}

static bool add_version(struct http_request *request) {
    char tag[HTTP_VERSION_MOST + 3];
    snprintf(tag, sizeof tag, "\"%s\"", request->version);
    return !request->version[0] || add(request, "ETag", tag);
}

static bool add_allow(struct http_request *request) {
    char allow[ALLOW_TEXT] = "";
    for (enum http_method method = HTTP_METHOD_GET; method < HTTP_METHOD_OTHER; method++) {
        size_t used = strlen(allow);
        if (request->allowed >> method & 1)
            snprintf(allow + used, sizeof allow - used, "%s%s", used ? ", " : "",
                     method == HTTP_METHOD_GET ? "GET, HEAD" : http_method_name(method));
    }
    return add(request, "Allow", allow);
}

static bool add_retry(struct http_request *request) {
    char seconds[NUMBER_TEXT];
    snprintf(seconds, sizeof seconds, "%u", request->retry_s);
    return !request->retry_s || add(request, "Retry-After", seconds);
}

bool http_answer_begin(struct http_request *request, unsigned status, const char *content_type) {
    bool must_close = request->must_close || request->connection->requests >= REQUESTS_MOST;
    request->connection->is_last = must_close;
    if ((!content_type || add(request, "Content-Type", content_type)) && add_security(request) &&
        add_version(request) && add_retry(request) && (status != 405 || add_allow(request)) &&
        (status != 401 || add(request, "WWW-Authenticate", "Bearer realm=\"munnel\"")) &&
        (!must_close || add(request, "Connection", "close")))
        return true;
    http_connection_abort(request->connection);
    return false;
}

/* RFC 9110 section 13.1.2: compared weakly. */
static bool is_known(const struct http_request *request) {
    const char *tags = http_request_header(request, "If-None-Match");
    char tag[HTTP_VERSION_MOST + 3];
    if (!tags || !request->version[0])
        return false;
    snprintf(tag, sizeof tag, "\"%s\"", request->version);
    return !strcmp(tags, "*") || strstr(tags, tag);
}

/* It takes the answers to these for ones without content. */
static bool has_length_added(const struct http_request *request) {
    return !request->is_head && request->evhttp->type != EVHTTP_REQ_CONNECT;
}

static void send_content(struct http_request *request, unsigned status, struct evbuffer *content) {
    char length[NUMBER_TEXT];
    if (!has_length_added(request) && content) {
        snprintf(length, sizeof length, "%zu", evbuffer_get_length(content));
        if (!add(request, "Content-Length", length)) {
            http_connection_abort(request->connection);
            return;
        }
    }
    http_connection_write(request->connection, request->evhttp);
    evhttp_send_reply(request->evhttp, (int)status, http_status_text(status), request->is_head ? NULL : content);
}

/* Takes the content over, and ends the handle. */
static void answer(struct http_request *request, unsigned status, const char *content_type, struct evbuffer *content) {
    if (request->connection) {
        if (status == 200 && request->method == HTTP_METHOD_GET && is_known(request)) {
            status = 304;
            content_type = NULL;
        }
        if (status == 304 && content)
            (void)evbuffer_drain(content, evbuffer_get_length(content));
        if (http_answer_begin(request, status, content_type))
            send_content(request, status, status == 304 ? NULL : content);
        if (request->connection->phase == HTTP_PHASE_HANDLING) { /* nothing was sent: it goes without us */
            request->connection->on_gone = NULL;
            request->connection->on_time = NULL;
        }
    }
    if (request->server && request->server->options.on_answer) /* also without a client: what it asked for was done */
        request->server->options.on_answer(request->server->options.context, request, status);
    if (content)
        evbuffer_free(content);
    http_request_free(request);
}

void http_answer_empty(struct http_request *request, unsigned status) {
    answer(request, status, NULL, NULL);
}

void http_answer_content(struct http_request *request, unsigned status, const char *content_type,
                         struct evbuffer *content) {
    if (content)
        answer(request, status, content_type, content);
    else
        http_answer_error(request, 500, "out of memory");
}

static void free_text(const void *text, size_t length, void *context) {
    (void)text, (void)length;
    free(context);
}

/* NULL: out of memory. Takes the text over. */
static struct evbuffer *buffer_of(char *text) {
    struct evbuffer *buffer = text ? evbuffer_new() : NULL;
    if (buffer && evbuffer_add_reference(buffer, text, strlen(text), free_text, text) == 0)
        return buffer;
    if (buffer)
        evbuffer_free(buffer);
    free(text);
    return NULL;
}

void http_answer_json(struct http_request *request, unsigned status, json_t *body) {
    http_answer_content(request, status, "application/json", buffer_of(body ? json_to_text(body) : NULL));
}

void http_answer_text(struct http_request *request, unsigned status, const char *text) {
    http_answer_content(request, status, "text/plain; charset=utf-8", buffer_of(strdup(text)));
}

/* What is not UTF-8 is left out, as if it were not there. */
static void set_text(json_t *problem, const char *key, const char *text) {
    if (text)
        (void)json_object_set_new(problem, key, json_string(text));
}

static char *problem_text(const struct http_problem *problem) {
    json_t *body = json_pack("{ss}", "type", "about:blank");
    if (!body)
        return NULL;
    set_text(body, "title", problem->title ? problem->title : http_status_text(problem->status));
    (void)json_object_set_new(body, "status", json_integer(problem->status));
    set_text(body, "detail", problem->detail);
    set_text(body, "remedy", problem->remedy);
    set_text(body, "pointer", problem->pointer);
    set_text(body, "file", problem->file);
    if (problem->line)
        (void)json_object_set_new(body, "line", json_integer(problem->line));
    return json_to_text(body);
}

/* Without memory for a text the status is the answer. */
void http_answer_problem(struct http_request *request, const struct http_problem *problem) {
    struct evbuffer *content = buffer_of(problem_text(problem));
    answer(request, problem->status, content ? "application/problem+json" : NULL, content);
}

void http_answer_error(struct http_request *request, unsigned status, const char *format, ...) {
    struct error detail;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(detail.text, sizeof detail.text, format, arguments);
    va_end(arguments);
    http_answer_problem(request, &(struct http_problem){.status = status, .detail = detail.text});
}

/* RFC 9110 section 12.4.2: "; q=0.5", with or without blanks; 0 is a refusal. */
static bool has_weight(const char *parameter) {
    const char *weight = parameter + strspn(parameter, "; \t");
    if (strncasecmp(weight, "q=", 2) != 0)
        return true;
    weight += 2;
    return strspn(weight, "0.") < strspn(weight, "0123456789.");
}

static bool takes_gzip(const struct http_request *request) {
    static const char coding[] = "gzip";
    const char *accepted = http_request_header(request, "Accept-Encoding");
    const char *gzip = accepted ? strstr(accepted, coding) : NULL;
    return request->asset->gzip && gzip && has_weight(gzip + sizeof coding - 1);
}

/* The bytes are in the program, so they are sent from there. */
void http_answer_asset(struct http_request *request) {
    const struct http_asset *asset = request->asset;
    bool is_gzip = takes_gzip(request);
    struct evbuffer *content = evbuffer_new();
    snprintf(request->version, sizeof request->version, "%s%s", asset->etag, is_gzip ? "-gzip" : "");
    bool is_ready = content &&
                    evbuffer_add_reference(content, is_gzip ? asset->gzip : asset->bytes,
                                           is_gzip ? asset->gzip_size : asset->size, NULL, NULL) == 0 &&
                    (!asset->gzip || add(request, "Vary", "Accept-Encoding")) &&
                    (!is_gzip || add(request, "Content-Encoding", "gzip"));
    if (!is_ready)
        http_connection_abort(request->connection);
    answer(request, 200, asset->content_type, content);
}
