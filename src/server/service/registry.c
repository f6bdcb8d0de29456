/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * registry: see registry.h.
 * States of a session: admitted -> (draining ->) suspended -> resumed | retired -> over; any -> ended.
 */
#include "config.h"

#include "server/service/registry.h"

#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "server/service/agent_bans.h"
#include "server/service/announce.h"
#include "server/service/visits.h"

#include <stdlib.h>

struct registry {
    struct registry_options options;
    bool is_stopping;
};

struct registry *registry_new(const struct registry_options *options) {
    struct registry *registry = calloc(1, sizeof *registry);

    if (registry)
        registry->options = *options;
    return registry;
}

void registry_free(struct registry *registry) {
    free(registry);
}

void registry_set_resume(struct registry *registry, unsigned resume_s) {
    registry->options.resume_s = resume_s;
}

struct log *registry_log(const struct registry *registry) {
    return registry->options.log;
}

/* --- coming --- */

static void bring_into_service(struct registry *registry, struct session *session) {
    if (!session_is_draining(session))
        announce_join(registry->options.announce, session);
}

struct session *registry_admit(struct registry *registry, const struct session_options *options) {
    struct session *old = session_table_find_instance(registry->options.sessions, options->name, options->instance);

    if (old)
        registry_retire(registry, old, "replaced", "the same agent has begun another session");
    struct session *session = session_table_add(registry->options.sessions, options);
    if (session)
        bring_into_service(registry, session);
    return session;
}

static void take_out_of_service(struct registry *registry, struct session *session, const char *detail) {
    announce_leave(registry->options.announce, session);
    plane_close(registry->options.plane, session_control(session), detail);
    registry->options.on_leave(registry->options.context, session, detail);
}

static void suspend(struct registry *registry, struct session *session, const char *detail) {
    if (!session_is_connected(session))
        return;
    take_out_of_service(registry, session, detail);
    session_table_suspend(registry->options.sessions, session, clock_us() + registry->options.resume_s * 1000000ULL);
}

bool registry_resume(struct registry *registry, struct session *session, const struct session_options *options) {
    suspend(registry, session, "the agent has connected again");
    if (!session_table_resume(registry->options.sessions, session, options))
        return false;
    bring_into_service(registry, session);
    return true;
}

/* --- leaving --- */

static void note_draining(struct registry *registry, struct session *session) {
    announce_leave(registry->options.announce, session);
    log_write(registry->options.log, LOG_LEVEL_INFO, session_who(session),
              "draining: no new clients, %u still connected", session_client_count(session));
    recent_events_add(registry->options.events, EVENT_KIND_AGENT, EVENT_INFO, session_label(session), "draining", NULL);
}

void registry_drain(struct registry *registry, struct session *session) {
    bool was_draining = session_is_draining(session);

    session_drain(session);
    if (!was_draining)
        note_draining(registry, session);
}

void registry_drain_here(struct registry *registry, struct session *session) {
    if (session_is_draining(session))
        return;
    session_drain_here(session);
    note_draining(registry, session);
}

static void log_leaving(const struct registry *registry, const struct session *session, const char *event,
                        const char *detail) {
    log_event(registry->options.log, LOG_LEVEL_INFO, session_who(session), event,
              LOG_FIELDS(LOG_TEXT("detail", detail), LOG_NUMBER("running", session_client_count(session)),
                         LOG_NUMBER("agents", session_table_count(registry->options.sessions))));
    recent_events_add(registry->options.events, EVENT_KIND_AGENT, EVENT_INFO, session_label(session), event, detail);
}

/* Out of memory it stays suspended, and registry_tick tries again. */
static void retire(struct registry *registry, struct session *session) {
    if (plane_retire_session(registry->options.plane, session_tag(session)))
        session_retire(session);
}

/* Each costs the server memory, and its joins time, but the agent nothing: it may leave one behind with each name. */
static void limit_idle(struct registry *registry, const char *credential, size_t most) {
    struct session *session;

    while ((session = session_table_excess(registry->options.sessions, credential, most))) {
        registry_retire(registry, session, "session over", "too many sessions without clients wait for their agents");
        if (!session_is_retired(session))
            return; /* out of memory: the next one that is suspended tries again */
    }
}

void registry_suspend(struct registry *registry, struct session *session, const char *event, const char *detail) {
    suspend(registry, session, detail);
    log_leaving(registry, session, event, detail);
    if (!registry->options.resume_s) {
        retire(registry, session);
        return;
    }
    limit_idle(registry, session_credential(session), REGISTRY_IDLE_OF_CREDENTIAL);
    limit_idle(registry, NULL, REGISTRY_IDLE_OF_ALL);
}

bool registry_undrain(struct registry *registry, struct session *session) {
    if (!session_is_drained_here(session) || session_is_retired(session))
        return false;
    session_undrain(session);
    if (session_is_connected(session))
        registry_suspend(registry, session, "drained no longer", "it connects again to be offered its services");
    return true;
}

void registry_retire(struct registry *registry, struct session *session, const char *event, const char *detail) {
    suspend(registry, session, detail);
    log_leaving(registry, session, event, detail);
    retire(registry, session);
}

/* Its streams have used up their numbers, or soon will have. GOAWAY may be lost with the control link, or be followed
 * by a failure to connect: it is sent until another session of this agent has replaced this one. */
static bool needs_successor(const struct registry *registry, const struct session *session) {
    return session_is_connected(session) && !session_is_draining(session) &&
           session_clients_taken(session) >= registry->options.clients_most;
}

void registry_tick(struct registry *registry) {
    uint64_t now_us = clock_us();
    struct session *next;

    for (struct session *session = session_table_first_any(registry->options.sessions); session; session = next) {
        next = session_table_after_any(registry->options.sessions, session);
        if (needs_successor(registry, session))
            registry_send(registry, session, CONTROL_OP_GOAWAY, NULL);
        if (session_is_abandoned(session, now_us))
            registry_retire(registry, session, "session over", "the agent has not connected again in time");
        if (registry->is_stopping && !session_is_connected(session) && !session_carriers(session)->count)
            registry_end(registry, session, REASON_STOPPED, "session over",
                         "the server is stopping, and all its links are lost");
    }
}

/* A link may have come to a thread after the session was over there: then it is still to be closed. */
void registry_session_over(struct registry *registry, uint64_t tag) {
    struct session *session = session_table_find_any(registry->options.sessions, tag);

    if (!session || !session_is_retired(session))
        return;
    plane_disconnect(registry->options.plane, tag, REASON_LINK_LOST, "its session is over");
    session_table_remove(registry->options.sessions, session);
}

bool registry_end(struct registry *registry, struct session *session, enum relay_reason reason, const char *event,
                  const char *detail) {
    if (!plane_disconnect(registry->options.plane, session_tag(session), reason, detail))
        return false;
    suspend(registry, session, detail);
    log_leaving(registry, session, event, detail);
    session_table_remove(registry->options.sessions, session);
    return true;
}

bool registry_disconnect(struct registry *registry, struct session *session, enum relay_reason reason,
                         const char *detail) {
    bool is_connected = session_is_connected(session);

    if (is_connected)
        registry_send(registry, session, CONTROL_OP_BYE, detail); /* for the agent's log */
    return registry_end(registry, session, reason, is_connected ? "disconnected" : "relays cut", detail);
}

void registry_disconnect_all(struct registry *registry, const char *detail) {
    struct session *next;

    for (struct session *session = session_table_first(registry->options.sessions); session; session = next) {
        next = session_table_after(registry->options.sessions, session);
        if (session_is_connected(session))
            registry_disconnect(registry, session, REASON_STOPPED, detail);
    }
}

/* --- messages --- */

int registry_answered(struct registry *registry, struct session *session, const json_t *json, struct error *error) {
    return announce_answered(registry->options.announce, session, json, error);
}

int registry_reported(struct registry *registry, struct session *session, const json_t *json, struct error *error) {
    return announce_reported(registry->options.announce, session, json, error);
}

int registry_banned(struct registry *registry, struct session *session, const json_t *json, struct error *error) {
    const struct agent_bans agent_bans = {.bans = registry->options.bans,
                                          .services = registry->options.services,
                                          .log = registry->options.log,
                                          .events = registry->options.events};

    return agent_bans_take(&agent_bans, session, json, error);
}

int registry_publish(struct registry *registry, struct session *session, const json_t *json, struct error *error) {
    return registry->options.on_publish(registry->options.context, session, json, error);
}

int registry_visits(struct registry *registry, struct session *session, const json_t *json, struct error *error) {
    return visits_take(registry->options.visits, session, json, error);
}

int registry_opens_visit(struct registry *registry, struct session *session, const json_t *json, struct error *error) {
    return visits_open(registry->options.visits, session, json, error);
}

void registry_send(struct registry *registry, const struct session *session, enum control_op op, const char *reason) {
    char *json = control_format(op, reason);

    if (json)
        plane_send_control(registry->options.plane, session_control(session), json);
    free(json);
}

void registry_stop(struct registry *registry) {
    registry->is_stopping = true;
    for (struct session *session = session_table_first(registry->options.sessions); session;
         session = session_table_after(registry->options.sessions, session))
        if (session_is_connected(session))
            registry_send(registry, session, CONTROL_OP_GOAWAY, NULL);
}

void registry_ask_links(struct registry *registry, const struct carrier_role *role, unsigned wanted) {
    struct session *session = session_table_find(registry->options.sessions, role->session);
    uint64_t now_us = clock_us();
    size_t room = link_count_room(registry->options.links);

    if (!session || !session_is_connected(session))
        return; /* its agent knows itself what its streams need */
    unsigned count = carriers_ask(session_carriers(session), role, wanted < room ? wanted : (unsigned)room, now_us);
    char *json = count ? control_format_links(count, role->server_thread, role->is_exclusive) : NULL;
    if (json)
        plane_send_control(registry->options.plane, session_control(session), json);
    free(json);
}
