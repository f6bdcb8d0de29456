/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_metrics: see server_metrics.h.
 */
#include "config.h"

#include "server/server_metrics.h"

#include "lib/base/clock.h"
#include "lib/os/process_stats.h"
#include "lib/tls/tls.h"
#include "server/server_priv.h"
#include "server/statistics.h"

#include <stdio.h>

static void write_one(struct metrics *to, const char *name, enum metric_type type, const char *help, uint64_t value) {
    metrics_family(to, name, type, help);
    metrics_value(to, METRIC_NO_LABELS, value);
}

/* ---- the process ---- */

static void write_process(const struct server *server, struct metrics *to) {
    struct process_stats stats;

    process_stats_read(&stats);
    metrics_family(to, "munnel_build_info", METRIC_GAUGE, "Always 1; the version that runs.");
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("version", PACKAGE_VERSION)), 1);
    metrics_family(to, "process_start_time_seconds", METRIC_GAUGE, "When the process was started, since 1970.");
    metrics_value(to, METRIC_NO_LABELS, (uint64_t)server->started_at);
    metrics_family(to, "process_cpu_seconds_total", METRIC_COUNTER, "User and system time of all threads.");
    metrics_real(to, METRIC_NO_LABELS, (double)stats.cpu_us / 1e6);
    write_one(to, "process_resident_memory_bytes", METRIC_GAUGE, "Memory that is resident.", stats.resident_bytes);
    write_one(to, "process_virtual_memory_bytes", METRIC_GAUGE, "Address space that is used.", stats.virtual_bytes);
    write_one(to, "process_open_fds", METRIC_GAUGE, "Open descriptors.", stats.descriptors);
    if (stats.descriptors_limit != UINT64_MAX)
        write_one(to, "process_max_fds", METRIC_GAUGE, "Limit of open descriptors.", stats.descriptors_limit);
    write_one(to, "munnel_log_lines_dropped_total", METRIC_COUNTER, "Log lines that could not be written in time.",
              log_dropped(server->log));
}

static void write_configuration(const struct server *server, struct metrics *to) {
    metrics_family(to, "munnel_certificate_expiry_timestamp_seconds", METRIC_GAUGE,
                   "When the certificate of the agent port expires, since 1970.");
    metrics_value(to, METRIC_NO_LABELS, (uint64_t)tls_expires_at(server->policy.tls));
    write_one(to, "munnel_clients_limit", METRIC_GAUGE, "Clients that can be connected at once.",
              client_table_limit(server->clients));
    write_one(to, "munnel_data_links_limit", METRIC_GAUGE, "Data links that agents can have at once.",
              server->links.limit);
}

/* ---- agents ---- */

/* The groups that services have; an agent that serves all counts in each, and one in several in each of them. */
static void collect_groups(const struct service_list *services, struct strlist *groups) {
    for (size_t i = 0; i < services->count; i++) {
        const struct strlist *of = &service_config(services->items[i])->groups;
        for (size_t k = 0; k < of->count; k++)
            if (!strlist_has(groups, of->items[k]))
                strlist_add(groups, of->items[k]);
    }
}

static uint64_t count_of_group(const struct session_table *sessions, char *group) {
    const struct strlist one = {.items = &group, .count = 1};
    uint64_t count = 0;

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session))
        count += session_is_connected(session) && session_serves(session, &one);
    return count;
}

static void write_groups(const struct server *server, struct metrics *to) {
    struct strlist groups = {0};

    collect_groups(&server->services, &groups);
    metrics_family(to, "munnel_group_agents", METRIC_GAUGE,
                   "Agents that are connected, by the groups that services have.");
    for (size_t i = 0; i < groups.count; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("group", groups.items[i])),
                      count_of_group(server->sessions, groups.items[i]));
    strlist_done(&groups);
}

enum session_state { CONNECTED, SILENT, DRAINING, SUSPENDED, RETIRED, SESSION_STATES };

static enum session_state state_of(const struct session *session) {
    if (session_is_retired(session))
        return RETIRED;
    if (!session_is_connected(session))
        return SUSPENDED;
    if (session_is_draining(session))
        return DRAINING;
    return session_is_silent(session) ? SILENT : CONNECTED;
}

static void write_sessions(const struct server *server, struct metrics *to) {
    static const char *const states[SESSION_STATES] = {"connected", "silent", "draining", "suspended", "retired"};
    uint64_t counts[SESSION_STATES] = {0}, orders = 0, now_us = clock_us();

    for (struct session *session = session_table_first_any(server->sessions); session;
         session = session_table_after_any(server->sessions, session)) {
        counts[state_of(session)]++;
        orders += session_is_connected(session) ? carriers_expected(session_carriers(session), now_us) : 0;
    }
    metrics_family(to, "munnel_agent_sessions", METRIC_GAUGE, "Sessions of agents, by their state.");
    for (unsigned i = 0; i < SESSION_STATES; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("state", states[i])), counts[i]);
    write_one(to, "munnel_links_expected", METRIC_GAUGE, "Data links that agents are about to open.", orders);
}

static void write_agent_port(const struct server *server, struct metrics *to) {
    write_one(to, "munnel_unauthenticated_connections", METRIC_GAUGE,
              "Connections to the agent port without HELLO yet.", agent_listener_count(server->agent_listener));
    metrics_family(to, "munnel_agent_connections_refused_total", METRIC_COUNTER,
                   "Connections to the agent port that were closed before their TLS handshake.");
    for (unsigned i = 0; i < AGENT_REFUSAL_COUNT; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("reason", agent_refusal_label((enum agent_refusal)i))),
                      agent_listener_refused_by(server->agent_listener, (enum agent_refusal)i));
    metrics_family(to, "munnel_agents_rejected_total", METRIC_COUNTER, "Agents that were answered by REJECT.");
    for (unsigned i = 0; i < REJECT_CODE_COUNT; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("reason", reject_code_name((enum reject_code)i))),
                      handshake_refused_by(server->handshake, (enum reject_code)i));
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
    metrics_family(to, "munnel_links", METRIC_GAUGE, "Links to agents, by their kind.");
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
    } all[] = {{"munnel_relays", METRIC_GAUGE, "Relays that agents have, those that are opening included."},
               {"munnel_streams_unconfirmed", METRIC_GAUGE,
                "Streams that are over, while their agent may not know it yet."},
               {"munnel_streams_suspended", METRIC_GAUGE, "Streams whose link was lost and that wait for another one."},
               {"munnel_stream_suspensions_total", METRIC_COUNTER, "Streams whose link was lost."},
               {"munnel_stream_resumptions_total", METRIC_COUNTER, "Streams that went on by another link."},
               {"munnel_stream_resumptions_failed_total", METRIC_COUNTER,
                "Streams that were reset: no link came in time."},
               {"munnel_acks_sent_total", METRIC_COUNTER, "ACK frames that were sent to agents."},
               {"munnel_unacknowledged_bytes", METRIC_GAUGE, "Memory of what agents have not acknowledged yet."},
               {"munnel_unread_bytes", METRIC_GAUGE, "Bytes that wait for clients that read slowly."}};

    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        write_one(to, all[i].name, all[i].type, all[i].help, add_threads(plane, numbers_of, i));
}

static void write_lag_of(struct metrics *to, const char *thread, const struct histogram *lag) {
    struct histogram_sum sum = {0};

    histogram_sum_add(&sum, lag);
    metrics_histogram(to, METRIC_LABELS(METRIC_LABEL("thread", thread)), &metric_bounds_latency, &sum);
}

static void write_lag(const struct server *server, struct metrics *to) {
    char name[24];

    metrics_family(to, "munnel_event_loop_lag_seconds", METRIC_HISTOGRAM,
                   "By how much event loops were late for a timer, ten times a second.");
    write_lag_of(to, "control", statistics_lag(server->statistics));
    unsigned threads = plane_thread_count(server->plane);
    for (unsigned i = 0; threads > 1 && i < threads; i++) { /* a single one shares the control thread's loop */
        snprintf(name, sizeof name, "relay-%u", i);
        write_lag_of(to, name, &plane_thread_counts(server->plane, i)->lag);
    }
}

void server_metrics_write(const struct server *server, struct metrics *to) {
    write_process(server, to);
    write_configuration(server, to);
    write_sessions(server, to);
    write_groups(server, to);
    write_agent_port(server, to);
    write_links(server->plane, to);
    write_streams(server->plane, to);
    write_lag(server, to);
    service_metrics_write(&server->services, to);
}
