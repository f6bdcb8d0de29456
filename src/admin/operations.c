/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * operations: see operations.h.
 */
#include "config.h"

#include "admin/operations.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>

static const char metrics_type[] = "text/plain; version=0.0.4; charset=utf-8";

/* A lease is renewed every few seconds, as long as it lasts. */
static bool is_renewal(const struct http_request *request) {
    static const char leases[] = "/v1/published/";

    return http_request_method(request) == HTTP_METHOD_PUT &&
           strncmp(http_request_path(request), leases, sizeof leases - 1) == 0;
}

void operations_log(struct log *log, const struct http_request *request, unsigned status) {
    if (http_request_method(request) == HTTP_METHOD_GET)
        return;
    enum log_level level = status >= 300 ? LOG_LEVEL_WARNING : is_renewal(request) ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
    log_event(log, level, "admin", "change requested",
              LOG_FIELDS(LOG_TEXT("by", http_request_actor(request)),
                         LOG_TEXT("method", http_method_name(http_request_method(request))),
                         LOG_TEXT("path", http_request_path(request)), LOG_NUMBER("status", status)));
}

/* ---- the socket ---- */

static bool make_addr(const struct operations_socket *at, struct addr *addr) {
    struct endpoint endpoint = {.is_unix = true};

    snprintf(endpoint.host, sizeof endpoint.host, "%s", at->path);
    return strlen(at->path) < sizeof endpoint.host && addr_from_endpoint(addr, &endpoint);
}

bool operations_is_taken(const struct operations_socket *at) {
    struct addr addr;

    return at->path && *at->path && make_addr(at, &addr) && local_listener_is_served(&addr);
}

/* NULL with `error`. */
static struct local_listener *bind_at(const struct operations_socket *at, struct error *error) {
    struct addr addr;

    if (make_addr(at, &addr))
        return local_listener_bind(&addr, at->owner, error);
    error_set(error, "admin.socket: the path is too long for a socket: %s", at->path);
    return NULL;
}

static void log_no_folder(struct log *log, const struct operations_socket *at) {
    log_event(log, LOG_LEVEL_DEBUG, "admin", "munnel cannot ask this program: the folder of its socket is not there",
              LOG_FIELDS(LOG_TEXT("socket", at->path)));
}

static void warn(struct log *log, const struct operations_socket *at, const struct error *error) {
    char remedy[200];

    snprintf(remedy, sizeof remedy,
             "the folder has to belong to the user of %s, and no other process may have the socket; or set "
             "admin.socket, null for none",
             at->program);
    log_event(log, LOG_LEVEL_WARNING, "admin", "munnel cannot ask this program: its socket cannot be made",
              LOG_FIELDS(LOG_TEXT("detail", error->text), LOG_TEXT("remedy", remedy)));
}

/* An error of the preset path is none of the program's. */
static int judge(struct log *log, const struct operations_socket *at, const struct error *error) {
    if (strcmp(at->path, at->preset) != 0)
        return -1;
    warn(log, at, error);
    return 0;
}

int operations_bind(struct log *log, const struct operations_socket *at, struct local_listener **listener,
                    struct error *error) {
    *listener = NULL;
    if (!at->path || !*at->path)
        return 0;
    if (strcmp(at->path, at->preset) == 0 && !local_listener_has_place(at->path)) {
        log_no_folder(log, at);
        return 0;
    }
    *listener = bind_at(at, error);
    return *listener ? 0 : judge(log, at, error);
}

int operations_listen(struct http_server *http, struct log *log, const struct operations_socket *at,
                      struct error *error) {
    struct local_listener *listener;

    if (operations_bind(log, at, &listener, error))
        return -1;
    return !listener || http_server_listen_local(http, listener, error) == 0 ? 0 : judge(log, at, error);
}

/* ---- metrics ---- */

void operations_answer_metrics(struct http_request *request, void (*write)(const void *context, struct metrics *to),
                               const void *context) {
    struct metrics *metrics = metrics_new();
    struct evbuffer *content = metrics ? evbuffer_new() : NULL;
    size_t length = 0;

    if (content) {
        write(context, metrics);
        const char *text = metrics_take_text(metrics, &length);
        if (!text || evbuffer_add(content, text, length)) {
            evbuffer_free(content);
            content = NULL;
        }
    }
    metrics_free(metrics);
    http_answer_content(request, 200, metrics_type, content);
}
