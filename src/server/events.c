/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * events: see server_priv.h. Events of a link whose session has ended are ignored; the link itself is closed.
 */
#include "config.h"

#include "server/server_priv.h"

#include "server/auth/control.h"

static void on_greeting(void *context, const struct greeting *greeting) {
    struct server *server = context;

    agent_listener_release(server->agent_listener, greeting->tag);
    handshake_decide(server->handshake, greeting);
}

static void on_idle(void *context, struct link_ref link, uint64_t tag) {
    struct server *server = context;
    struct session *session = session_table_find(server->sessions, tag);

    supply_link_idle(server->supply, link);
    if (session && !session_is_draining(session))
        dispatch_link_idle(server->dispatch, session, link);
    else
        plane_close(server->plane, link, "its session is over", false);
}

static void on_client_back(void *context, struct client *client, struct link_ref link, uint64_t tag) {
    struct server *server = context;

    (void)link;
    (void)tag;
    dispatch_client_back(server->dispatch, client);
}

static void on_control(void *context, struct link_ref link, uint64_t tag, const char *text, size_t length) {
    struct server *server = context;
    struct session *session = session_table_find(server->sessions, tag);

    if (session && link_ref_same(session_control(session), link))
        control_receive(server->registry, session, text, length);
}

static void on_pong(void *context, struct link_ref link, uint64_t tag, uint64_t pinged_us) {
    struct server *server = context;
    struct session *session = session_table_find(server->sessions, tag);

    if (session && link_ref_same(session_control(session), link))
        liveness_pong(server->liveness, session, pinged_us);
}

static void on_session_link_gone(struct server *server, struct session *session, const struct link_end *end) {
    if (link_ref_same(session_control(session), end->link))
        registry_dismiss(server->registry, session, "connection lost", end->detail);
    else if (link_pool_remove(session_pool(session), end->link) ||
             link_pool_remove(session_arriving(session), end->link))
        supply_mark(server->supply, session);
    if (end->misbehaved && !end->is_control)
        log_throttle_event(&server->auth_throttle, server->log, LOG_LEVEL_WARNING, session_who(session),
                           "data link closed: protocol violation", end->detail, &end->peer);
}

/* Lost between the greeting and its acceptance, so `end` does not name its session. */
static void on_greeted_gone(struct server *server, const struct link_end *end) {
    struct session *session = session_table_first(server->sessions);

    while (session && !link_ref_same(session_control(session), end->link) &&
           !link_pool_remove(session_arriving(session), end->link))
        session = session_table_after(server->sessions, session);
    if (session && link_ref_same(session_control(session), end->link))
        registry_dismiss(server->registry, session, "connection lost", end->detail);
    else if (session)
        supply_mark(server->supply, session);
}

static void on_unaccepted_gone(struct server *server, const struct link_end *end) {
    if (agent_listener_failed(server->agent_listener, end->tag, end->no_hello))
        log_throttle_event(&server->auth_throttle, server->log, LOG_LEVEL_WARNING, "agent port", "handshake failed",
                           end->detail, &end->peer);
    else
        on_greeted_gone(server, end);
}

static void on_gone(void *context, const struct link_end *end) {
    struct server *server = context;

    supply_link_gone(server->supply, end->link, end->was_accepted && !end->is_control);
    if (!end->was_accepted) {
        on_unaccepted_gone(server, end);
        return;
    }
    struct session *session = session_table_find(server->sessions, end->tag);
    if (session)
        on_session_link_gone(server, session, end);
}

static const struct plane_events events = {.on_greeting = on_greeting,
                                           .on_idle = on_idle,
                                           .on_client_back = on_client_back,
                                           .on_control = on_control,
                                           .on_pong = on_pong,
                                           .on_gone = on_gone};

const struct plane_events *server_plane_events(void) {
    return &events;
}

/* --- agents that do not answer --- */

static bool ping(void *context, struct session *session) {
    struct server *server = context;

    return plane_ping(server->plane, session_control(session));
}

static void on_silent(void *context, struct session *session) {
    struct server *server = context;

    for (size_t i = 0; i < server->services.count; i++)
        service_recall(server->services.items[i], session, server->plane);
}

static void on_responsive_again(void *context, struct session *session) {
    struct server *server = context;

    supply_mark(server->supply, session);
}

struct liveness *server_liveness_new(struct server *server) {
    struct liveness_options options = {.base = loop_base(server->loop),
                                       .agents = server->sessions,
                                       .log = server->log,
                                       .ping = ping,
                                       .on_silent = on_silent,
                                       .on_responsive = on_responsive_again,
                                       .context = server};
    return liveness_new(&options);
}
