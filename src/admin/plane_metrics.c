/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_metrics: see plane_metrics.h.
 */
#include "config.h"

#include "admin/plane_metrics.h"

#include "lib/os/process_stats.h"
#include "relay/plane.h"

#include <stdio.h>

static void write_one(struct metrics *to, const char *name, enum metric_type type, const char *help, uint64_t value) {
    metrics_family(to, name, type, help);
    metrics_value(to, METRIC_NO_LABELS, value);
}

/* ---- the process ---- */

void plane_metrics_write_process(struct log *log, time_t started_at, struct metrics *to) {
    struct process_stats stats;

    process_stats_read(&stats);
    metrics_family(to, "munnel_build_info", METRIC_GAUGE, "Always 1; the version that runs.");
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("version", PACKAGE_VERSION)), 1);
    metrics_family(to, "process_start_time_seconds", METRIC_GAUGE, "When the process was started, since 1970.");
    metrics_value(to, METRIC_NO_LABELS, (uint64_t)started_at);
    metrics_family(to, "process_cpu_seconds_total", METRIC_COUNTER, "User and system time of all threads.");
    metrics_real(to, METRIC_NO_LABELS, (double)stats.cpu_us / 1e6);
    write_one(to, "process_resident_memory_bytes", METRIC_GAUGE, "Memory that is resident.", stats.resident_bytes);
    write_one(to, "process_virtual_memory_bytes", METRIC_GAUGE, "Address space that is used.", stats.virtual_bytes);
    write_one(to, "process_open_fds", METRIC_GAUGE, "Open descriptors.", stats.descriptors);
    if (stats.descriptors_limit != UINT64_MAX)
        write_one(to, "process_max_fds", METRIC_GAUGE, "Limit of open descriptors.", stats.descriptors_limit);
    write_one(to, "munnel_log_lines_dropped_total", METRIC_COUNTER, "Log lines that could not be written in time.",
              log_dropped(log));
}

/* ---- the data plane ---- */

typedef const counter *counter_of(const struct thread_counts *counts, unsigned index);

static uint64_t add_threads(const struct plane *plane, counter_of *of, unsigned index) {
    uint64_t sum = 0;

    for (unsigned i = 0; i < plane_thread_count(plane); i++)
        sum += counter_read(of(plane_thread_counts(plane, i), index));
    return sum;
}

static const counter *links_of(const struct thread_counts *counts, unsigned kind) {
    return &counts->links[kind];
}

static const counter *handshakes_of(const struct thread_counts *counts, unsigned result) {
    return &counts->handshakes[result];
}

static const counter *numbers_of(const struct thread_counts *counts, unsigned which) {
    const counter *const all[] = {&counts->relays,          &counts->unconfirmed,     &counts->suspended,
                                  &counts->mux.suspensions, &counts->mux.resumptions, &counts->mux.given_up,
                                  &counts->mux.acks,        &counts->kept_bytes,      &counts->waiting_bytes};
    return all[which];
}

static void write_links(const struct plane *plane, struct metrics *to) {
    metrics_family(to, "munnel_links", METRIC_GAUGE, "Links between server and agents, by their kind.");
    for (unsigned i = 0; i < LINK_KIND_COUNT; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("kind", link_kind_label((enum link_kind)i))),
                      add_threads(plane, links_of, i));
    metrics_family(to, "munnel_tls_handshakes_total", METRIC_COUNTER, "TLS handshakes of links, by their result.");
    for (unsigned i = 0; i < HANDSHAKE_RESULT_COUNT; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("result", handshake_result_label((enum handshake_result)i))),
                      add_threads(plane, handshakes_of, i));
}

static void write_streams(const struct plane *plane, struct metrics *to) {
    static const struct {
        const char *name;
        enum metric_type type;
        const char *help;
    } all[] = {
        {"munnel_relays", METRIC_GAUGE, "Relays, those that are opening included."},
        {"munnel_streams_unconfirmed", METRIC_GAUGE, "Streams that are over, while the other end may not know it yet."},
        {"munnel_streams_suspended", METRIC_GAUGE, "Streams whose link was lost and that wait for another one."},
        {"munnel_stream_suspensions_total", METRIC_COUNTER, "Streams whose link was lost."},
        {"munnel_stream_resumptions_total", METRIC_COUNTER, "Streams that went on by another link."},
        {"munnel_stream_resumptions_failed_total", METRIC_COUNTER, "Streams that were reset: no link came in time."},
        {"munnel_acks_sent_total", METRIC_COUNTER, "ACK frames that were sent."},
        {"munnel_unacknowledged_bytes", METRIC_GAUGE, "Memory of what the other ends have not acknowledged yet."},
        {"munnel_unread_bytes", METRIC_GAUGE, "Bytes that wait for clients or destinations that read slowly."}};

    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        write_one(to, all[i].name, all[i].type, all[i].help, add_threads(plane, numbers_of, i));
}

static void write_lag_of(struct metrics *to, const char *thread, const struct histogram *lag) {
    struct histogram_sum sum = {0};

    histogram_sum_add(&sum, lag);
    metrics_histogram(to, METRIC_LABELS(METRIC_LABEL("thread", thread)), &metric_bounds_latency, &sum);
}

void plane_metrics_write_lag(const struct plane *plane, const struct histogram *control, struct metrics *to) {
    unsigned threads = plane_thread_count(plane);
    char name[24];

    metrics_family(to, "munnel_event_loop_lag_seconds", METRIC_HISTOGRAM,
                   "By how much event loops were late for a timer, ten times a second.");
    write_lag_of(to, "control", control);
    for (unsigned i = 0; threads > 1 && i < threads; i++) { /* a single one shares the control thread's loop */
        snprintf(name, sizeof name, "relay-%u", i);
        write_lag_of(to, name, &plane_thread_counts(plane, i)->lag);
    }
}

void plane_metrics_write(const struct plane *plane, struct metrics *to) {
    write_links(plane, to);
    write_streams(plane, to);
}
