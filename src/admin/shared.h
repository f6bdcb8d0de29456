/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * shared: the operations that server and agent have alike, and what they need: relays, events, log level, metrics and
 * health. The struct is the first member of that of each program's administration, which is the context of its table.
 *
 * Runs on: the control thread. Owns: the HTTP server, a timer, event feed, level change, requests that wait for the
 * data plane.
 */
#ifndef MUNNEL_ADMIN_SHARED_H
#define MUNNEL_ADMIN_SHARED_H

#include "admin/event_feed.h"
#include "admin/log_level.h"
#include "admin/operations.h"
#include "admin/process_watch.h"
#include "admin/relay_requests.h"

struct admin_shared_options { /* copied; what it points to must live as long */
    struct loop *loop;        /* of the control thread */
    struct log *log;
    struct plane *plane;
    const struct ended_relays *ended; /* see relay_requests.h, as for the next */
    size_t (*view_waiting)(const void *context, const struct relay_query *query, struct relay_view *views, size_t room,
                           size_t *matching);
    bool (*end_waiting)(const void *context, const char *id);
    struct recent_events *events;
    const char *who;                        /* in front of log lines: "server" */
    const char *program, *configuration;    /* "munneld", "munnel.json" */
    const char *const *kinds;               /* of events: see event_feed.h */
    json_t *(*status)(const void *context); /* without the caller's role */
    enum log_level (*configured_level)(const void *context);
    const void *context; /* of these four */
    void (*write_metrics)(const void *context, struct metrics *to);
    const void *metrics_context;
    const struct http_route *routes; /* with ADMIN_SHARED_OPERATIONS */
    size_t route_count;
    const struct http_asset *assets; /* NULL: none */
    size_t asset_count;
    void (*on_second)(void *context); /* with the struct that begins with the shared one; NULL: nothing */
};

struct admin_shared {
    struct admin_shared_options options;
    struct http_server *http;
    struct event *second;
    struct event_feed *feed;
    struct level_change *level;
    struct relay_requests *relays;
    struct process_watch process;
};

/* 0, or -1 with error; admin_shared_done then, too. */
int admin_shared_init(struct admin_shared *shared, const struct admin_shared_options *options, struct error *error);
void admin_shared_done(struct admin_shared *shared); /* requests that wait are answered, streams end */

/* Handlers, whose context is the struct that begins with the shared one. */
typedef void admin_handler(struct http_request *request, void *context);
admin_handler admin_get_status;
admin_handler admin_list_relays, admin_get_relay, admin_end_relay;
admin_handler admin_stream_events;
admin_handler admin_get_log, admin_put_log;
admin_handler admin_get_metrics, admin_get_health;

#define ADMIN_SHARED_OPERATIONS                                                                                        \
    OPERATION_GET("/v1/status", VIEW, NULL, admin_get_status),                                                         \
        OPERATION_GET("/v1/relays", VIEW, RELAY_REQUESTS_QUERY, admin_list_relays),                                    \
        OPERATION_GET("/v1/relays/{relay}", VIEW, NULL, admin_get_relay),                                              \
        OPERATION_DELETE("/v1/relays/{relay}", OPERATE, admin_end_relay),                                              \
        OPERATION_GET("/v1/events", VIEW, "kind limit", admin_stream_events),                                          \
        OPERATION_GET("/v1/log", VIEW, NULL, admin_get_log), OPERATION_PUT("/v1/log", OPERATE, admin_put_log),         \
        OPERATION_GET("/metrics", NONE, NULL, admin_get_metrics),                                                      \
        OPERATION_GET("/healthz", NONE, NULL, admin_get_health)

#endif
