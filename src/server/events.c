/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * events: see server_priv.h. Events of a link whose session is over are ignored.
 */
#include "config.h"

#include "server/server_priv.h"

#include "admin/recent_events.h"
#include "lib/base/strbuf.h"
#include "server/admin/admin.h"
#include "server/auth/control.h"
#include "server/service/visits.h"

static void on_handshake(void *context, uint64_t tag) {
    const struct server *server = context;

    agent_listener_begun(server->agent_listener, tag);
}

static void on_greeting(void *context, const struct greeting *greeting) {
    struct server *server = context;

    agent_listener_release(server->agent_listener, greeting->tag);
    if (handshake_decide(server->handshake, greeting)) /* by data links, too: an agent may have another address now */
        agent_listener_trust(server->agent_listener, greeting->peer);
}

/* A link may come to its thread after its session was ended there. */
static void on_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    struct server *server = context;
    struct session *session = session_table_find_any(server->sessions, tag);

    if (!session) {
        plane_disconnect(server->plane, tag, REASON_LINK_LOST, "its session is over");
        return;
    }
    carriers_added(session_carriers(session), role);
    dispatch_serve_waiting(server->dispatch);
    visits_update(server->visits);
}

static void on_accept_failed(void *context, const struct carrier_role *role) {
    struct server *server = context;
    struct session *session = session_table_find_any(server->sessions, role->session);

    link_count_gone(&server->links);
    if (session)
        carriers_accept_failed(session_carriers(session), role);
}

static void on_want_carriers(void *context, const struct carrier_role *role, unsigned count) {
    const struct server *server = context;

    registry_ask_links(server->registry, role, count);
}

static void on_client_back(void *context, struct client *client) {
    const struct server *server = context;

    dispatch_client_back(server->dispatch, client);
}

static void on_client_tls(void *context, struct client *client) {
    const struct server *server = context;

    dispatch_client_tls(server->dispatch, client);
}

static void on_session_over(void *context, uint64_t tag) {
    const struct server *server = context;

    registry_session_over(server->registry, tag);
}

/* Not of a suspended one, which has none. */
static bool is_control_of(const struct session *session, struct link_ref link) {
    return session_is_connected(session) && link_ref_same(session_control(session), link);
}

static void on_control(void *context, struct link_ref link, uint64_t tag, const char *text, size_t length) {
    struct server *server = context;
    struct session *session = session_table_find(server->sessions, tag);

    if (session && is_control_of(session, link))
        control_receive(server->registry, session, text, length);
}

static void on_pong(void *context, struct link_ref link, uint64_t tag, uint64_t pinged_us) {
    struct server *server = context;
    struct session *session = session_table_find(server->sessions, tag);

    if (session && is_control_of(session, link))
        liveness_pong(server->liveness, session, pinged_us);
}

static void on_control_gone(struct server *server, struct session *session, const struct link_end *end) {
    if (is_control_of(session, end->link))
        registry_suspend(server->registry, session, "connection lost", end->detail);
}

static void on_data_gone(struct server *server, struct session *session, const struct link_end *end) {
    if (end->is_carrier)
        carriers_removed(session_carriers(session), &end->role);
    if (end->misbehaved)
        log_throttle_event(&server->auth_throttle, server->log, LOG_LEVEL_WARNING, session_who(session),
                           "data link closed: protocol violation", end->detail, &end->peer);
}

/* Lost between the greeting and its acceptance: `end` does not name its session. */
static void on_greeted_gone(struct server *server, const struct link_end *end) {
    struct session *session = session_table_first(server->sessions);

    while (session && !is_control_of(session, end->link))
        session = session_table_after(server->sessions, session);
    if (session)
        registry_suspend(server->registry, session, "connection lost", end->detail);
}

static void note_failed_handshake(struct server *server, const struct link_end *end) {
    static const char who[] = "agent port", what[] = "handshake failed";
    char detail[RECENT_EVENT_TEXT];
    struct strbuf text = strbuf_begin(detail, sizeof detail);
    char host[ADDR_TEXT];

    strbuf_add(&text, addr_format_host(&end->peer, host, sizeof host));
    strbuf_add(&text, ": ");
    strbuf_add(&text, end->detail);
    log_throttle_event(&server->auth_throttle, server->log, LOG_LEVEL_WARNING, who, what, end->detail, &end->peer);
    recent_events_add(server->events, EVENT_KIND_ACCESS, EVENT_WARNING, who, what, detail);
}

static void on_unaccepted_gone(struct server *server, const struct link_end *end) {
    if (agent_listener_failed(server->agent_listener, end->tag, end->no_hello || end->timed_out))
        note_failed_handshake(server, end);
    else
        on_greeted_gone(server, end);
}

static void on_gone(void *context, const struct link_end *end) {
    struct server *server = context;

    if (!end->was_accepted) {
        on_unaccepted_gone(server, end);
        return;
    }
    if (end->is_carrier)
        link_count_gone(&server->links);
    struct session *session = session_table_find_any(server->sessions, end->tag);
    if (session && end->is_control)
        on_control_gone(server, session, end);
    else if (session)
        on_data_gone(server, session, end);
}

static void on_check_opened(void *context, const struct check_opened *opened) {
    (void)context;
    service_probe_opened(opened->client->service, opened);
}

static void on_session_bytes(void *context, const struct session_bytes *bytes) {
    const struct server *server = context;
    struct session *session = session_table_find_any(server->sessions, bytes->session);

    if (session)
        session_note_bytes(session, bytes);
}

static void on_relay_views(void *context, const struct relay_answer *answer) {
    const struct server *server = context;

    admin_on_relay_views(server->admin, answer);
}

static void on_relay_ended(void *context, uint64_t ticket, bool found) {
    const struct server *server = context;

    admin_on_relay_ended(server->admin, ticket, found);
}

static const struct plane_events events = {.on_handshake = on_handshake,
                                           .on_greeting = on_greeting,
                                           .on_carrier = on_carrier,
                                           .on_accept_failed = on_accept_failed,
                                           .on_want_carriers = on_want_carriers,
                                           .on_client_back = on_client_back,
                                           .on_client_tls = on_client_tls,
                                           .on_control = on_control,
                                           .on_pong = on_pong,
                                           .on_gone = on_gone,
                                           .on_session_over = on_session_over,
                                           .on_check_opened = on_check_opened,
                                           .on_session_bytes = on_session_bytes,
                                           .on_relay_views = on_relay_views,
                                           .on_relay_ended = on_relay_ended};

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

struct liveness *server_liveness_new(struct server *server) {
    struct liveness_options options = {.base = loop_base(server->loop),
                                       .agents = server->sessions,
                                       .log = server->log,
                                       .events = server->events,
                                       .ping = ping,
                                       .on_silent = on_silent,
                                       .context = server};
    return liveness_new(&options);
}
