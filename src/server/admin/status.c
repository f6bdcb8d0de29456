/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * status: GET /v1/status, which each second also goes to the readers of events.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "lib/os/host_name.h"
#include "server/admin/admin_priv.h"
#include "server/admin/values.h"
#include "server/service/client_table.h"

struct totals { /* of all services */
    size_t states[ADMIN_SERVICE_STATE_COUNT];
    size_t clients, waiting;
};

static struct totals add_services(const struct admin *admin) {
    const struct service_list *services = admin->options.services;
    struct totals totals = {0};

    for (size_t i = 0; i < services->count; i++) {
        struct service_numbers numbers;
        service_read(services->items[i], &numbers);
        if (admin_lists_service(admin, services->items[i]))
            totals.states[admin_service_state(&numbers, admin_service_known(admin, services->items[i]))]++;
        totals.clients += numbers.clients;
        totals.waiting += numbers.waiting;
    }
    return totals;
}

static json_t *agents_part(const struct admin *admin) {
    const struct session_table *sessions = admin->options.sessions;
    size_t connected = 0, draining = 0;

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session)) {
        connected += session_is_connected(session);
        draining += session_is_connected(session) && session_is_draining(session);
    }
    return json_pack("{s:I,s:I,s:I}", "connected", (json_int_t)connected, "known",
                     (json_int_t)admin_agents_known(admin), "draining", (json_int_t)draining);
}

static json_t *services_part(const struct totals *totals) {
    size_t count = 0;

    for (size_t i = 0; i < ADMIN_SERVICE_STATE_COUNT; i++)
        count += totals->states[i];
    return json_pack("{s:I,s:I,s:I,s:I,s:I}", "count", (json_int_t)count, "reachable",
                     (json_int_t)totals->states[ADMIN_SERVICE_OK], "limited",
                     (json_int_t)totals->states[ADMIN_SERVICE_LIMITED], "unreachable",
                     (json_int_t)totals->states[ADMIN_SERVICE_UNREACHABLE], "paused",
                     (json_int_t)totals->states[ADMIN_SERVICE_PAUSED]);
}

static uint64_t count_suspended(const struct plane *plane) {
    uint64_t suspended = 0;

    for (unsigned i = 0; i < plane_thread_count(plane); i++)
        suspended += counter_read(&plane_thread_counts(plane, i)->suspended);
    return suspended;
}

static json_t *relays_part(const struct admin *admin, const struct totals *totals) {
    size_t now = totals->clients - totals->waiting;
    uint64_t peak = history_peak(statistics_server(admin->options.statistics), HISTORY_RELAYS);

    return json_pack("{s:I,s:I,s:I,s:I}", "now", (json_int_t)now, "peak", (json_int_t)(peak > now ? peak : now),
                     "total", (json_int_t)client_table_total(admin->options.clients), "suspended",
                     (json_int_t)count_suspended(admin->options.plane));
}

/* Warnings leave it well: they are for people, not for a health check that restarts the server. */
static const char *state_of(const struct admin *admin, const struct totals *totals, bool has_bad) {
    size_t able = totals->states[ADMIN_SERVICE_OK] + totals->states[ADMIN_SERVICE_LIMITED];

    if (*admin->options.is_stopping || (totals->states[ADMIN_SERVICE_UNREACHABLE] && !able))
        return "down";
    return has_bad ? "degraded" : "ok";
}

static json_t *configuration_part(const struct admin *admin) {
    const struct config_state *state = admin->options.config.state;

    return json_pack("{s:o,s:s,s:o,s:b,s:o,s:o}", "file", value_text(admin->options.policy->conf->path), "version",
                     state->version, "loaded", value_time(state->loaded_ms), "is_changed", (int)state->is_changed,
                     "must_confirm_until", value_time(state->confirm_until_ms), "error",
                     value_text(state->was_refused ? state->error.text : NULL));
}

json_t *admin_status(const struct admin *admin) {
    const struct admin_options *options = &admin->options;
    const struct history *history = statistics_server(options->statistics);
    struct totals totals = add_services(admin);
    char host[HOST_NAME_SIZE];
    bool has_bad = false;
    json_t *problems = admin_problems(admin, &has_bad);

    host_name(host, sizeof host);
    return json_pack("{s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I}", "program", "munneld",
                     "state", state_of(admin, &totals, has_bad), "version", PACKAGE_VERSION, "instance",
                     options->instance, "host", value_text(host), "started",
                     value_time((int64_t)options->started_at * 1000), "now", value_time(value_wall_ms()), "stopping",
                     (int)*options->is_stopping, "configuration", configuration_part(admin), "problems", problems,
                     "services", services_part(&totals), "agents", agents_part(admin), "relays",
                     relays_part(admin, &totals), "in_rate", value_rates(history, HISTORY_IN, VALUE_KILOBYTE),
                     "out_rate", value_rates(history, HISTORY_OUT, VALUE_KILOBYTE), "new_rate",
                     value_rates(history, HISTORY_NEW, 1), "waiting", (json_int_t)totals.waiting);
}
