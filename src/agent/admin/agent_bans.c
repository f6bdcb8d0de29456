/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_bans: /v1/bans of an agent: clients that its servers are asked to refuse.
 *
 * What no server lets this agent do is refused at once, if that is known; while a server is not connected, or has not
 * announced its services yet, a ban is kept for it.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "admin/ban_requests.h"
#include "admin/values.h"
#include "agent/admin/agent_admin_priv.h"
#include "agent/upstream/ban_list.h"
#include "lib/base/clock.h"
#include "lib/net/loopback_source.h"

#include <stdio.h>

enum { LISTED_MOST = 1000, SEEN_MOST = 64 };

/* ---- by which services? ---- */

/* The names of those whose servers let this agent ban for them; as far as these have announced them. */
static json_t *obeying_services(const struct agent_admin *admin) {
    json_t *seen = json_object(), *names = json_array();

    for (size_t i = 0; i < admin->options.settings->server_count; i++) {
        struct upstream_view view;
        upstream_read(agent_upstream(admin->options.agent, i), &view);
        const struct service_table *table = view.services ? view.services->table : NULL;
        for (size_t k = 0; table && k < table->count && json_array_size(names) < LISTED_MOST; k++) {
            const struct served_service *served = table->services[k];
            if (!served->takes_bans || json_object_get(seen, served->name))
                continue;
            json_object_set_new(seen, served->name, json_true());
            json_array_append_new(names, value_text(served->name));
        }
    }
    json_decref(seen);
    return names;
}

static json_t *taken_json(const struct agent_admin *admin, const struct ban_shown *ban, uint64_t now_us) {
    json_t *json = ban_shown_json(ban, now_us);

    if (json)
        json_object_set_new(json, "services", ban->service ? json_null() : obeying_services(admin));
    return json;
}

/* ---- list ---- */

/* `room` is for the address. */
static struct ban_shown shown(const struct ban_entry *entry, char room[ADDR_TEXT]) {
    return (struct ban_shown){.address = source_name(&entry->address, room, ADDR_TEXT),
                              .service = entry->service,
                              .by = entry->by,
                              .reason = entry->reason,
                              .until_us = entry->until_us};
}

void agent_admin_list_bans(struct http_request *request, void *context) {
    const struct agent_admin *admin = context;
    uint64_t now_us = clock_us();
    struct ban_filter filter;
    json_int_t total = 0;

    if (!ban_filter_take(request, &filter))
        return;
    json_t *list = json_array();
    for (const struct ban_entry *entry = ban_list_newest(agent_bans(admin->options.agent)); entry;
         entry = ban_list_older(entry)) {
        char address[ADDR_TEXT];
        const struct ban_shown as = shown(entry, address);
        if (entry->is_lifted || entry->until_us <= now_us || !ban_filter_matches(&filter, &as))
            continue;
        if (total++ < LISTED_MOST)
            json_array_append_new(list, ban_shown_json(&as, now_us));
    }
    http_answer_json(request, 200,
                     json_pack("{s:o,s:I,s:o}", "bans", list, "total", total, "services", obeying_services(admin)));
}

/* ---- may it? ---- */

enum permission { ALLOWED, NOT_ALLOWED, UNKNOWN, OPEN /* a server may tell yet */ };

static enum permission permission_of(const struct agent_admin *admin, const char *service) {
    bool is_known = false, all_answered = true;

    for (size_t i = 0; i < admin->options.settings->server_count; i++) {
        struct upstream_view view;
        upstream_read(agent_upstream(admin->options.agent, i), &view);
        if (view.services && ban_sender_may_ban(view.services, service, &is_known))
            return ALLOWED;
        all_answered &= view.condition == UPSTREAM_STANDBY || view.condition == UPSTREAM_GAVE_UP ||
                        (view.services && services_are_answered(view.services));
    }
    if (is_known || (all_answered && !service))
        return NOT_ALLOWED;
    return all_answered ? UNKNOWN : OPEN;
}

static bool may_ban(const struct agent_admin *admin, struct http_request *request, const char *service) {
    enum permission permission = permission_of(admin, service);
    char detail[160];

    if (permission == ALLOWED || permission == OPEN)
        return true;
    if (permission == UNKNOWN)
        snprintf(detail, sizeof detail, "this agent serves no service %.80s", service);
    else if (service)
        snprintf(detail, sizeof detail, "service %.80s does not let its agents ban", service);
    else
        snprintf(detail, sizeof detail, "no service that this agent serves lets its agents ban");
    http_answer_problem(request, &(struct http_problem){.status = 422,
                                                        .pointer = service ? "/service" : "",
                                                        .detail = detail,
                                                        .remedy = permission == UNKNOWN
                                                                      ? "munnel status has those that there are"
                                                                      : "On the server write \"agent_bans\": true into "
                                                                        "the service in munnel.json"});
    return false;
}

/* fail2ban would ban this machine, where the log of a destination has no clients. */
static const char *why_no_client(const struct addr *address) {
    static const char *const own[] = {"127.0.0.1", "::1"};
    struct addr addr;

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (source_parse(&addr, own[i], NULL) == 0 && addr_same_host(&addr, address))
            return "this is the agent's machine, not a client";
    return loopback_source_is(address) ? "no client that is known has had this address" : NULL;
}

static bool is_client(struct http_request *request, const struct addr *address) {
    const char *why = why_no_client(address);

    if (!why)
        return true;
    http_answer_problem(request, &(struct http_problem){
                                     .status = 422,
                                     .pointer = "/address",
                                     .detail = why,
                                     .remedy = "Let the destination know its clients (proxy_protocol or connect_from "
                                               "of the service), or name a relay: munnel ban --relay ID"});
    return false;
}

/* ---- changes ---- */

static void note(const struct agent_admin *admin, const char *address, const char *what, const char *service,
                 const char *by, const char *reason) {
    char detail[RECENT_EVENT_TEXT];

    snprintf(detail, sizeof detail, "%s, by %.80s%s%s", address, by, *reason ? ": " : "", reason);
    log_write(admin->options.log, LOG_LEVEL_INFO, "agent", "%s is %s: %s%.80s, by %.80s%s%s", address, what,
              service ? "service " : "services with agent_bans", service ? service : "", by, *reason ? ": " : "",
              reason);
    recent_events_add(admin->options.events, EVENT_KIND_SERVICE, EVENT_INFO,
                      service ? service : "services with agent_bans", what, detail);
}

void agent_admin_add_ban(struct http_request *request, void *context) {
    const struct agent_admin *admin = context;
    const struct ban_entry *entry;
    struct ban_request asked;
    uint64_t now_us = clock_us();
    char address[ADDR_TEXT];

    if (!ban_request_take(request, &asked) || !is_client(request, &asked.address) ||
        !may_ban(admin, request, asked.service))
        return;
    const struct ban_list_order order = {.address = asked.address,
                                         .service = asked.service,
                                         .by = http_request_actor(request),
                                         .reason = asked.reason,
                                         .seconds = asked.seconds};
    enum ban_list_result result = ban_list_add(agent_bans(admin->options.agent), &order, now_us, &entry);
    if (result == BAN_LIST_FULL) {
        http_answer_error(request, 409, "there are %d bans already", BAN_LIST_MOST);
        return;
    }
    if (result == BAN_LIST_MEMORY) {
        http_answer_json(request, 500, NULL);
        return;
    }
    const struct ban_shown as = shown(entry, address);
    note(admin, as.address, "banned", as.service, as.by, as.reason);
    http_answer_json(request, result == BAN_LIST_ADDED ? 201 : 200, taken_json(admin, &as, now_us));
    agent_send_bans(admin->options.agent);
}

/* A destination knows a client by an address of the loopback: lifts the bans of the clients that have it. Returns how
 * many there were; whose address it is cannot be told without one, as after a restart of the agent. */
static size_t lift_seen(const struct agent_admin *admin, const struct addr *seen, const char *service) {
    struct ban_list *bans = agent_bans(admin->options.agent);
    uint64_t key = agent_loopback_key(admin->options.agent);
    struct addr found[SEEN_MOST];
    size_t count = 0, lifted = 0;

    for (const struct ban_entry *entry = ban_list_newest(bans); entry && count < SEEN_MOST;
         entry = ban_list_older(entry)) {
        struct addr as = loopback_source_of(&entry->address, key);
        if (!entry->is_lifted && addr_same_host(&as, seen))
            found[count++] = entry->address;
    }
    for (size_t i = 0; i < count; i++) /* which changes the list */
        lifted += ban_list_lift(bans, &found[i], service, clock_us());
    return lifted;
}

static void answer_unknown(struct http_request *request, const char *name) {
    char detail[ADDR_TEXT + 64];

    snprintf(detail, sizeof detail, "this agent has no ban of a client that has %s here", name);
    http_answer_problem(request, &(struct http_problem){.status = 404,
                                                        .detail = detail,
                                                        .remedy = "If it was banned before the agent started, lift it "
                                                                  "by the client's own address: munnel unban ADDR"});
}

/* Also of one that is not known here, as after a restart of the agent: servers are told in any case. */
void agent_admin_lift_ban(struct http_request *request, void *context) {
    const struct agent_admin *admin = context;
    const char *service;
    struct addr address;
    char name[ADDR_TEXT];

    if (!ban_request_take_path(request, &address, &service))
        return;
    source_name(&address, name, sizeof name);
    if (!loopback_source_is(&address)) {
        ban_list_lift(agent_bans(admin->options.agent), &address, service, clock_us());
    } else if (!lift_seen(admin, &address, service)) {
        answer_unknown(request, name);
        return;
    }
    note(admin, name, "no longer banned", service, http_request_actor(request), "");
    http_answer_empty(request, 204);
    agent_send_bans(admin->options.agent);
}
