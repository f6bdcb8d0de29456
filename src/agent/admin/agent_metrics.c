/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_metrics: all metrics of the agent. docs/metrics.md describes each.
 *
 * Labels are fixed words: a server could announce any number of services.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "admin/plane_metrics.h"
#include "agent/admin/agent_admin_priv.h"
#include "agent/upstream/ban_list.h"
#include "agent/visits.h"
#include "relay/service_counts.h"

static void write_servers(const struct agent_admin *admin, struct metrics *to) {
    uint64_t counts[UPSTREAM_CONDITION_COUNT] = {0};

    for (size_t i = 0; i < admin->options.settings->server_count; i++) {
        struct upstream_view view;
        upstream_read(agent_upstream(admin->options.agent, i), &view);
        counts[view.condition]++;
    }
    metrics_family(to, "munnel_servers", METRIC_GAUGE, "Servers of this agent, by their state.");
    for (unsigned i = 0; i < UPSTREAM_CONDITION_COUNT; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("state", upstream_condition_label((enum upstream_condition)i))),
                      counts[i]);
}

static void write_services(const struct agent_admin *admin, struct metrics *to) {
    struct announced_counts counts = {0};

    for (size_t i = 0; i < admin->options.settings->server_count; i++) {
        struct upstream_view view;
        upstream_read(agent_upstream(admin->options.agent, i), &view);
        agent_admin_count_services(&view, &counts);
    }
    metrics_family(to, "munnel_announced_services", METRIC_GAUGE,
                   "Services that the servers ask for, by what this agent answers.");
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("answer", "permits")), counts.permitted);
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("answer", "refuses")), counts.refused);
    metrics_family(to, "munnel_unreachable_services", METRIC_GAUGE,
                   "Permitted services whose last connection to the destination failed.");
    metrics_value(to, METRIC_NO_LABELS, counts.unreachable);
    metrics_family(to, "munnel_unhealthy_services", METRIC_GAUGE,
                   "Permitted services whose checks of the destination have failed.");
    metrics_value(to, METRIC_NO_LABELS, counts.unhealthy);
}

static void write_checks(const struct plane *plane, struct metrics *to) {
    uint64_t checks[HEALTH_RESULT_COUNT] = {0};

    for (unsigned i = 0; i < plane_thread_count(plane); i++)
        for (unsigned result = 0; result < HEALTH_RESULT_COUNT; result++)
            checks[result] += counter_read(&plane_thread_counts(plane, i)->checks[result]);
    metrics_family(to, "munnel_agent_health_checks_total", METRIC_COUNTER, "Checks of destinations, by their result.");
    for (unsigned result = 0; result < HEALTH_RESULT_COUNT; result++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("result", health_result_label((enum health_result)result))),
                      checks[result]);
}

static void write_proxies(const struct plane *plane, struct metrics *to) {
    uint64_t links[PROXY_FAULT_COUNT] = {0};

    for (unsigned i = 0; i < plane_thread_count(plane); i++)
        for (unsigned fault = 0; fault < PROXY_FAULT_COUNT; fault++)
            links[fault] += counter_read(&plane_thread_counts(plane, i)->proxies[fault]);
    metrics_family(to, "munnel_agent_proxy_links_total", METRIC_COUNTER,
                   "Links that were dialled through a proxy, by what became of that.");
    for (unsigned fault = 0; fault < PROXY_FAULT_COUNT; fault++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("result", proxy_fault_label((enum proxy_fault)fault))),
                      links[fault]);
}

static void write_end_to_end(const struct plane *plane, struct metrics *to) {
    uint64_t handshakes[END_TO_END_RESULT_COUNT] = {0};

    for (unsigned i = 0; i < plane_thread_count(plane); i++)
        for (unsigned result = 0; result < END_TO_END_RESULT_COUNT; result++)
            handshakes[result] += counter_read(&plane_thread_counts(plane, i)->end_to_end[result]);
    metrics_family(to, "munnel_agent_end_to_end_total", METRIC_COUNTER,
                   "End-to-end TLS with the agents at the other ends of relays, by what became of it.");
    for (unsigned result = 0; result < END_TO_END_RESULT_COUNT; result++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("result", end_to_end_label((enum end_to_end_result)result))),
                      handshakes[result]);
}

static void write_parts(const struct plane *plane, struct metrics *to) {
    uint64_t in = 0, out = 0, accepted = 0, opened = 0, headers = 0, ended[REASON_COUNT] = {0};
    struct histogram_sum dial = {0};

    for (unsigned i = 0; i < plane_thread_count(plane); i++) {
        const struct service_part *part = plane_thread_part(plane, i);
        in += counter_read(&part->bytes.out);
        out += counter_read(&part->bytes.in);
        accepted += counter_read(&part->accepted);
        opened += counter_read(&part->opened);
        headers += counter_read(&plane_thread_counts(plane, i)->proxy_headers);
        histogram_sum_add(&dial, &part->dial);
        for (unsigned reason = 0; reason < REASON_COUNT; reason++)
            ended[reason] += counter_read(&part->ended[reason]);
    }
    metrics_family(to, "munnel_agent_relays_total", METRIC_COUNTER, "Relays that servers have asked for.");
    metrics_value(to, METRIC_NO_LABELS, accepted);
    metrics_family(to, "munnel_agent_relays_opened_total", METRIC_COUNTER, "Of these: the destination was reached.");
    metrics_value(to, METRIC_NO_LABELS, opened);
    metrics_family(to, "munnel_agent_proxy_headers_total", METRIC_COUNTER,
                   "Of these: the destination got a PROXY header first.");
    metrics_value(to, METRIC_NO_LABELS, headers);
    metrics_family(to, "munnel_agent_relays_ended_total", METRIC_COUNTER, "Relays that ended, by the reason.");
    for (unsigned i = 0; i < REASON_COUNT; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("reason", reason_label((enum relay_reason)i))), ended[i]);
    metrics_family(to, "munnel_agent_relay_bytes_total", METRIC_COUNTER,
                   "Bytes to destinations (in) and from them (out).");
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("direction", "in")), in);
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("direction", "out")), out);
    metrics_family(to, "munnel_agent_relay_dial_seconds", METRIC_HISTOGRAM,
                   "From the server's request until the destination was reached.");
    metrics_histogram(to, METRIC_NO_LABELS, &metric_bounds_latency, &dial);
}

static void write_published(const struct agent_admin *admin, struct metrics *to) {
    uint64_t counts[PUBLICATION_STATE_COUNT] = {0};

    agent_admin_count_published(admin, counts);
    metrics_family(to, "munnel_agent_published_services", METRIC_GAUGE,
                   "Services that this agent publishes, at each of its servers, by what became of it.");
    for (unsigned i = 0; i < PUBLICATION_STATE_COUNT; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("state", publication_state_label((enum publication_state)i))),
                      counts[i]);
}

static void write_visits(const struct visits *visits, struct metrics *to) {
    uint64_t clients = 0, refused = 0, open = 0;
    size_t count = visits ? visits_count(visits) : 0;

    for (size_t i = 0; i < count; i++) {
        struct visit_view view;
        visits_read(visits, i, &view);
        clients += view.clients;
        refused += view.refused;
        open += view.is_open;
    }
    metrics_family(to, "munnel_agent_visits", METRIC_GAUGE, "Services of servers that are opened on this side.");
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("state", "open")), open);
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("state", "closed")), count - open);
    metrics_family(to, "munnel_agent_visit_clients_total", METRIC_COUNTER, "Clients that have come to them.");
    metrics_value(to, METRIC_NO_LABELS, clients);
    metrics_family(to, "munnel_agent_visit_clients_refused_total", METRIC_COUNTER, "Of these: no server took them.");
    metrics_value(to, METRIC_NO_LABELS, refused);
}

/* As bytes: what a server calls in comes to the plain side here. */
static void write_datagrams(const struct plane *plane, struct metrics *to) {
    static const char *const ways[DATAGRAM_WAYS] = {[DATAGRAM_IN] = "out", [DATAGRAM_OUT] = "in"};
    uint64_t count[DATAGRAM_WAYS] = {0}, dropped[DATAGRAM_WAYS][DATAGRAM_DROP_COUNT] = {{0}};

    for (unsigned i = 0; i < plane_thread_count(plane); i++) {
        const struct datagram_counts *counts = &plane_thread_part(plane, i)->datagrams;
        for (unsigned way = 0; way < DATAGRAM_WAYS; way++) {
            count[way] += counter_read(&counts->count[way]);
            for (unsigned drop = 0; drop < DATAGRAM_DROP_COUNT; drop++)
                dropped[way][drop] += counter_read(&counts->dropped[way][drop]);
        }
    }
    metrics_family(to, "munnel_agent_datagrams_total", METRIC_COUNTER,
                   "Datagrams to destinations (in) and from them (out), with those that were dropped.");
    for (unsigned way = 0; way < DATAGRAM_WAYS; way++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("direction", ways[way])), count[way]);
    metrics_family(to, "munnel_agent_datagrams_dropped_total", METRIC_COUNTER,
                   "Datagrams that were dropped, by the reason.");
    for (unsigned way = 0; way < DATAGRAM_WAYS; way++)
        for (unsigned drop = 0; drop < DATAGRAM_DROP_COUNT; drop++)
            metrics_value(to,
                          METRIC_LABELS(METRIC_LABEL("reason", datagram_drop_label((enum datagram_drop)drop)),
                                        METRIC_LABEL("direction", ways[way])),
                          dropped[way][drop]);
}

void agent_admin_write_metrics(const void *context, struct metrics *to) {
    const struct agent_admin *admin = context;
    const struct plane *plane = agent_plane(admin->options.agent);

    plane_metrics_write_process(admin->options.log, admin->options.started_at, to);
    write_servers(admin, to);
    write_services(admin, to);
    write_checks(plane, to);
    write_proxies(plane, to);
    write_published(admin, to);
    metrics_family(to, "munnel_agent_bans", METRIC_GAUGE, "Clients that servers are asked to refuse.");
    metrics_value(to, METRIC_NO_LABELS, ban_list_count(agent_bans(admin->options.agent)));
    write_visits(agent_visits(admin->options.agent), to);
    write_end_to_end(plane, to);
    write_parts(plane, to);
    write_datagrams(plane, to);
    plane_metrics_write(plane, to);
}
