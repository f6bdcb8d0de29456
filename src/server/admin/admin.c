/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin: see admin.h. The table of operations, where they are served, and what is done each second.
 */
#include "config.h"

#include "server/admin/admin_priv.h"

#include "lib/base/clock.h"
#include "lib/log/log.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- operations ---- */

#define GET(path, role, query, handler)                                                                                \
    { HTTP_METHOD_GET, path, HTTP_ROLE_##role, HTTP_BODY_NONE, query, handler }
#define POST(path, role, handler)                                                                                      \
    { HTTP_METHOD_POST, path, HTTP_ROLE_##role, HTTP_BODY_NONE, NULL, handler }
#define DELETE(path, role, handler)                                                                                    \
    { HTTP_METHOD_DELETE, path, HTTP_ROLE_##role, HTTP_BODY_NONE, NULL, handler }
#define PUT(path, role, handler)                                                                                       \
    { HTTP_METHOD_PUT, path, HTTP_ROLE_##role, HTTP_BODY_REQUIRED, NULL, handler }

static const struct http_route routes[] = {
    GET("/v1/status", VIEW, NULL, admin_get_status),
    GET("/v1/services", VIEW, NULL, admin_list_services),
    GET("/v1/services/{service}", VIEW, NULL, admin_get_service),
    POST("/v1/services/{service}/pause", OPERATE, admin_pause_service),
    POST("/v1/services/{service}/resume", OPERATE, admin_resume_service),
    GET("/v1/agents", VIEW, NULL, admin_list_agents),
    GET("/v1/agents/{agent}", VIEW, NULL, admin_get_agent),
    POST("/v1/agents/{agent}/drain", OPERATE, admin_drain_agent),
    POST("/v1/agents/{agent}/undrain", OPERATE, admin_undrain_agent),
    POST("/v1/agents/{agent}/disconnect", OPERATE, admin_disconnect_agent),
    GET("/v1/relays", VIEW, "service agent client state sort limit offset", admin_list_relays),
    GET("/v1/relays/{relay}", VIEW, NULL, admin_get_relay),
    DELETE("/v1/relays/{relay}", OPERATE, admin_end_relay),
    GET("/v1/events", VIEW, "kind limit", admin_stream_events),
    GET("/v1/history", VIEW, "span service", admin_get_history),
    GET("/v1/sources", VIEW, NULL, admin_list_sources),
    DELETE("/v1/sources/{address}", OPERATE, admin_forgive_source),
    GET("/v1/log", VIEW, NULL, admin_get_log),
    PUT("/v1/log", OPERATE, admin_put_log),
    GET("/metrics", NONE, NULL, admin_get_metrics),
    GET("/healthz", NONE, NULL, admin_get_health),
    GET("/readyz", NONE, NULL, admin_get_ready),
};

/* ---- each second ---- */

static void note_dropped(struct admin *admin, uint64_t now_us) {
    uint64_t dropped = log_dropped(admin->options.log);

    if (dropped == admin->dropped)
        return;
    admin->dropped = dropped;
    admin->dropped_us = now_us;
}

static void on_second(evutil_socket_t fd, short what, void *context) {
    struct admin *admin = context;
    uint64_t now_us = clock_us();

    (void)fd;
    (void)what;
    note_dropped(admin, now_us);
    admin_check_threads(admin, now_us);
    admin_send_ticks(admin);
}

static void on_level_back(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    admin_restore_level(context);
}

/* What was changed, and by whom; also what was tried without the right to. */
static void on_answer(void *context, const struct http_request *request, unsigned status) {
    const struct admin *admin = context;

    if (http_request_method(request) == HTTP_METHOD_GET)
        return;
    log_event(admin->options.log, status < 300 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "admin", "change requested",
              LOG_FIELDS(LOG_TEXT("by", http_request_actor(request)),
                         LOG_TEXT("method", http_method_name(http_request_method(request))),
                         LOG_TEXT("path", http_request_path(request)), LOG_NUMBER("status", status)));
}

/* ---- life ---- */

static bool make_parts(struct admin *admin, struct error *error) {
    static const struct timeval a_second = {1, 0};
    const struct admin_options *options = &admin->options;
    struct event_base *base = loop_base(options->loop);
    const struct http_options http = {.routes = routes,
                                      .route_count = sizeof routes / sizeof *routes,
                                      .assets = options->assets,
                                      .asset_count = options->asset_count,
                                      .context = admin,
                                      .on_answer = on_answer};

    admin->last_seen = json_object();
    admin->second = event_new(base, -1, EV_PERSIST, on_second, admin);
    admin->level_back = event_new(base, -1, 0, on_level_back, admin);
    if (!admin->last_seen || !admin->second || !admin->level_back || event_add(admin->second, &a_second)) {
        error_set(error, "out of memory");
        return false;
    }
    admin->http = http_server_new(base, &http, error);
    return admin->http;
}

struct admin *admin_new(const struct admin_options *options, struct error *error) {
    struct admin *admin = calloc(1, sizeof *admin);

    if (!admin) {
        error_set(error, "out of memory");
        return NULL;
    }
    admin->options = *options;
    if (make_parts(admin, error)) {
        recent_events_watch(options->events, admin_on_event, admin);
        return admin;
    }
    admin_free(admin);
    return NULL;
}

/* Handles of requests that wait stay valid, and have to be answered. */
static void drop_pending(struct admin *admin) {
    for (size_t i = 0; i < RELAY_VIEWS_AT_ONCE; i++)
        if (admin->pending[i].request)
            http_answer_error(admin->pending[i].request, 503, "the server is stopping");
}

void admin_free(struct admin *admin) {
    if (!admin)
        return;
    recent_events_watch(admin->options.events, NULL, NULL);
    http_server_free(admin->http);
    drop_pending(admin);
    if (admin->second)
        event_free(admin->second);
    if (admin->level_back)
        event_free(admin->level_back);
    json_decref(admin->last_seen);
    free(admin);
}

/* ---- where it listens ---- */

/* The group of the process may manage it, as this process can be managed by who may restart it. */
static int listen_socket(struct admin *admin, const struct server_config *conf, struct error *error) {
    struct endpoint endpoint = {.is_unix = true};
    char owner[160];
    struct addr addr;

    snprintf(owner, sizeof owner, "%s%s%s", conf->user ? conf->user : "", conf->group ? ":" : "",
             conf->group ? conf->group : "");
    snprintf(endpoint.host, sizeof endpoint.host, "%s", conf->admin_socket);
    if (strlen(conf->admin_socket) >= sizeof endpoint.host || !addr_from_endpoint(&addr, &endpoint))
        return error_set(error, "admin.socket: the path is too long for a socket: %s", conf->admin_socket);
    return http_server_listen(admin->http, &addr, *owner ? owner : NULL, error);
}

static void warn_no_socket(const struct admin *admin, const struct error *error) {
    log_event(admin->options.log, LOG_LEVEL_WARNING, "admin",
              "munnel cannot ask this server: the default socket cannot be made",
              LOG_FIELDS(LOG_TEXT("detail", error->text),
                         LOG_TEXT("remedy", "make the folder /run/munnel, which has to belong to the server's user, "
                                            "or set admin.socket, or set it to null")));
}

static int listen_http(struct admin *admin, const struct server_config *conf, struct error *error) {
    struct http_tokens *tokens = http_tokens_read(conf->admin_tokens, error);
    struct endpoint endpoint;
    struct addr addr;
    char text[ADDR_TEXT];

    if (!tokens)
        return -1;
    http_server_set_tokens(admin->http, tokens);
    if (endpoint_parse(&endpoint, conf->admin_http, error))
        return -1;
    if (!addr_from_endpoint(&addr, &endpoint))
        return error_set(error, "admin.http: not a numeric address: %s", conf->admin_http);
    if (http_server_listen(admin->http, &addr, NULL, error))
        return -1;
    log_write(admin->options.log, LOG_LEVEL_INFO, "admin", "listening on http://%s/",
              addr_format(&addr, text, sizeof text));
    return 0;
}

int admin_listen(struct admin *admin, struct error *error) {
    const struct server_config *conf = admin->options.policy->conf;

    if (conf->admin_socket && listen_socket(admin, conf, error)) {
        if (strcmp(conf->admin_socket, ADMIN_DEFAULT_SOCKET) != 0)
            return -1;
        warn_no_socket(admin, error);
    }
    return conf->admin_http ? listen_http(admin, conf, error) : 0;
}
