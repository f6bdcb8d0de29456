/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * housekeeping: see server_priv.h.
 */
#include "config.h"

#include "admin/recent_events.h"
#include "server/server_priv.h"

#include "lib/base/clock.h"
#include "lib/event/service_manager.h"
#include "lib/os/fd_count.h"
#include "lib/os/malloc.h"
#include "server/admin/admin.h"
#include "server/publishing.h"
#include "server/reconfigure.h"
#include "server/service/announce.h"
#include "server/service/bans.h"
#include "server/service/shared_port.h"
#include "server/service/visits.h"

enum {
    TICK_MS = 1000,
    TICK_FAST_MS = 100,
    STOP_WITHIN_S = 30,
    STOP_WAIT_MS = 1000 /* for clients that wait */
};

/* --- time --- */

/* Once it is pending it stays so (EV_PERSIST), and another interval needs no memory: only the first call may fail. */
static int set_tick(struct server *server, unsigned ms) {
    struct timeval interval = clock_timeval((uint64_t)ms * 1000);

    server->tick_is_fast = ms == TICK_FAST_MS;
    return event_add(server->tick, &interval);
}

void housekeeping_tick_fast(void *context) {
    struct server *server = context;

    if (!server->tick_is_fast)
        (void)set_tick(server, TICK_FAST_MS);
}

/* An agent may not know yet how the last streams have ended; no event tells when it does. */
static bool has_streams(const struct server *server) {
    struct plane_counts counts;

    plane_count(server->plane, &counts);
    return counts.relays || counts.unconfirmed;
}

void housekeeping_check_stopped(void *context) {
    struct server *server = context;

    if (!server->stopping || client_table_live(server->clients))
        return;
    if (has_streams(server))
        housekeeping_tick_fast(server);
    else
        loop_stop(server->loop);
}

static void check_deadline(struct server *server) {
    if (!server->stopping || clock_us() < server->stop_at_us)
        return;
    log_write(server->log, LOG_LEVEL_WARNING, "server", "%zu clients disconnected: still connected after %d s",
              client_table_live(server->clients), STOP_WITHIN_S);
    loop_stop(server->loop);
}

static void report_status(const struct server *server) {
    size_t agents = session_table_count(server->sessions);

    service_manager_status(server->service_manager, "%s %zu service%s by %zu agent%s",
                           server->stopping ? "finishes with" : "serves", server->conf->service_count,
                           server->conf->service_count == 1 ? "" : "s", agents, agents == 1 ? "" : "s");
}

/* Its clients would wait for ever. */
static void dismiss_overdue(struct server *server) {
    struct session *session;

    while ((session = announce_overdue(server->announce)))
        registry_retire(server->registry, session, "disconnected", "the agent has not answered for its services");
}

static void on_tick(evutil_socket_t fd, short what, void *context) {
    struct server *server = context;

    (void)fd;
    (void)what;
    dispatch_tick(server->dispatch);
    (void)set_tick(server, server->services.waiting || server->stopping ? TICK_FAST_MS : TICK_MS);
    registry_tick(server->registry);
    dismiss_overdue(server);
    for (size_t i = 0; i < server->services.count; i++)
        service_tick(server->services.items[i]);
    bans_tick(server->bans, clock_us());
    publishing_tick(server->publishing);
    visits_update(server->visits);
    shared_ports_tick(server->shared_ports);
    agent_listener_tick(server->agent_listener);
    log_throttle_flush(&server->auth_throttle, server->log);
    housekeeping_check_stopped(server);
    check_deadline(server);
    reconfigure_reap(server);
    report_status(server);
}

struct event *housekeeping_new(struct server *server) {
    return event_new(loop_base(server->loop), -1, EV_PERSIST, on_tick, server);
}

int housekeeping_start(struct server *server, struct error *error) {
    return set_tick(server, TICK_MS) ? error_set(error, "out of memory") : 0;
}

/* --- stopping --- */

void housekeeping_stop(void *context) {
    struct server *server = context;

    if (server->stopping) {
        log_write(server->log, LOG_LEVEL_WARNING, "server", "stopping at once: second signal");
        loop_stop(server->loop);
        return;
    }
    server->stopping = true;
    service_manager_stopping(server->service_manager);
    server->stop_at_us = clock_us() + STOP_WITHIN_S * 1000000ULL;
    for (size_t i = 0; i < server->services.count; i++)
        service_shut(server->services.items[i]);
    shared_ports_shut(server->shared_ports);
    agent_listener_shut(
        server->agent_listener); /* at once, so that the next server can listen there while relays finish here */
    admin_shut(server->admin);   /* likewise */
    handshake_stop(server->handshake);
    registry_stop(server->registry);
    dispatch_stop(server->dispatch, clock_us() + STOP_WAIT_MS * 1000ULL);
    log_write(server->log, LOG_LEVEL_INFO, "server", "stopping: no new clients, %zu still connected",
              client_table_live(server->clients));
    recent_events_add(server->events, EVENT_KIND_SERVER, EVENT_INFO, "server", "stopping: no new clients", NULL);
    housekeeping_check_stopped(server);
}

void housekeeping_log_statistics(void *context) {
    const struct server *server = context;
    struct plane_counts counts;
    uint64_t clients_refused = server->refused_before;

    for (size_t i = 0; i < server->services.count; i++)
        clients_refused += service_refused(server->services.items[i]);
    plane_count(server->plane, &counts);
    log_event(server->log, LOG_LEVEL_INFO, "server", "statistics",
              LOG_FIELDS(LOG_NUMBER("links", counts.links), LOG_NUMBER("handshakes_done", counts.handshakes_done),
                         LOG_NUMBER("relays", counts.relays), LOG_NUMBER("relays_ended", counts.relays_ended),
                         LOG_NUMBER("unconfirmed", counts.unconfirmed),
                         LOG_NUMBER("clients", client_table_live(server->clients)),
                         LOG_NUMBER("clients_total", client_table_total(server->clients)),
                         LOG_NUMBER("clients_refused", clients_refused),
                         LOG_NUMBER("waiting", server->services.waiting),
                         LOG_NUMBER("agents", session_table_count(server->sessions)),
                         LOG_NUMBER("data_links", server->links.count),
                         LOG_NUMBER("unauthenticated", agent_listener_count(server->agent_listener)),
                         LOG_NUMBER("unauthenticated_refused", agent_listener_refused(server->agent_listener)),
                         LOG_NUMBER("greetings_refused", handshake_refused(server->handshake)),
                         LOG_NUMBER("descriptors", fd_count()), LOG_NUMBER("heap", malloc_in_use())));
}
