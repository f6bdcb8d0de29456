/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * health: /healthz, /readyz and /metrics.
 *
 * That this thread answers shows that its loop turns; those of the relay threads count how late they are ten times a
 * second (lag_probe.h), so that a count that stands still for STUCK_S is a thread that does.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "server/admin/admin_priv.h"

#include <event2/buffer.h>

enum { STUCK_S = 5 };
static const char metrics_type[] = "text/plain; version=0.0.4; charset=utf-8";

/* ---- the loops ---- */

void admin_check_threads(struct admin *admin, uint64_t now_us) {
    for (unsigned i = 0; i < plane_thread_count(admin->options.plane) && i < PLANE_THREADS_MAX; i++) {
        struct histogram_sum sum = {0};
        histogram_sum_add(&sum, &plane_thread_counts(admin->options.plane, i)->lag);
        if (sum.count == admin->beats[i]) /* also 0: the only thread has no loop of its own, and is this one */
            continue;
        admin->beats[i] = sum.count;
        admin->beat_us[i] = now_us;
    }
}

bool admin_threads_turn(const struct admin *admin, uint64_t now_us) {
    for (unsigned i = 0; i < plane_thread_count(admin->options.plane) && i < PLANE_THREADS_MAX; i++)
        if (admin->beat_us[i] && now_us > admin->beat_us[i] + STUCK_S * 1000000ull)
            return false;
    return true;
}

void admin_get_health(struct http_request *request, void *context) {
    if (admin_threads_turn(context, clock_us()))
        http_answer_text(request, 200, "ok\n");
    else
        http_answer_error(request, 503, "a relay thread does not respond");
}

/* ---- services ---- */

static bool can_serve(const struct service *service) {
    struct service_numbers numbers;

    service_read(service, &numbers);
    return numbers.is_open && numbers.agents && !numbers.paused_by;
}

void admin_get_ready(struct http_request *request, void *context) {
    const struct admin *admin = context;
    const struct service_list *services = admin->options.services;
    bool is_ready = false;

    for (size_t i = 0; i < services->count && !*admin->options.is_stopping; i++)
        is_ready |= can_serve(services->items[i]);
    if (is_ready)
        http_answer_text(request, 200, "ready\n");
    else
        http_answer_error(request, 503,
                          *admin->options.is_stopping ? "the server is stopping"
                                                      : "no service has an agent and listens");
}

/* ---- numbers ---- */

void admin_get_metrics(struct http_request *request, void *context) {
    const struct admin *admin = context;
    struct metrics *metrics = metrics_text();
    struct evbuffer *content = metrics ? evbuffer_new() : NULL;
    size_t length = 0;

    if (content) {
        admin->options.write_metrics(admin->options.context, metrics);
        const char *text = metrics_take_text(metrics, &length);
        if (!text || evbuffer_add(content, text, length)) {
            evbuffer_free(content);
            content = NULL;
        }
    }
    metrics_free(metrics);
    http_answer_content(request, 200, metrics_type, content);
}
