/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * registry: see registry.h.
 * Runs on: the control thread. Owns: nothing.
 * States of a session: admitted -> (draining ->) dismissed, which leaves a retired one while relays of it run.
 */
#include "config.h"

#include "proto/control.h"
#include "server/service/registry.h"

#include "lib/base/clock.h"
#include "server/auth/flap_damping.h"
#include "server/service/service.h"
#include "server/service/supply.h"

#include <stdlib.h>

static void roster_close_idle(struct server *server, struct session *session, const char *why) {
    struct link_ref link;

    while (link_pool_take(session_pool(session), &link))
        plane_close(server->plane, link, why, false);
}

static void roster_leave_services(struct server *server, const struct session *session) {
    for (size_t i = 0; i < server->service_count; i++)
        service_leave(server->services[i], session);
}

struct session *registry_admit(struct server *server, const struct session_options *options) {
    struct session *old = session_table_find_instance(server->agents, options->name, options->instance);

    if (old)
        registry_dismiss(server, old, "replaced", "the same agent has come back");
    struct session *session = session_table_add(server->agents, options);
    if (!session)
        return NULL;
    for (size_t i = 0; i < server->service_count; i++)
        service_join(server->services[i], session);
    supply_mark(server->supply, session);
    agent_listener_trust(server->door, session_peer(session));
    return session;
}

void registry_drain(struct server *server, struct session *session) {
    if (session_is_draining(session))
        return;
    session_drain(session);
    roster_leave_services(server, session);
    roster_close_idle(server, session, "the agent takes no more clients");
    log_write(server->log, LOG_LEVEL_INFO, session_who(session), "takes no more clients, %u still run",
              session_client_count(session));
}

static void log_leaving(const struct server *server, const struct session *session, const char *words,
                        const char *why) {
    log_event(server->log, LOG_LEVEL_INFO, session_who(session), words,
              LOG_FIELDS(LOG_TEXT("why", why), LOG_NUMBER("running", session_client_count(session)),
                         LOG_NUMBER("agents", session_table_count(server->agents) - !session_is_retired(session))));
}

static void take_out_of_service(struct server *server, struct session *session, const char *why) {
    roster_leave_services(server, session);
    roster_close_idle(server, session, why);
    plane_close(server->plane, session_control(session), why, false);
    agent_listener_trust(server->door,
                         session_peer(session)); /* it may come back, whatever its neighbours do meanwhile */
    flap_damping_left(server->flaps, session, clock_us());
}

void registry_dismiss(struct server *server, struct session *session, const char *words, const char *why) {
    take_out_of_service(server, session, why);
    log_leaving(server, session, words, why);
    session_table_retire(server->agents, session);
}

/* The agent's own log shall say why, too. */
static void say_bye(struct server *server, const struct session *session, const char *why) {
    char *bye = control_format(CONTROL_OP_BYE, 0, 0, why);

    if (bye)
        plane_send_control(server->plane, session_control(session), bye);
    free(bye);
}

bool registry_disconnect(struct server *server, struct session *session, const char *why) {
    if (!session_is_retired(session))
        say_bye(server, session, why);
    if (!plane_disconnect(server->plane, session_tag(session), why))
        return false;
    if (!session_is_retired(session))
        take_out_of_service(server, session, why);
    log_leaving(server, session, session_is_retired(session) ? "relays cut" : "sent away", why);
    session_table_remove(server->agents, session);
    return true;
}

void registry_send_goaway(struct server *server) {
    char *goaway = control_format(CONTROL_OP_GOAWAY, 0, 0, "");

    for (struct session *session = session_table_first(server->agents); goaway && session;
         session = session_table_after(server->agents, session))
        plane_send_control(server->plane, session_control(session), goaway);
    free(goaway);
}

void registry_dismiss_all(struct server *server, const char *why) {
    struct session *next;

    for (struct session *session = session_table_first(server->agents); session; session = next) {
        next = session_table_after(server->agents, session);
        say_bye(server, session, why);
        registry_dismiss(server, session, "dismissed", why);
    }
}
