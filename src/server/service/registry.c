/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * registry: see registry.h.
 * States of a session: admitted -> (draining ->) dismissed, which leaves a retired one while relays of it run.
 */
#include "config.h"

#include "server/service/registry.h"

#include "server/service/announce.h"
#include "server/service/supply.h"

#include <stdlib.h>

struct registry {
    struct registry_options options;
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

struct log *registry_log(const struct registry *registry) {
    return registry->options.log;
}

static void close_idle(struct registry *registry, struct session *session, const char *detail) {
    struct link_ref link;

    while (link_pool_take(session_pool(session), &link))
        plane_close(registry->options.plane, link, detail, false);
}

struct session *registry_admit(struct registry *registry, const struct session_options *options) {
    struct session *old = session_table_find_instance(registry->options.sessions, options->name, options->instance);

    if (old)
        registry_dismiss(registry, old, "replaced", "the same agent has reconnected");
    struct session *session = session_table_add(registry->options.sessions, options);
    if (!session)
        return NULL;
    announce_join(registry->options.announce, session);
    supply_mark(registry->options.supply, session);
    registry->options.on_join(registry->options.context, session);
    return session;
}

void registry_drain(struct registry *registry, struct session *session) {
    if (session_is_draining(session))
        return;
    session_drain(session);
    announce_leave(registry->options.announce, session);
    close_idle(registry, session, "the agent takes no more clients");
    log_write(registry->options.log, LOG_LEVEL_INFO, session_who(session),
              "draining: no new clients, %u still connected", session_client_count(session));
}

static void log_leaving(const struct registry *registry, const struct session *session, const char *event,
                        const char *detail) {
    log_event(registry->options.log, LOG_LEVEL_INFO, session_who(session), event,
              LOG_FIELDS(LOG_TEXT("detail", detail), LOG_NUMBER("running", session_client_count(session)),
                         LOG_NUMBER("agents",
                                    session_table_count(registry->options.sessions) - !session_is_retired(session))));
}

static void take_out_of_service(struct registry *registry, struct session *session, const char *detail) {
    announce_leave(registry->options.announce, session);
    close_idle(registry, session, detail);
    plane_close(registry->options.plane, session_control(session), detail, false);
    registry->options.on_leave(registry->options.context, session);
}

void registry_dismiss(struct registry *registry, struct session *session, const char *event, const char *detail) {
    take_out_of_service(registry, session, detail);
    log_leaving(registry, session, event, detail);
    session_table_retire(registry->options.sessions, session);
}

int registry_answered(struct registry *registry, struct session *session, const json_t *json, struct error *error) {
    return announce_answered(registry->options.announce, session, json, error);
}

void registry_send(struct registry *registry, const struct session *session, enum control_op op, const char *reason) {
    char *json = control_format(op, 0, 0, reason);

    if (json)
        plane_send_control(registry->options.plane, session_control(session), json);
    free(json);
}

bool registry_disconnect(struct registry *registry, struct session *session, const char *detail) {
    if (!session_is_retired(session))
        registry_send(registry, session, CONTROL_OP_BYE, detail); /* for the agent's log */
    if (!plane_disconnect(registry->options.plane, session_tag(session), detail))
        return false;
    if (!session_is_retired(session))
        take_out_of_service(registry, session, detail);
    log_leaving(registry, session, session_is_retired(session) ? "relays cut" : "disconnected", detail);
    session_table_remove(registry->options.sessions, session);
    return true;
}

void registry_send_goaway(struct registry *registry) {
    char *goaway = control_format(CONTROL_OP_GOAWAY, 0, 0, "");

    for (struct session *session = session_table_first(registry->options.sessions); goaway && session;
         session = session_table_after(registry->options.sessions, session))
        plane_send_control(registry->options.plane, session_control(session), goaway);
    free(goaway);
}

void registry_dismiss_all(struct registry *registry, const char *detail) {
    struct session *next;

    for (struct session *session = session_table_first(registry->options.sessions); session; session = next) {
        next = session_table_after(registry->options.sessions, session);
        registry_send(registry, session, CONTROL_OP_BYE, detail); /* for the agent's log */
        registry_dismiss(registry, session, "disconnected", detail);
    }
}
