/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_published: /v1/published of an agent: the services that it publishes, and those that a program on this machine
 * leases for as long as it runs, as munnel share does.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "admin/recent_events.h"
#include "admin/values.h"
#include "agent/admin/agent_admin_priv.h"
#include "conf/publish_spec.h"
#include "lib/base/clock.h"

#include <stdio.h>
#include <string.h>

enum { LEASE_S = 10, LEASE_MOST_S = 60 };

/* ---- shown ---- */

static json_t *at_json(const struct agent_admin *admin, const struct publication *entry, size_t index) {
    const struct publication_at *at = &entry->at[index];
    bool is_published = at->state == PUBLICATION_PUBLISHED;
    bool has_reason = at->state == PUBLICATION_REFUSED || at->state == PUBLICATION_UNSUPPORTED;

    return json_pack("{s:s,s:s,s:o,s:o,s:o}", "server", admin->options.settings->servers[index].text, "state",
                     publication_state_label(at->state), "since", value_time_of(at->since_us), "address",
                     value_text(is_published ? at->address : NULL), "because",
                     value_text(has_reason ? at->reason : NULL));
}

static json_t *entry_json(const struct agent_admin *admin, const struct publication *entry) {
    json_t *servers = json_array();

    for (size_t i = 0; i < admin->options.settings->server_count; i++)
        json_array_append_new(servers, at_json(admin, entry, i));
    return json_pack("{s:s,s:o,s:b,s:o}", "name", entry->name, "to", value_text(entry->to), "leased",
                     *entry->lease != '\0', "servers", servers);
}

void agent_admin_list_published(struct http_request *request, void *context) {
    const struct agent_admin *admin = context;
    const struct publications *published = agent_publications(admin->options.agent);
    json_t *list = json_array();

    for (const struct publication *entry = publications_first(published); entry; entry = publications_next(entry))
        if (!entry->is_withdrawn)
            json_array_append_new(list, entry_json(admin, entry));
    http_answer_json(request, 200,
                     json_pack("{s:o,s:I}", "published", list, "total", (json_int_t)publications_count(published)));
}

void agent_admin_count_published(const struct agent_admin *admin, uint64_t counts[PUBLICATION_STATE_COUNT]) {
    const struct publications *published = agent_publications(admin->options.agent);

    for (const struct publication *entry = publications_first(published); entry; entry = publications_next(entry))
        for (size_t i = 0; i < publications_servers(published) && !entry->is_withdrawn; i++)
            counts[entry->at[i].state]++;
}

/* ---- asked for ---- */

static bool refuse(struct http_request *request, const char *pointer, const char *detail, const char *remedy) {
    http_answer_problem(request,
                        &(struct http_problem){.status = 422, .pointer = pointer, .detail = detail, .remedy = remedy});
    return false;
}

static bool has_others(struct http_request *request, const char *const *known, size_t known_count) {
    const json_t *body = http_request_body(request);
    size_t count = 0;

    for (size_t i = 0; i < known_count; i++)
        count += !!json_object_get(body, known[i]);
    return json_object_size(body) != count && !refuse(request, "", "there are members that are not known here", NULL);
}

/* `otherwise`: where it is missing or null; NULL: it may not. */
static bool take_text(struct http_request *request, const char *pointer, const char *otherwise, const char **text) {
    const json_t *value = json_object_get(http_request_body(request), pointer + 1);

    *text = value && !json_is_null(value) ? json_string_value(value) : otherwise;
    return *text || refuse(request, pointer, "this has to be a text", NULL);
}

static bool take_number(struct http_request *request, const char *pointer, json_int_t otherwise, json_int_t least,
                        json_int_t most, unsigned *number) {
    const json_t *value = json_object_get(http_request_body(request), pointer + 1);
    bool is_absent = !value || json_is_null(value);
    json_int_t given = is_absent ? otherwise : json_integer_value(value);
    char detail[80];

    *number = (unsigned)given;
    if ((is_absent || json_is_integer(value)) && (is_absent || (given >= least && given <= most)))
        return true;
    snprintf(detail, sizeof detail, "this has to be a whole number from %d to %d", (int)least, (int)most);
    return refuse(request, pointer, detail, NULL);
}

static bool take_lease(struct http_request *request, unsigned *lease_ms) {
    bool is_right = take_number(request, "/for_s", LEASE_S, 1, LEASE_MOST_S, lease_ms);

    *lease_ms *= 1000;
    return is_right;
}

static bool check_name(struct http_request *request, const char *name) {
    return (value_is_name(name) && strlen(name) < PUBLISH_SPEC_NAME) ||
           refuse(request, "/name", "this has to be the name of a service", NULL);
}

/*
 * What each user of this machine can connect to may be published by one who may ask the agent. Not so sockets, which
 * have owners, and addresses that only root may be meant to reach: they need a rule of the agent's.
 */
static bool is_permitted(const struct agent_admin *admin, const char *to) {
    const struct acl *rules = admin->options.settings->allow;
    struct endpoint endpoint;
    struct addr address;

    if (endpoint_parse(&endpoint, to, NULL) != 0 || !addr_from_endpoint(&address, &endpoint))
        return true;
    return !(addr_is_unix(&address) || addr_is_reserved(&address)) || acl_permits(rules, &address, endpoint.host);
}

static bool check_to(const struct agent_admin *admin, struct http_request *request, const char *to) {
    struct error error;

    if (publish_spec_check_to(to, &error) != 0)
        return refuse(request, "/to", error.text, NULL);
    return is_permitted(admin, to) ||
           refuse(request, "/to",
                  "sockets, and link-local and metadata addresses, are published only where the rules "
                  "of the agent name them",
                  "Write it into the agent's \"allow\"");
}

static bool take_order(const struct agent_admin *admin, struct http_request *request, struct publication_order *order) {
    static const char *const known[] = {"name", "to", "host", "port", "for_s"};
    struct error error;

    if (has_others(request, known, sizeof known / sizeof *known) || !take_text(request, "/name", NULL, &order->name) ||
        !check_name(request, order->name) || !take_text(request, "/to", NULL, &order->to) ||
        !check_to(admin, request, order->to) || !take_text(request, "/host", "", &order->host) ||
        !take_number(request, "/port", 0, 1, UINT16_MAX, &order->port) || !take_lease(request, &order->lease_ms))
        return false;
    return publish_spec_check_wishes(order->host, order->port, &error) == 0 ||
           refuse(request, "/host", error.text, NULL);
}

/* ---- leases ---- */

static json_t *leased_json(const struct agent_admin *admin, const struct publication *entry) {
    json_t *json = entry_json(admin, entry);

    if (json)
        json_object_set_new(json, "lease", json_string(entry->lease));
    return json;
}

static void note(const struct agent_admin *admin, const struct publication *entry, const char *what, const char *by) {
    char detail[PUBLISH_SPEC_TO + 96];

    snprintf(detail, sizeof detail, "%s, by %.80s", entry->to, by);
    recent_events_add(admin->options.events, EVENT_KIND_SERVICE, EVENT_INFO, entry->name, what, detail);
}

static void answer_refused(struct http_request *request, enum publications_result result, const char *name) {
    char detail[160];

    if (result == PUBLICATIONS_MEMORY) {
        http_answer_json(request, 500, NULL);
        return;
    }
    if (result == PUBLICATIONS_FULL)
        snprintf(detail, sizeof detail, "this agent publishes %d services already", PUBLICATIONS_MOST);
    else
        snprintf(detail, sizeof detail, "this agent publishes a service %.80s already", name);
    http_answer_problem(request,
                        &(struct http_problem){.status = 409,
                                               .pointer = "/name",
                                               .detail = detail,
                                               .remedy = result == PUBLICATIONS_TAKEN ? "Choose another name" : NULL});
}

void agent_admin_publish(struct http_request *request, void *context) {
    const struct agent_admin *admin = context;
    struct publication_order order;
    struct publication *entry;

    if (!take_order(admin, request, &order))
        return;
    if (agent_is_draining(admin->options.agent)) {
        http_answer_error(request, 503, "the agent is stopping");
        return;
    }
    enum publications_result result =
        publications_add(agent_publications(admin->options.agent), &order, clock_ms(), &entry);
    if (result != PUBLICATIONS_ADDED) {
        answer_refused(request, result, order.name);
        return;
    }
    note(admin, entry, "to be published", http_request_actor(request));
    agent_publish(admin->options.agent);
    http_answer_json(request, 201, leased_json(admin, entry));
}

/* NULL: there is none, and 404 has been answered. */
static struct publication *find_lease(const struct agent_admin *admin, struct http_request *request) {
    struct publication *entry =
        publications_find_lease(agent_publications(admin->options.agent), http_request_param(request, "lease"));

    if (!entry)
        http_answer_error(request, 404, "the lease is over");
    return entry;
}

void agent_admin_renew(struct http_request *request, void *context) {
    static const char *const known[] = {"for_s"};
    const struct agent_admin *admin = context;
    unsigned lease_ms;

    if (has_others(request, known, 1) || !take_lease(request, &lease_ms))
        return;
    struct publication *entry = find_lease(admin, request);
    if (!entry)
        return;
    entry->lease_until_ms = clock_ms() + lease_ms;
    http_answer_json(request, 200, leased_json(admin, entry));
}

void agent_admin_withdraw(struct http_request *request, void *context) {
    const struct agent_admin *admin = context;
    struct publication *entry = find_lease(admin, request);

    if (!entry)
        return;
    note(admin, entry, "withdrawn", http_request_actor(request));
    publications_withdraw(agent_publications(admin->options.agent), entry);
    agent_publish(admin->options.agent);
    http_answer_empty(request, 204);
}
