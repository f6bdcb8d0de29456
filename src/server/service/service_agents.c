/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_agents: the agents of a service: those that permit it, those that do not, and those that have not answered.
 *
 * Runs on: the control thread. Owns: the refusals.
 */
#include "config.h"

#include "server/service/service_priv.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/net/port_range.h"
#include "proto/features.h"

#include <stdlib.h>
#include <string.h>

static bool has_relative_port(const struct strlist *connect) {
    for (size_t i = 0; i < connect->count; i++)
        if (relative_endpoint_is(connect->items[i]))
            return true;
    return false;
}

/* They are in the order of their ids. */
struct service *service_list_find(const struct service_list *services, uint32_t id) {
    size_t from = 0, to = services->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (services->items[middle]->id < id)
            from = middle + 1;
        else
            to = middle;
    }
    return from < services->count && services->items[from]->id == id ? services->items[from] : NULL;
}

unsigned service_needs_of(const struct service_config *conf) {
    unsigned needs = 0;

    if (has_relative_port(&conf->connect))
        needs |= 1U << FEATURE_PORT_OFFSET;
    if (conf->proxy_protocol != PROXY_OFF)
        needs |= 1U << FEATURE_PROXY;
    if (conf->check.type != HEALTH_CHECK_NONE)
        needs |= 1U << FEATURE_HEALTH;
    if (conf->protocol == SERVICE_UDP)
        needs |= 1U << FEATURE_DATAGRAM;
    if (conf->connect_from == CONNECT_FROM_LOOPBACK)
        needs |= 1U << FEATURE_CONNECT_FROM;
    if (conf->end_to_end)
        needs |= 1U << FEATURE_END_TO_END;
    return needs;
}

unsigned service_needs(const struct service *service) {
    return service->needs;
}

const char *service_lacking(const struct service *service, const struct session *session) {
    return features_lacking(service->needs, session_features(session));
}

bool service_is_for(const struct service *service, const struct session *session) {
    const char *publisher = service->conf->publisher;

    return publisher ? strcmp(publisher, session_id(session)) == 0 : session_serves(session, &service->conf->groups);
}

void service_ask(struct service *service, const struct session *session) {
    service->asked += service_is_for(service, session);
}

void service_join(struct service *service, struct session *session) {
    size_t usable = balance_usable(service->balance);

    service->asked--;
    if (!balance_join(service->balance, session)) {
        log_write(service->options.log, LOG_LEVEL_ERROR, service->who, "cannot use %s: out of memory",
                  session_who(session));
        return;
    }
    service_note_usable(service, usable, session, NULL, true);
}

static bool has_room_for_refusal(struct service *service) {
    if (service->refusing_count < service->refusing_room)
        return true;
    size_t room = service->refusing_room ? 2 * service->refusing_room : 4;
    struct service_refusal *refusals = realloc(service->refusing, room * sizeof *refusals);
    if (!refusals)
        return false;
    service->refusing = refusals;
    service->refusing_room = room;
    return true;
}

/* Without memory the refusal is not kept: clients wait as for an agent that is not there. */
void service_refuse(struct service *service, struct session *session, const char *reason) {
    service->asked--;
    service_close_without_agent(service);
    if (!has_room_for_refusal(service))
        return;
    struct service_refusal *refusal = &service->refusing[service->refusing_count++];
    refusal->session = session;
    strbuf_copy(refusal->reason, sizeof refusal->reason, reason);
}

static void remove_refusal(struct service *service, const struct session *session) {
    size_t at = 0;

    while (at < service->refusing_count && service->refusing[at].session != session)
        at++;
    if (at < service->refusing_count)
        service->refusing[at] = service->refusing[--service->refusing_count];
}

void service_leave(struct service *service, struct session *session) {
    if (!service_is_for(service, session))
        return;
    if (service->id > session_announcement(session)->answered_id)
        service->asked--;
    remove_refusal(service, session);
    size_t usable = balance_usable(service->balance);
    balance_leave(service->balance, session);
    service_note_usable(service, usable, session, "unreachable: its last agent has gone", true);
    service_close_without_agent(service);
}

static bool has_responsive_agent(const struct service *service) {
    for (size_t i = 0; i < service->balance->count; i++)
        if (!service->balance->members[i].is_unhealthy && !session_is_silent(service->balance->members[i].session))
            return true;
    return false;
}

/* Without another agent they would only lose the one that may answer yet. */
void service_recall(struct service *service, const struct session *session, struct plane *plane) {
    if (service_is_for(service, session) && has_responsive_agent(service))
        plane_recall(plane, session_tag(session), service->terms);
}

size_t service_agents(const struct service *service) {
    return service->balance->count;
}

struct session *service_agent(const struct service *service, size_t index) {
    return service->balance->members[index].session;
}

static const struct balance_member *find_member(const struct service *service, const struct session *session) {
    for (size_t i = 0; i < service->balance->count; i++)
        if (service->balance->members[i].session == session)
            return &service->balance->members[i];
    return NULL;
}

void service_read_agent(const struct service *service, const struct session *session, struct service_agent *agent) {
    const struct balance_member *member = find_member(service, session);

    *agent = (struct service_agent){.is_permitted = member};
    if (member) {
        agent->ejected_until_us = member->ejected_until_us;
        agent->is_failing = balance_is_failing(member, clock_us());
        agent->failing_since_us = member->failing_since_us;
        agent->failure = member->failure;
        agent->is_unhealthy = member->is_unhealthy;
        agent->health_since_us = member->health_since_us;
        agent->health_detail = member->health_detail;
    }
    for (size_t i = 0; i < service->refusing_count; i++)
        if (service->refusing[i].session == session)
            agent->refusal = service->refusing[i].reason;
}
