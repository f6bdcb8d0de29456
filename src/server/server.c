/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server: see server.h; and where the plane's events meet the parts that they concern.
 * Runs on: the control thread. Owns: all parts, and the loop.
 * States: new (all bound) -> serving -> stopping (no new clients) -> over.
 */
#include "config.h"

#include "server/server.h"

#include "lib/clock.h"
#include "lib/privilege.h"
#include "lib/sock.h"
#include "lib/tls.h"
#include "server/descriptors.h"
#include "server/dispatch.h"
#include "server/hearing.h"
#include "server/roster.h"
#include "server/service.h"
#include "server/signals.h"
#include "server/supply.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    TICK_MS = 1000,
    TICK_FAST_MS = 100,
    STOP_WITHIN_S = 30,
    INSTANCE_BYTES = 16,
    LINES_A_MINUTE = 60,
    EXPIRES_SOON_DAYS = 30, /* a certificate that ends sooner is worth a warning */
    RESERVED_DESCRIPTORS = 64
};

/* --- time --- */

static void server_set_tick(struct server *server, unsigned ms) {
    struct timeval interval = {ms / 1000, ms % 1000 * 1000};

    server->tick_is_fast = ms == TICK_FAST_MS;
    event_add(server->tick, &interval);
}

void server_quicken(struct server *server) {
    if (!server->tick_is_fast)
        server_set_tick(server, TICK_FAST_MS);
}

static void server_check_deadline(struct server *server) {
    if (!server->stopping || clock_us() < server->stop_at_us)
        return;
    log_write(server->log, LOG_LEVEL_WARNING, "server", "%zu clients are cut off: %d s are over",
              clients_live(server->clients), STOP_WITHIN_S);
    loop_stop(server->loop);
}

static void on_tick(evutil_socket_t fd, short what, void *context) {
    struct server *server = context;

    (void)fd;
    (void)what;
    dispatch_tick(server);
    server_set_tick(server, server->waiting ? TICK_FAST_MS : TICK_MS);
    supply_tick(server->supply);
    for (size_t i = 0; i < server->service_count; i++)
        service_tick(server->services[i]);
    if (server->stopping && !server->waiting)
        door_shut(server->door);
    server_check_deadline(server);
}

/* --- signals --- */

void server_check_over(struct server *server) {
    if (server->stopping && !clients_live(server->clients))
        loop_stop(server->loop);
}

void server_stop(struct server *server) {
    if (server->stopping) {
        log_write(server->log, LOG_LEVEL_WARNING, "server", "stops at once");
        loop_stop(server->loop);
        return;
    }
    server->stopping = true;
    server->stop_at_us = clock_us() + STOP_WITHIN_S * 1000000ULL;
    for (size_t i = 0; i < server->service_count; i++)
        service_shut(server->services[i]);
    if (!server->waiting) /* who waits needs links, and those come in by the door */
        door_shut(server->door);
    log_write(server->log, LOG_LEVEL_INFO, "server", "stops: no new clients, %zu still run",
              clients_live(server->clients));
    server_check_over(server);
}

static int server_read_credentials(struct server *server, struct error *error) {
    if (server->conf->agents.auth_none)
        return 0;
    struct credentials *credentials = credentials_read(server->conf->agents.tokens, error);
    if (!credentials)
        return -1;
    credentials_free(server->credentials);
    server->credentials = credentials;
    return 0;
}

void server_reload(struct server *server) {
    struct error error;

    log_reopen(server->log);
    if (server->conf->agents.auth_none)
        return;
    if (server_read_credentials(server, &error)) {
        log_write(server->log, LOG_LEVEL_ERROR, "server", "keeps the agents it knows: %s", error.text);
        return;
    }
    log_write(server->log, LOG_LEVEL_INFO, "server", "read the agents file again, %zu credentials",
              credentials_count(server->credentials));
    roster_dismiss_revoked(server);
}

void server_log_live(struct server *server) {
    struct plane_counts counts;
    size_t idle = 0;

    plane_count(server->plane, &counts);
    for (struct session *session = agents_first(server->agents); session;
         session = agents_after(server->agents, session))
        idle += pool_count(session_pool(session));
    log_event(server->log, LOG_LEVEL_INFO, "server", "live",
              LOG_FIELDS(LOG_NUMBER("links", counts.links), LOG_NUMBER("handshakes_done", counts.handshakes_done),
                         LOG_NUMBER("relays", counts.relays), LOG_NUMBER("relays_ended", counts.relays_ended),
                         LOG_NUMBER("clients", clients_live(server->clients)),
                         LOG_NUMBER("clients_total", clients_total(server->clients)),
                         LOG_NUMBER("waiting", server->waiting), LOG_NUMBER("agents", agents_count(server->agents)),
                         LOG_NUMBER("idle_links", idle), LOG_NUMBER("at_door", door_count(server->door)),
                         LOG_NUMBER("descriptors", descriptors_count())));
}

/* --- from start to end --- */

static SSL_CTX *server_make_tls(struct server *server, struct error *error) {
    const struct server_conf *conf = server->conf;
    struct tls_server_options options = {.certificate = conf->agents.certificate,
                                         .key = conf->agents.key,
                                         .client_ca = conf->agents.client_ca,
                                         .crl = conf->agents.crl,
                                         .allow_tls12 = conf->agents.min_version == CONF_TLS_1_2};
    SSL_CTX *tls = tls_server_context(&options, error);
    long days = tls ? tls_days_left(tls) : 0;

    if (tls && days < 0)
        log_write(server->log, LOG_LEVEL_ERROR, "server", "the certificate %s has expired: no agent will come in",
                  conf->agents.certificate);
    else if (tls && days < EXPIRES_SOON_DAYS)
        log_write(server->log, LOG_LEVEL_WARNING, "server", "the certificate %s expires in %ld days",
                  conf->agents.certificate, days);
    return tls;
}

static int server_bind_services(struct server *server, struct error *error) {
    server->services = calloc(server->conf->service_count + 1, sizeof(struct service *));
    if (!server->services)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < server->conf->service_count; i++) {
        struct service *service = service_new(server, &server->conf->services[i], error);
        if (!service)
            return -1;
        server->services[server->service_count++] = service;
    }
    return 0;
}

static unsigned server_threads(const struct server *server) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (server->conf->threads)
        return server->conf->threads;
    return cores > 0 ? (unsigned)cores : 1;
}

static int server_start_plane(struct server *server, struct error *error) {
    struct plane_options options = {.threads = server_threads(server),
                                    .control = server->loop,
                                    .log = server->log,
                                    .instance = server->instance,
                                    .ping_s = server->conf->agents.ping_s,
                                    .dead_after_s = server->conf->agents.dead_after_s,
                                    .greeting_ms = server->conf->agents.unauthenticated_deadline_s * 1000,
                                    .events = hearing_events(),
                                    .context = server};

    server->plane = plane_new(&options, error);
    return server->plane ? 0 : -1;
}

static size_t expects(void *context, const struct addr *peer) {
    struct server *server = context;
    uint64_t now_us = clock_us();
    size_t links = 0;

    for (struct session *session = agents_first(server->agents); session;
         session = agents_after(server->agents, session))
        if (addr_same_host(session_peer(session), peer))
            links += requests_open(session_requests(session), now_us);
    return links;
}

static int server_make_door(struct server *server, struct error *error) {
    SSL_CTX *tls = server_make_tls(server, error);

    if (!tls)
        return -1;
    struct door_options options = {.base = loop_base(server->loop),
                                   .log = server->log,
                                   .plane = server->plane,
                                   .tls = tls,
                                   .conf = server->conf,
                                   .expects = expects,
                                   .context = server};
    server->door = door_new(&options, error);
    SSL_CTX_free(tls);
    return server->door ? 0 : -1;
}

/* Each client that is served needs a link, too. What is open already stays, and some are kept for agents that come. */
static void server_share_descriptors(struct server *server) {
    int all = sock_raise_limit(), used = descriptors_count();
    int reserved = all / 8 < RESERVED_DESCRIPTORS ? all / 8 : RESERVED_DESCRIPTORS;
    int pairs = (all - used - reserved) / 2;

    server->link_limit = pairs > 1 ? (size_t)pairs : 1;
    clients_set_limit(server->clients, server->link_limit);
}

static int server_make_parts(struct server *server, struct error *error) {
    uint8_t instance[INSTANCE_BYTES];

    if (secret_random(instance, sizeof instance))
        return error_set(error, "the system gives no random bytes");
    secret_to_hex(instance, sizeof instance, server->instance);
    server->loop = loop_new("munneld");
    server->clients = clients_new();
    server->agents = agents_new();
    server->arriving = pool_new();
    server->supply = server->loop ? supply_new(server) : NULL;
    server->signals = server->loop ? signals_new(server) : NULL;
    server->tick = server->loop ? evtimer_new(loop_base(server->loop), on_tick, server) : NULL;
    if (!server->clients || !server->agents || !server->arriving || !server->supply || !server->signals ||
        !server->tick)
        return error_set(error, "out of memory");
    return 0;
}

struct server *server_new(const struct server_conf *conf, struct log *log, struct error *error) {
    struct server *server = calloc(1, sizeof *server);

    if (!server) {
        error_set(error, "out of memory");
        return NULL;
    }
    server->conf = conf;
    server->log = log;
    server->strangers.a_minute = LINES_A_MINUTE;
    if (server_make_parts(server, error) || server_read_credentials(server, error) ||
        server_bind_services(server, error) || server_start_plane(server, error) || server_make_door(server, error)) {
        server_free(server);
        return NULL;
    }
    server_share_descriptors(server);
    return server;
}

static void server_log_start(const struct server *server) {
    log_write(server->log, LOG_LEVEL_INFO, "server",
              "munneld %s serves %zu service%s to %zu clients at once, instance %.8s", PACKAGE_VERSION,
              server->service_count, server->service_count == 1 ? "" : "s", server->link_limit, server->instance);
    if (!server->credentials)
        log_write(server->log, LOG_LEVEL_WARNING, "server",
                  "\"auth\": \"none\": whoever reaches the agent port can take clients");
    else if (!credentials_count(server->credentials))
        log_write(server->log, LOG_LEVEL_WARNING, "server", "%s names no agent: nobody can join",
                  server->conf->agents.tokens);
}

int server_open(struct server *server, struct error *error) {
    if (door_open(server->door, error))
        return -1;
    for (size_t i = 0; i < server->service_count; i++)
        if (service_open(server->services[i], error))
            return -1;
    server_set_tick(server, TICK_MS);
    return 0;
}

int server_run(struct server *server, struct error *error) {
    server_log_start(server);
    if (server_open(server, error) || privilege_drop(server->conf->user, server->conf->group, error))
        return -1;
    if (loop_run(server->loop))
        return error_set(error, "the event loop failed");
    log_write(server->log, LOG_LEVEL_INFO, "server", "stopped");
    return 0;
}

void server_free(struct server *server) {
    if (!server)
        return;
    server->stopping = server->is_over = true;
    if (server->plane) {
        dispatch_end_waiting(server, REASON_STOPPED);
        roster_dismiss_all(server, "the server was stopped");
        plane_free(server->plane);
    }
    for (size_t i = 0; i < server->service_count; i++)
        service_free(server->services[i]);
    free(server->services);
    door_free(server->door);
    agents_free(server->agents);
    pool_free(server->arriving);
    signals_free(server->signals);
    supply_free(server->supply);
    if (server->tick)
        event_free(server->tick);
    clients_free(server->clients);
    credentials_free(server->credentials);
    if (server->loop)
        loop_free(server->loop);
    free(server);
}
