/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agents: /v1/agents: those that are connected, by their labels, and those that have a credential and are not here.
 * Runs on: the control thread. Owns: admin->last_seen.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "server/admin/admin_priv.h"
#include "server/admin/values.h"
#include "server/auth/agent_bandwidth.h"

#include <string.h>

enum { SEEN_MOST = 4096 };

/* ---- who was here ---- */

static const char *seen_as(const struct session *session) {
    return *session_credential(session) ? session_credential(session) : session_name(session);
}

/* Once it is full, newcomers are not remembered: names without a credential could be any number. */
void admin_on_agent_left(struct admin *admin, const struct session *session, const char *detail) {
    const char *name = seen_as(session);

    if (!admin || (json_object_size(admin->last_seen) >= SEEN_MOST && !json_object_get(admin->last_seen, name)))
        return;
    json_object_set_new(admin->last_seen, name,
                        json_pack("{s:I,s:o}", "at", (json_int_t)value_wall_ms(), "why", value_text(detail)));
}

int64_t admin_last_seen_ms(const struct admin *admin, const char *credential) {
    return json_integer_value(json_object_get(json_object_get(admin->last_seen, credential), "at"));
}

const char *admin_left_because(const struct admin *admin, const char *credential) {
    return json_string_value(json_object_get(json_object_get(admin->last_seen, credential), "why"));
}

json_t *admin_present(const struct admin *admin) {
    const struct session_table *sessions = admin->options.sessions;
    json_t *present = json_object();

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session))
        json_object_set_new(present, session_credential(session), json_true());
    return present;
}

size_t admin_agents_known(const struct admin *admin) {
    const struct credentials *credentials = admin->options.policy->credentials;
    size_t sessions = session_table_count(admin->options.sessions);

    return credentials && credentials_count(credentials) > sessions ? credentials_count(credentials) : sessions;
}

/* ---- one agent ---- */

static const char *state_of(const struct session *session) {
    if (!session_is_connected(session))
        return "suspended";
    if (session_is_draining(session))
        return "draining";
    return session_is_silent(session) ? "unhealthy" : "connected";
}

static const struct credential *credential_of(const struct admin *admin, const struct session *session) {
    const struct credentials *credentials = admin->options.policy->credentials;

    return credentials ? credentials_find(credentials, session_credential(session)) : NULL;
}

/* Null: it may not. */
static json_t *publish_json(const struct credential *credential) {
    if (!credential || publish_permit_is_empty(&credential->publish))
        return json_null();
    return json_pack("{s:o,s:o}", "ports", value_texts(&credential->publish.ports), "hosts",
                     value_texts(&credential->publish.hosts));
}

/* By what it may join, and until when; NULL: it needed none. */
static json_t *with_credential(const struct admin *admin, json_t *agent, const struct credential *credential) {
    json_t *tokens = json_array();

    for (int i = 0; credential && i < credential->key_count; i++)
        json_array_append_new(tokens,
                              json_pack("{s:o}", "until", value_time((int64_t)credential->keys[i].until * 1000)));
    json_object_set_new(agent, "tokens", tokens);
    json_object_set_new(agent, "certificates", credential ? value_texts(&credential->certificates) : json_array());
    json_object_set_new(agent, "expires", value_time(credential ? (int64_t)credential->expires * 1000 : 0));
    json_object_set_new(agent, "publish", publish_json(credential));
    const struct bandwidth_limits limits = agent_bandwidth_limits(admin->options.policy->conf, credential);
    json_object_set_new(agent, "bandwidth_in", value_limit(limits.in));
    json_object_set_new(agent, "bandwidth_out", value_limit(limits.out));
    return agent;
}

static json_t *links_of(struct session *session) {
    const struct carriers *carriers = session_carriers(session);

    return json_pack("{s:I,s:I}", "shared", (json_int_t)carriers_count(carriers, false), "exclusive",
                     (json_int_t)carriers_count(carriers, true));
}

static json_t *address_of(const struct session *session) {
    char text[ADDR_TEXT];

    return value_text(addr_format(session_peer(session), text, sizeof text));
}

/* Of a session that has lost its control link. */
static json_t *reason_of(const struct admin *admin, const struct session *session) {
    return value_text(session_is_connected(session) ? NULL : admin_left_because(admin, seen_as(session)));
}

static double mean_of(double (*mean)(const struct byte_rates *rates, unsigned seconds, uint64_t now_us),
                      const struct byte_rates *rates, unsigned seconds) {
    return rates ? mean(rates, seconds, clock_us()) : 0;
}

static json_t *rates_of(double (*mean)(const struct byte_rates *rates, unsigned seconds, uint64_t now_us),
                        const struct session *session) {
    const struct byte_rates *rates = session_rates(session);

    return json_pack("{s:f,s:f,s:f}", "s1", mean_of(mean, rates, 1), "s10", mean_of(mean, rates, 10), "s60",
                     mean_of(mean, rates, 60));
}

/* Without its services. */
static json_t *session_json(const struct admin *admin, struct session *session) {
    uint64_t rtt_us = session_liveness(session)->srtt_us;

    json_t *agent =
        json_pack("{s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:o,s:o,s:o,s:b}", "name",
                  value_text(session_label(session)), "state", state_of(session), "since",
                  value_time_of(session_state_since_us(session)), "reason", reason_of(admin, session), "credential",
                  value_text(*session_credential(session) ? session_credential(session) : NULL), "groups",
                  value_texts(session_groups(session)), "address", address_of(session), "version",
                  value_text(*session_version(session) ? session_version(session) : NULL), "rtt_ms", value_ms(rtt_us),
                  "links", links_of(session), "relays", (json_int_t)session_client_count(session), "failures",
                  (json_int_t)session_failures(session), "in_rate", rates_of(byte_rates_mean_up, session), "out_rate",
                  rates_of(byte_rates_mean_down, session), "services", json_array(), "can_undrain",
                  (int)session_is_drained_here(session));
    return with_credential(admin, agent, credential_of(admin, session));
}

static json_t *offline_json(const struct admin *admin, const struct credential *credential) {
    const char *because = admin_left_because(admin, credential->name);

    json_t *agent =
        json_pack("{s:o,s:s,s:o,s:s,s:o,s:o,s:n,s:n,s:n,s:{s:i,s:i},s:i,s:i,s:n,s:n,s:[],s:b}", "name",
                  value_text(credential->name), "state", "offline", "since",
                  value_time(admin_last_seen_ms(admin, credential->name)), "reason",
                  because ? because : "not seen since this server started", "credential", value_text(credential->name),
                  "groups", value_texts(&credential->groups), "address", "version", "rtt_ms", "links", "shared", 0,
                  "exclusive", 0, "relays", 0, "failures", 0, "in_rate", "out_rate", "services", "can_undrain", 0);
    return with_credential(admin, agent, credential);
}

/* ---- all agents ---- */

static json_t *list_sessions(const struct admin *admin) {
    const struct session_table *sessions = admin->options.sessions;
    json_t *by_label = json_object();

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session))
        json_object_set_new(by_label, session_label(session), session_json(admin, session));
    return by_label;
}

/* Goes through the services' own lists, which costs as much as the answer has names. */
static void add_services(const struct admin *admin, json_t *by_label) {
    const struct service_list *services = admin->options.services;

    for (size_t i = 0; i < services->count; i++) {
        const struct service *service = services->items[i];
        for (size_t k = 0; k < service_agents(service); k++) {
            json_t *agent = json_object_get(by_label, session_label(service_agent(service, k)));
            json_array_append_new(json_object_get(agent, "services"), json_string(service_config(service)->name));
        }
    }
}

static void add_offline(const struct admin *admin, json_t *by_label) {
    const struct credentials *credentials = admin->options.policy->credentials;
    json_t *present = admin_present(admin);

    for (size_t i = 0; credentials && i < credentials_count(credentials); i++) {
        const struct credential *credential = credentials_at(credentials, i);
        if (!json_object_get(present, credential->name) && !json_object_get(by_label, credential->name))
            json_object_set_new(by_label, credential->name, offline_json(admin, credential));
    }
    json_decref(present);
}

static json_t *list_all(const struct admin *admin) {
    json_t *by_label = list_sessions(admin);

    add_services(admin, by_label);
    add_offline(admin, by_label);
    return by_label;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Takes over the object. */
static json_t *sort_by_name(json_t *by_label) {
    size_t count = 0, size = json_object_size(by_label);
    const char **names = calloc(size + 1, sizeof *names), *name;
    json_t *list = names ? json_array() : NULL, *agent;

    if (list) {
        json_object_foreach (by_label, name, agent)
            names[count++] = name;
        qsort(names, count, sizeof *names, compare_names);
        for (size_t i = 0; i < count; i++)
            json_array_append(list, json_object_get(by_label, names[i]));
    }
    free(names);
    json_decref(by_label);
    return list;
}

void admin_list_agents(struct http_request *request, void *context) {
    const struct admin *admin = context;

    http_answer_json(request, 200, json_pack("{s:o}", "agents", sort_by_name(list_all(admin))));
}

void admin_get_agent(struct http_request *request, void *context) {
    const struct admin *admin = context;
    const char *name = http_request_param(request, "agent");
    json_t *all = list_all(admin), *agent = json_object_get(all, name);

    if (agent)
        http_answer_json(request, 200, json_incref(agent));
    else
        http_answer_error(request, 404, "there is no agent %s, and no credential of that name", name);
    json_decref(all);
}

/* ---- what can be done with those that are here ---- */

typedef bool session_deed(struct admin *admin, struct session *session, const char *actor);

static bool drain(struct admin *admin, struct session *session, const char *actor) {
    (void)actor;
    registry_drain_here(admin->options.registry, session);
    return true;
}

static bool undrain(struct admin *admin, struct session *session, const char *actor) {
    (void)actor;
    return !session_is_draining(session) || registry_undrain(admin->options.registry, session);
}

static bool disconnect(struct admin *admin, struct session *session, const char *actor) {
    char detail[128];

    snprintf(detail, sizeof detail, "an operator has asked for it: %s", actor);
    return registry_disconnect(admin->options.registry, session, REASON_OPERATOR, detail);
}

static bool is_meant(const struct session *session, const char *name) {
    return strcmp(session_label(session), name) == 0;
}

/* With each session of this label, and answers: 204, 404, or 409 with `conflict` if the deed cannot be done. */
static void do_with(struct admin *admin, struct http_request *request, session_deed *deed, const char *conflict) {
    const struct session_table *sessions = admin->options.sessions;
    const char *name = http_request_param(request, "agent");
    struct session *next;
    bool is_done = true;
    size_t found = 0;

    for (struct session *session = session_table_first(sessions); session; session = next) {
        next = session_table_after(sessions, session);
        if (!is_meant(session, name))
            continue;
        found++;
        is_done &= deed(admin, session, http_request_actor(request));
    }
    if (!found)
        http_answer_error(request, 404, "no agent %s is connected", name);
    else if (!is_done)
        http_answer_error(request, 409, "agent %s %s", name, conflict);
    else
        http_answer_empty(request, 204);
}

void admin_drain_agent(struct http_request *request, void *context) {
    do_with(context, request, drain, "");
}

void admin_undrain_agent(struct http_request *request, void *context) {
    do_with(context, request, undrain,
            "drains by a signal on its own machine: it takes clients again once it is started anew there");
}

void admin_disconnect_agent(struct http_request *request, void *context) {
    do_with(context, request, disconnect, "cannot be disconnected: out of memory; try again");
}
