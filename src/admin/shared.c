/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * shared: see shared.h.
 */
#include "config.h"

#include "admin/shared.h"

#include "admin/http_metrics.h"
#include "lib/base/clock.h"
#include "lib/http/tokens.h"

/* ---- operations ---- */

void admin_get_status(struct http_request *request, void *context) {
    const struct admin_shared *shared = context;
    json_t *status = shared->options.status(shared->options.context);

    if (status)
        json_object_set_new(status, "role", json_string(http_role_name(http_request_role(request))));
    http_answer_json(request, 200, status);
}

void admin_list_relays(struct http_request *request, void *context) {
    const struct admin_shared *shared = context;

    relay_requests_list(shared->relays, request);
}

void admin_get_relay(struct http_request *request, void *context) {
    const struct admin_shared *shared = context;

    relay_requests_get(shared->relays, request);
}

void admin_end_relay(struct http_request *request, void *context) {
    const struct admin_shared *shared = context;

    relay_requests_end(shared->relays, request);
}

void admin_stream_events(struct http_request *request, void *context) {
    const struct admin_shared *shared = context;

    event_feed_answer(shared->feed, request);
}

void admin_get_log(struct http_request *request, void *context) {
    const struct admin_shared *shared = context;

    level_change_get(shared->level, request);
}

void admin_put_log(struct http_request *request, void *context) {
    const struct admin_shared *shared = context;

    level_change_put(shared->level, request);
}

static void write_metrics(const void *context, struct metrics *to) {
    const struct admin_shared *shared = context;
    struct http_counts counts = http_server_counts(shared->http);

    shared->options.write_metrics(shared->options.metrics_context, to);
    http_metrics_write(&counts, to);
}

void admin_get_metrics(struct http_request *request, void *context) {
    operations_answer_metrics(request, write_metrics, context);
}

void admin_get_health(struct http_request *request, void *context) {
    const struct admin_shared *shared = context;

    process_watch_answer(&shared->process, request);
}

/* ---- life ---- */

static void on_second(evutil_socket_t fd, short what, void *context) {
    struct admin_shared *shared = context;

    (void)fd, (void)what;
    process_watch_check(&shared->process, clock_us());
    if (shared->options.on_second)
        shared->options.on_second(shared);
    event_feed_tick(shared->feed);
}

static void on_answer(void *context, const struct http_request *request, unsigned status) {
    const struct admin_shared *shared = context;

    operations_log(shared->options.log, request, status);
}

static bool make_parts(struct admin_shared *shared) {
    const struct admin_shared_options *options = &shared->options;

    shared->feed = event_feed_new(&(struct event_feed_options){
        .events = options->events, .kinds = options->kinds, .status = options->status, .context = options->context});
    shared->level = level_change_new(&(struct level_options){.base = loop_base(options->loop),
                                                             .log = options->log,
                                                             .who = options->who,
                                                             .configured = options->configured_level,
                                                             .context = options->context});
    shared->relays = relay_requests_new(&(struct relay_requests_options){.plane = options->plane,
                                                                         .loop = options->loop,
                                                                         .ended = options->ended,
                                                                         .view_waiting = options->view_waiting,
                                                                         .end_waiting = options->end_waiting,
                                                                         .context = options->context});
    shared->process = (struct process_watch){.plane = options->plane,
                                             .log = options->log,
                                             .program = options->program,
                                             .configuration = options->configuration};
    return shared->feed && shared->level && shared->relays;
}

static bool start_timer(struct admin_shared *shared) {
    static const struct timeval a_second = {1, 0};

    shared->second = event_new(loop_base(shared->options.loop), -1, EV_PERSIST, on_second, shared);
    return shared->second && event_add(shared->second, &a_second) == 0;
}

int admin_shared_init(struct admin_shared *shared, const struct admin_shared_options *options, struct error *error) {
    const struct http_options http = {.routes = options->routes,
                                      .route_count = options->route_count,
                                      .assets = options->assets,
                                      .asset_count = options->asset_count,
                                      .context = shared,
                                      .on_answer = on_answer};

    shared->options = *options;
    if (!make_parts(shared) || !start_timer(shared))
        return error_set(error, "out of memory");
    shared->http = http_server_new(loop_base(options->loop), &http, error);
    return shared->http ? 0 : -1;
}

void admin_shared_done(struct admin_shared *shared) {
    http_server_free(shared->http);
    if (shared->second)
        event_free(shared->second);
    event_feed_free(shared->feed);
    relay_requests_free(shared->relays);
    level_change_free(shared->level);
}
