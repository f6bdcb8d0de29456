/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_metrics: see server_metrics.h.
 */
#include "config.h"

#include "server/server_metrics.h"

#include "admin/plane_metrics.h"
#include "lib/base/clock.h"
#include "lib/tls/tls.h"
#include "server/publishing.h"
#include "server/reload.h"
#include "server/server_priv.h"
#include "server/service/bans.h"
#include "server/service/inspect.h"
#include "server/service/published.h"
#include "server/service/shared_port.h"
#include "server/service/visits.h"
#include "server/statistics.h"

#include <stdio.h>

enum { GROUPS_MOST = 1000, SHARED_PORTS_MOST = 250 };

static void write_one(struct metrics *to, const char *name, enum metric_type type, const char *help, uint64_t value) {
    metrics_family(to, name, type, help);
    metrics_value(to, METRIC_NO_LABELS, value);
}

/* Of those that have not expired yet; an alert is to come before. */
static void write_credentials(const struct credentials *credentials, struct metrics *to) {
    time_t now = clock_wall(), earliest = 0;

    for (size_t i = 0; credentials && i < credentials_count(credentials); i++) {
        time_t expires = credentials_at(credentials, i)->expires;
        if (expires > now && (!earliest || expires < earliest))
            earliest = expires;
    }
    metrics_family(to, "munnel_credential_expiry_timestamp_seconds", METRIC_GAUGE,
                   "When the next credential of an agent expires, since 1970; none: no sample.");
    if (earliest)
        metrics_value(to, METRIC_NO_LABELS, (uint64_t)earliest);
}

static void write_reloads(const struct config_state *state, struct metrics *to) {
    metrics_family(to, "munnel_configuration_info", METRIC_GAUGE, "Always 1; the version of the configuration.");
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("version", state->version)), 1);
    write_one(to, "munnel_configuration_loaded_timestamp_seconds", METRIC_GAUGE,
              "Since when this configuration runs, since 1970.", (uint64_t)state->loaded_ms / 1000);
    write_one(to, "munnel_configuration_last_reload_successful", METRIC_GAUGE,
              "1, or 0 if the last reload was refused.", !state->was_refused);
    metrics_family(to, "munnel_configuration_last_reload_timestamp_seconds", METRIC_GAUGE,
                   "When the last reload was tried, since 1970; none yet: no sample.");
    if (state->reloaded_ms)
        metrics_value(to, METRIC_NO_LABELS, (uint64_t)state->reloaded_ms / 1000);
    write_one(to, "munnel_configuration_files_changed", METRIC_GAUGE,
              "1 while the configuration files differ from what runs.", state->is_changed);
    write_one(to, "munnel_configuration_confirmation_pending", METRIC_GAUGE,
              "1 while a reload waits for its confirmation.", state->confirm_until_ms != 0);
}

static void write_configuration(const struct server *server, struct metrics *to) {
    write_reloads(reload_state(server->reload), to);
    write_credentials(server->policy.credentials, to);
    metrics_family(to, "munnel_certificate_expiry_timestamp_seconds", METRIC_GAUGE,
                   "When the certificate of the agent port expires, since 1970.");
    metrics_value(to, METRIC_NO_LABELS, (uint64_t)tls_expires_at(server->policy.tls));
    write_one(to, "munnel_clients_limit", METRIC_GAUGE, "Clients that can be connected at once.",
              client_table_limit(server->clients));
    write_one(to, "munnel_data_links_limit", METRIC_GAUGE, "Data links that agents can have at once.",
              server->links.limit);
}

/* ---- agents ---- */

/* The groups that services have; an agent that serves all counts in each, and one in several in each of them. Each
 * group is compared with all agents, so there is a limit. */
static void collect_groups(const struct service_list *services, struct strlist *groups) {
    for (size_t i = 0; i < services->count; i++) {
        const struct strlist *of = &service_config(services->items[i])->groups;
        for (size_t k = 0; k < of->count && groups->count < GROUPS_MOST; k++)
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

static void write_published(const struct published_table *published, struct metrics *to) {
    write_one(to, "munnel_published_services", METRIC_GAUGE, "Services that agents offer.",
              published_active(published));
    metrics_family(to, "munnel_publish_refused_total", METRIC_COUNTER,
                   "Services that agents offered in vain, or that were withdrawn.");
    for (unsigned i = 0; i < PUBLISH_REFUSAL_COUNT; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("reason", publish_refusal_label((enum publish_refusal)i))),
                      published->refused[i]);
}

static void write_visits(const struct visits *visits, struct metrics *to) {
    metrics_family(to, "munnel_visits", METRIC_GAUGE, "Clients that have come by another agent.");
    metrics_value(to, METRIC_NO_LABELS, visits_running(visits));
    metrics_family(to, "munnel_visits_total", METRIC_COUNTER, "Such clients, by what became of them at first.");
    for (unsigned i = 0; i < VISIT_VERDICT_COUNT; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("result", visit_verdict_label((enum visit_verdict)i))),
                      visits_count(visits, (enum visit_verdict)i));
}

static void write_bans(const struct bans *bans, struct metrics *to) {
    metrics_family(to, "munnel_bans", METRIC_GAUGE, "Sources that are banned for a time, by one service or all.");
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("by", "operator")), bans_count(bans) - bans_count_of_agents(bans));
    metrics_value(to, METRIC_LABELS(METRIC_LABEL("by", "agent")), bans_count_of_agents(bans));
    metrics_family(to, "munnel_agent_bans_ignored_total", METRIC_COUNTER, "Bans that agents asked for in vain.");
    for (unsigned i = 0; i < BAN_IGNORED_COUNT; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("reason", ban_ignored_label((enum ban_ignored)i))),
                      bans_ignored(bans, (enum ban_ignored)i));
}

static void write_agent_port(const struct server *server, struct metrics *to) {
    write_one(to, "munnel_unauthenticated_connections", METRIC_GAUGE,
              "Connections to the agent port without HELLO yet.", agent_listener_count(server->agent_listener));
    metrics_family(to, "munnel_agent_connections_refused_total", METRIC_COUNTER,
                   "Connections to the agent port that were closed before their TLS handshake.");
    for (unsigned i = 0; i < AGENT_REFUSAL_COUNT; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("reason", agent_refusal_label((enum agent_refusal)i))),
                      agent_listener_refused_by(server->agent_listener, (enum agent_refusal)i));
    write_one(to, "munnel_agent_balancer_checks_total", METRIC_COUNTER,
              "Connections of balancers in agents.accept_proxy that ended without TLS: health checks.",
              agent_listener_balancer_checks(server->agent_listener));
    write_one(to, "munnel_connections_inspected", METRIC_GAUGE,
              "Connections to all ports whose PROXY header has not come yet.", inspect_count(server->inspect));
    metrics_family(to, "munnel_agents_rejected_total", METRIC_COUNTER, "Agents that were answered by REJECT.");
    for (unsigned i = 0; i < REJECT_CODE_COUNT; i++)
        metrics_value(to, METRIC_LABELS(METRIC_LABEL("reason", reject_code_name((enum reject_code)i))),
                      handshake_refused_by(server->handshake, (enum reject_code)i));
}

/* ---- ports that services share ---- */

static void write_port(struct metrics *to, const char *label, const struct shared_ports *ports, size_t first,
                       size_t after) {
    for (unsigned i = 0; i < ROUTE_RESULT_COUNT; i++) {
        uint64_t sum = 0;
        for (size_t k = first; k < after; k++)
            sum += shared_port_result(shared_ports_item(ports, k), (enum route_result)i);
        metrics_value(to,
                      METRIC_LABELS(METRIC_LABEL("port", label),
                                    METRIC_LABEL("result", route_result_label((enum route_result)i))),
                      sum);
    }
}

static void write_shared_ports(const struct shared_ports *ports, struct metrics *to) {
    size_t count = shared_ports_count(ports), alone = count < SHARED_PORTS_MOST ? count : SHARED_PORTS_MOST;

    metrics_family(to, "munnel_shared_port_connections_total", METRIC_COUNTER,
                   "Connections to ports that services share, by what their first bytes have told.");
    for (size_t i = 0; i < alone; i++)
        write_port(to, shared_port_address(shared_ports_item(ports, i)), ports, i, i + 1);
    if (count > alone)
        write_port(to, "(others)", ports, alone, count);
    write_one(to, "munnel_shared_port_waiting", METRIC_GAUGE,
              "Connections to such ports whose first bytes have not told yet.", shared_ports_waiting(ports));
}

void server_metrics_write(const struct server *server, struct metrics *to) {
    plane_metrics_write_process(server->log, server->started_at, to);
    write_configuration(server, to);
    write_sessions(server, to);
    write_groups(server, to);
    write_agent_port(server, to);
    write_shared_ports(server->shared_ports, to);
    write_bans(server->bans, to);
    write_published(publishing_table(server->publishing), to);
    write_visits(server->visits, to);
    plane_metrics_write(server->plane, to);
    plane_metrics_write_lag(server->plane, statistics_lag(server->statistics), to);
    service_metrics_write(&server->services, to);
}
