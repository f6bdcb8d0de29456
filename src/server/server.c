/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server: see server.h; parts.c makes what it consists of.
 */
#include "config.h"

#include "server/server.h"

#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "lib/event/background.h"
#include "lib/event/service_manager.h"
#include "lib/event/signals.h"
#include "lib/net/passed_sockets.h"
#include "lib/os/privilege.h"
#include "relay/ended_relays.h"
#include "server/admin/admin.h"
#include "server/auth/flap_damping.h"
#include "server/publishing.h"
#include "server/reload.h"
#include "server/server_priv.h"
#include "server/service/announce.h"
#include "server/service/bans.h"
#include "server/service/inspect.h"
#include "server/service/shared_port.h"
#include "server/service/visits.h"
#include "server/statistics.h"
#include "server/trust_files.h"

#include <stdlib.h>

enum { LINES_A_MINUTE = 60 };

void server_set_reader(struct server *server, server_read_config *read, void *context) {
    server->read_config = read;
    server->read_context = context;
}

struct server *server_new(struct server_config *conf, struct log *log, struct error *error) {
    struct server *server = calloc(1, sizeof *server);

    if (!server) {
        error_set(error, "out of memory");
        return NULL;
    }
    server->conf = server_config_hold(conf);
    server->started = server_config_hold(conf);
    server->policy.conf = conf;
    server->log = log;
    server->auth_throttle.a_minute = LINES_A_MINUTE;
    server->started_at = clock_wall();
    if (server_make_parts(server, error) == 0)
        return server;
    server_free(server);
    return NULL;
}

static void log_start(const struct server *server) {
    log_write(server->log, LOG_LEVEL_INFO, "server",
              "munneld %s started: %zu service%s, at most %zu clients, instance %.8s", PACKAGE_VERSION,
              server->services.count, server->services.count == 1 ? "" : "s", client_table_limit(server->clients),
              server->instance);
    recent_events_add(server->events, EVENT_KIND_SERVER, EVENT_INFO, "server", "started", PACKAGE_VERSION);
    trust_files_warn(server->trust);
}

int server_open(struct server *server, struct error *error) {
    if (agent_listener_open(server->agent_listener, error))
        return -1;
    for (size_t i = 0; i < server->services.count; i++)
        if (service_open(server->services.items[i], error))
            return -1;
    if (shared_ports_open(server->shared_ports, error))
        return -1;
    if (admin_listen(server->admin, error))
        return -1;
    statistics_tick(server->statistics, clock_us()); /* makes room for the numbers of each service */
    return housekeeping_start(server, error);
}

/* The log is reopened after the privileges are dropped, so the new user must own it. */
static int become_user(const struct server *server, struct error *error) {
    const struct server_config *conf = server->conf;

    if (log_target_is_file(conf->log.to) && privilege_give(conf->log.to, conf->user, conf->group, error))
        return -1;
    return privilege_drop(conf->user, conf->group, error);
}

int server_run(struct server *server, struct error *error) {
    log_start(server);
    if (server_open(server, error) || become_user(server, error) || reload_open(server->reload, error))
        return -1;
    service_manager_ready(server->service_manager);
    if (loop_run(server->loop))
        return error_set(error, "the event loop failed");
    log_write(server->log, LOG_LEVEL_INFO, "server", "stopped");
    return 0;
}

/* plane_free runs the loop to deliver the last events; no connection may be accepted meanwhile. */
static void shut_listeners(struct server *server) {
    for (size_t i = 0; i < server->services.count; i++)
        service_shut(server->services.items[i]);
    if (server->shared_ports)
        shared_ports_shut(server->shared_ports);
    if (server->agent_listener)
        agent_listener_shut(server->agent_listener);
}

void server_free(struct server *server) {
    if (!server)
        return;
    server->stopping = true;
    background_free(server->background); /* reports to the administration what it has begun */
    admin_free(server->admin);           /* before what it looks at */
    server->admin = NULL;
    shut_listeners(server);
    if (server->plane) {
        if (server->dispatch)
            dispatch_shut(server->dispatch);
        if (server->registry)
            registry_disconnect_all(server->registry, "the server was stopped");
        plane_free(server->plane);
    }
    for (size_t i = 0; i < server->services.count; i++)
        service_free(server->services.items[i]);
    free(server->services.items);
    shared_ports_free(server->shared_ports);
    dispatch_free(server->dispatch);
    visits_free(server->visits);
    handshake_free(server->handshake);
    registry_free(server->registry);
    announce_free(server->announce);
    agent_listener_free(server->agent_listener);
    inspect_free(server->inspect);
    bans_free(server->bans);
    publishing_free(server->publishing);
    session_table_free(server->sessions);
    penalty_box_free(server->flap_damping);
    signals_free(server->signals);
    liveness_free(server->liveness);
    if (server->tick)
        event_free(server->tick);
    client_table_free(server->clients);
    ended_relays_free(server->ended);
    reload_free(server->reload);
    trust_files_free(server->trust);
    statistics_free(server->statistics);
    recent_events_free(server->events);
    service_manager_free(server->service_manager);
    passed_sockets_free(server->passed);
    credentials_free(server->policy.credentials);
    SSL_CTX_free(server->policy.tls);
    if (server->loop)
        loop_free(server->loop);
    server_config_free(server->conf);
    server_config_free(server->started);
    free(server);
}
