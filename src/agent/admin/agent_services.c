/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_services: GET /v1/services: what the servers ask for, and what this agent permits of it.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "admin/values.h"
#include "agent/admin/agent_admin_priv.h"
#include "agent/upstream/health.h"

enum { LISTED_MOST = 1000 };

/* ---- numbers ---- */

static uint64_t read_us(const atomic_uint_fast64_t *us) {
    return atomic_load_explicit(us, memory_order_relaxed);
}

bool agent_admin_is_unreachable(const struct served_service *service) {
    return read_us(&service->health.failed_us) > read_us(&service->health.connected_us);
}

bool agent_admin_is_unhealthy(const struct served_service *service) {
    return service->verdict && service->verdict->state == HEALTH_UNHEALTHY;
}

void agent_admin_count_services(const struct upstream_view *view, struct announced_counts *counts) {
    const struct service_table *table = view->services ? view->services->table : NULL;

    for (size_t i = 0; table && i < table->count; i++) {
        counts->unreachable += agent_admin_is_unreachable(table->services[i]);
        counts->unhealthy += agent_admin_is_unhealthy(table->services[i]);
    }
    counts->permitted += table ? table->count : 0;
    counts->refused += view->services ? view->services->refusal_count : 0;
}

/* ---- one service ---- */

static json_t *destination_json(const struct served_service *service) {
    const struct destination_health *health = &service->health;
    uint64_t failed_us = read_us(&health->failed_us);
    unsigned refusal = atomic_load_explicit(&health->refusal, memory_order_relaxed);

    return json_pack("{s:o,s:o,s:o}", "connected", value_time_of(read_us(&health->connected_us)), "failed",
                     value_time_of(failed_us), "reason",
                     value_text(failed_us ? refusal_code((enum refusal)refusal) : NULL));
}

static const char *state_of(const struct upstream_view *view, const struct served_service *service) {
    if (view->condition != UPSTREAM_CONNECTED)
        return "offline";
    if (agent_admin_is_unhealthy(service))
        return "unhealthy";
    return agent_admin_is_unreachable(service) ? "unreachable" : "ok";
}

/* null: it is not checked. */
static json_t *health_json(const struct served_service *service) {
    const struct served_verdict *verdict = service->verdict;

    if (!verdict)
        return json_null();
    return json_pack("{s:s,s:s,s:o,s:o}", "check", health_check_word(service->check.type), "state",
                     health_state_label(verdict->state), "since", value_time_of(verdict->since_us), "detail",
                     value_text(*verdict->detail ? verdict->detail : NULL));
}

static json_t *served_json(const struct upstream_view *view, const struct served_service *service) {
    json_t *connect = json_array();

    for (size_t i = 0; i < service->to_count; i++)
        json_array_append_new(connect, value_text(service->to[i]));
    return json_pack("{s:o,s:s,s:o,s:s,s:o,s:s,s:s,s:o,s:o,s:o}", "name", value_text(service->name), "state",
                     state_of(view, service), "server", value_text(view->address), "protocol",
                     service->protocol == SERVICE_UDP ? "udp" : "tcp", "connect", connect, "proxy_protocol",
                     proxy_version_name(service->proxy), "answer",
                     services_are_answered(view->services) ? "permits" : "unanswered", "because",
                     value_text(agent_admin_is_unhealthy(service) ? service->verdict->detail : NULL), "destination",
                     destination_json(service), "health", health_json(service));
}

static json_t *refused_json(const struct upstream_view *view, const struct refused_service *service) {
    return json_pack("{s:o,s:s,s:o,s:n,s:[o],s:n,s:s,s:o,s:{s:n,s:n,s:n},s:n}", "name", value_text(service->name),
                     "state", view->condition == UPSTREAM_CONNECTED ? "refused" : "offline", "server",
                     value_text(view->address), "protocol", "connect", value_text(service->to), "proxy_protocol",
                     "answer", "refuses", "because", value_text(service->reason), "destination", "connected", "failed",
                     "reason", "health");
}

/* ---- the list ---- */

static void add_server(json_t *list, const struct upstream_view *view) {
    const struct service_table *table = view->services ? view->services->table : NULL;

    for (const struct refused_service *service = view->services ? view->services->refusals : NULL;
         service && json_array_size(list) < LISTED_MOST; service = service->next)
        json_array_append_new(list, refused_json(view, service));
    for (size_t i = 0; table && i < table->count && json_array_size(list) < LISTED_MOST; i++)
        json_array_append_new(list, served_json(view, table->services[i]));
}

void agent_admin_list_services(struct http_request *request, void *context) {
    const struct agent_admin *admin = context;
    struct announced_counts counts = {0};
    json_t *list = json_array();

    for (size_t i = 0; i < admin->options.settings->server_count; i++) {
        struct upstream_view view;
        upstream_read(agent_upstream(admin->options.agent, i), &view);
        agent_admin_count_services(&view, &counts);
        add_server(list, &view);
    }
    http_answer_json(request, 200,
                     json_pack("{s:o,s:I}", "services", list, "total",
                               (json_int_t)(counts.permitted + counts.refused)));
}
