/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * status: GET /v1/status, which each second also goes to the readers of events.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "admin/values.h"
#include "agent/admin/agent_admin_priv.h"
#include "agent/visits.h"
#include "lib/os/host_name.h"

/* ---- its servers ---- */

static json_t *or_null(const char *text) {
    return value_text(text && *text ? text : NULL);
}

static json_t *failure_json(const struct upstream_view *view) {
    if (!view->failure)
        return json_null();
    return json_pack("{s:o,s:o,s:o}", "detail", value_text(view->failure), "remedy", value_text(view->remedy), "at",
                     value_time_of(view->failed_us));
}

static json_t *server_json(const struct upstream_view *view) {
    struct announced_counts counts = {0};
    char peer[ADDR_TEXT] = "";

    agent_admin_count_services(view, &counts);
    if (view->peer)
        addr_format(view->peer, peer, sizeof peer);
    return json_pack("{s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:{s:I,s:I},s:{s:I,s:I},s:o}", "address",
                     value_text(view->address), "state", upstream_condition_label(view->condition), "since",
                     value_time_of(view->since_us), "peer", or_null(peer), "proxy", or_null(view->proxy), "instance",
                     or_null(view->server), "credential", or_null(view->credential), "verified_by",
                     value_text(view->verified_by), "rtt_ms", value_ms(view->rtt_us), "links", "shared",
                     (json_int_t)view->shared, "exclusive", (json_int_t)view->exclusive, "services", "permitted",
                     (json_int_t)counts.permitted, "refused", (json_int_t)counts.refused, "failure",
                     failure_json(view));
}

static json_t *servers_part(const struct agent_admin *admin) {
    json_t *list = json_array();

    for (size_t i = 0; i < admin->options.settings->server_count; i++) {
        struct upstream_view view;
        upstream_read(agent_upstream(admin->options.agent, i), &view);
        json_array_append_new(list, server_json(&view));
    }
    return list;
}

/* ---- what it visits ---- */

static json_t *visit_json(const struct visit_view *view) {
    char address[ADDR_TEXT];

    return json_pack("{s:s,s:o,s:s,s:b,s:o,s:o,s:I,s:I,s:I}", "name", view->name, "listen",
                     value_text(addr_format(view->address, address, sizeof address)), "state",
                     view->is_open ? "open" : "closed", "end_to_end", (int)view->end_to_end, "server",
                     value_text(view->server), "because", value_text(view->because), "clients",
                     (json_int_t)view->clients, "refused", (json_int_t)view->refused, "waiting",
                     (json_int_t)view->waiting);
}

static json_t *visits_part(const struct agent_admin *admin) {
    const struct visits *visits = agent_visits(admin->options.agent);
    json_t *list = json_array();

    for (size_t i = 0; visits && i < visits_count(visits); i++) {
        struct visit_view view;
        visits_read(visits, i, &view);
        json_array_append_new(list, visit_json(&view));
    }
    return list;
}

/* ---- numbers ---- */

static json_t *services_part(const struct agent_admin *admin) {
    struct announced_counts counts = {0};

    for (size_t i = 0; i < admin->options.settings->server_count; i++) {
        struct upstream_view view;
        upstream_read(agent_upstream(admin->options.agent, i), &view);
        agent_admin_count_services(&view, &counts);
    }
    return json_pack("{s:I,s:I,s:I,s:I,s:I}", "count", (json_int_t)(counts.permitted + counts.refused), "permitted",
                     (json_int_t)counts.permitted, "refused", (json_int_t)counts.refused, "unreachable",
                     (json_int_t)counts.unreachable, "unhealthy", (json_int_t)counts.unhealthy);
}

static json_t *published_part(const struct agent_admin *admin) {
    uint64_t counts[PUBLICATION_STATE_COUNT] = {0};
    json_t *json =
        json_pack("{s:I}", "count", (json_int_t)publications_count(agent_publications(admin->options.agent)));

    agent_admin_count_published(admin, counts);
    for (unsigned i = 0; i < PUBLICATION_STATE_COUNT; i++)
        json_object_set_new(json, publication_state_label((enum publication_state)i),
                            json_integer((json_int_t)counts[i]));
    return json;
}

static json_t *relays_part(const struct plane *plane) {
    struct plane_counts counts;
    uint64_t suspended = 0;

    plane_count(plane, &counts);
    for (unsigned i = 0; i < plane_thread_count(plane); i++)
        suspended += counter_read(&plane_thread_counts(plane, i)->suspended);
    return json_pack("{s:I,s:I,s:I}", "now", (json_int_t)counts.relays, "total",
                     (json_int_t)(counts.relays + counts.relays_ended), "suspended", (json_int_t)suspended);
}

static json_t *links_part(const struct plane *plane) {
    uint64_t links[LINK_KIND_COUNT] = {0};

    for (unsigned i = 0; i < plane_thread_count(plane); i++)
        for (unsigned kind = 0; kind < LINK_KIND_COUNT; kind++)
            links[kind] += counter_read(&plane_thread_counts(plane, i)->links[kind]);
    return json_pack("{s:I,s:I,s:I}", "control", (json_int_t)links[LINK_KIND_CONTROL], "shared",
                     (json_int_t)links[LINK_KIND_SHARED], "exclusive", (json_int_t)links[LINK_KIND_EXCLUSIVE]);
}

/* ---- all of it ---- */

/* Warnings leave it well: they are for people, not for a health check that restarts the agent. */
static const char *state_of(const struct agent_admin *admin, bool has_bad) {
    if (agent_is_draining(admin->options.agent) || agent_working(admin->options.agent) == 0)
        return "down";
    return has_bad ? "degraded" : "ok";
}

static json_t *configuration_part(const struct agent_admin_options *options) {
    return json_pack("{s:o,s:o,s:o}", "file", value_text(options->configuration->file), "loaded",
                     value_time((int64_t)options->started_at * 1000), "group",
                     value_text(options->configuration->group));
}

json_t *agent_admin_status(const void *context) {
    const struct agent_admin *admin = context;
    const struct agent_admin_options *options = &admin->options;
    const struct plane *plane = agent_plane(options->agent);
    char host[HOST_NAME_SIZE];
    bool has_bad = false;
    json_t *problems = agent_admin_problems(admin, &has_bad);

    host_name(host, sizeof host);
    return json_pack("{s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "program",
                     "munnel-agent", "state", state_of(admin, has_bad), "version", PACKAGE_VERSION, "instance",
                     agent_instance(options->agent), "host", value_text(host), "name",
                     value_text(options->settings->name), "started", value_time((int64_t)options->started_at * 1000),
                     "now", value_time(value_wall_ms()), "stopping", (int)agent_is_draining(options->agent),
                     "configuration", configuration_part(options), "problems", problems, "servers", servers_part(admin),
                     "visits", visits_part(admin), "services", services_part(admin), "published", published_part(admin),
                     "relays", relays_part(plane), "links", links_part(plane), "in_rate",
                     rates_json(&admin->rates, RATES_IN), "out_rate", rates_json(&admin->rates, RATES_OUT), "new_rate",
                     rates_json(&admin->rates, RATES_NEW));
}
