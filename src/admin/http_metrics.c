/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_metrics: see http_metrics.h.
 */
#include "config.h"

#include "admin/http_metrics.h"

#include "lib/http/server.h"

static void write_connections(const struct http_counts *counts, struct metrics *to) {
    metrics_family(to, "munnel_admin_connections", METRIC_GAUGE, "Connections to the administration.");
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("listener", "unix")), counts->connections_unix);
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("listener", "tcp")), counts->connections_tcp);
    metrics_family(to, "munnel_admin_streams", METRIC_GAUGE, "Of these: streams of events.");
    metrics_value(to, METRIC_NO_LABELS, counts->streams);
}

static void write_requests(const struct http_counts *counts, struct metrics *to) {
    metrics_family(to, "munnel_admin_requests_total", METRIC_COUNTER, "Requests to the administration.");
    metrics_value(to, METRIC_NO_LABELS, counts->requests);
    metrics_family(to, "munnel_admin_requests_delayed_total", METRIC_COUNTER,
                   "Of these: waited, since too many came at once.");
    metrics_value(to, METRIC_NO_LABELS, counts->delayed);
}

static void write_refused(const struct http_counts *counts, struct metrics *to) {
    const struct {
        const char *reason;
        uint64_t count;
    } all[] = {{"busy", counts->refused_busy},     {"token", counts->refused_token},
               {"user", counts->refused_peer},     {"host", counts->refused_host},
               {"origin", counts->refused_origin}, {"malformed", counts->refused_malformed},
               {"timeout", counts->timed_out},     {"slow_reader", counts->streams_dropped}};

    metrics_family(to, "munnel_admin_refused_total", METRIC_COUNTER,
                   "Requests and connections of the administration that were refused or given up.");
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("reason", all[i].reason)), all[i].count);
}

void http_metrics_write(const struct http_counts *counts, struct metrics *to) {
    write_connections(counts, to);
    write_requests(counts, to);
    write_refused(counts, to);
}
