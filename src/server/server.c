/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server: see server.h; and where the plane's events meet the parts that they concern.
 * Runs on: the control thread. Owns: all parts, and the loop.
 * States: new (all bound) -> serving -> stopping (no new clients) -> over.
 */
#include "config.h"

#include "server/server.h"

#include "conf/option.h"
#include "lib/base/clock.h"
#include "lib/event/service_manager.h"
#include "lib/event/signals.h"
#include "lib/net/sock.h"
#include "lib/os/fd_count.h"
#include "lib/os/malloc.h"
#include "lib/os/privilege.h"
#include "server/auth/flap_damping.h"
#include "server/events.h"
#include "server/reload.h"
#include "server/service/dispatch.h"
#include "server/service/registry.h"
#include "server/service/service.h"
#include "server/service/source_key.h"
#include "server/service/supply.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

enum {
    TICK_MS = 1000,
    TICK_FAST_MS = 100,
    STOP_WITHIN_S = 30,
    STOP_WAIT_MS = 1000, /* for links that are on their way to clients who wait */
    INSTANCE_BYTES = 16,
    LINES_A_MINUTE = 60,
    RESERVED_DESCRIPTORS = 64
};

_Static_assert((unsigned)CONF_THREADS_MAX <= (unsigned)PLANE_THREADS_MAX,
               "more threads can be asked for than there are");

/* --- time --- */

static void server_set_tick(struct server *server, unsigned ms) {
    struct timeval interval = {ms / 1000, ms % 1000 * 1000};

    server->tick_is_fast = ms == TICK_FAST_MS;
    event_add(server->tick, &interval);
}

void server_tick_fast(struct server *server) {
    if (!server->tick_is_fast)
        server_set_tick(server, TICK_FAST_MS);
}

static void server_check_deadline(struct server *server) {
    if (!server->stopping || clock_us() < server->stop_at_us)
        return;
    log_write(server->log, LOG_LEVEL_WARNING, "server", "%zu clients are cut off: %d s are over",
              client_table_live(server->clients), STOP_WITHIN_S);
    loop_stop(server->loop);
}

static void server_tell_status(const struct server *server) {
    size_t agents = session_table_count(server->agents);

    service_manager_status(server->notify, "%s %zu service%s by %zu agent%s",
                           server->stopping ? "finishes with" : "serves", server->service_count,
                           server->service_count == 1 ? "" : "s", agents, agents == 1 ? "" : "s");
}

static void on_tick(evutil_socket_t fd, short what, void *context) {
    struct server *server = context;

    (void)fd;
    (void)what;
    dispatch_tick(server);
    server_set_tick(server, server->waiting || server->stopping ? TICK_FAST_MS : TICK_MS);
    supply_tick(server->supply);
    for (size_t i = 0; i < server->service_count; i++)
        service_tick(server->services[i]);
    agent_listener_tick(server->door);
    log_throttle_flush(&server->strangers, server->log);
    server_check_stopped(server);
    server_check_deadline(server);
    server_tell_status(server);
}

/* --- stopping --- */

/* The last bytes of clients that are over may still be on their way to an agent; no event tells when they are there. */
static bool server_is_delivering(const struct server *server) {
    struct plane_counts counts;

    plane_count(server->plane, &counts);
    return counts.delivering > 0;
}

void server_check_stopped(struct server *server) {
    if (!server->stopping || client_table_live(server->clients))
        return;
    if (server_is_delivering(server))
        server_tick_fast(server);
    else
        loop_stop(server->loop);
}

void server_stop(struct server *server) {
    if (server->stopping) {
        log_write(server->log, LOG_LEVEL_WARNING, "server", "stops at once");
        loop_stop(server->loop);
        return;
    }
    server->stopping = true;
    service_manager_stopping(server->notify);
    server->stop_at_us = clock_us() + STOP_WITHIN_S * 1000000ULL;
    for (size_t i = 0; i < server->service_count; i++)
        service_shut(server->services[i]);
    agent_listener_shut(server->door); /* at once, so that the next server can listen there while relays finish here */
    registry_send_goaway(server);
    dispatch_limit_waits(server, clock_us() + STOP_WAIT_MS * 1000ULL);
    log_write(server->log, LOG_LEVEL_INFO, "server", "stops: no new clients, %zu still run",
              client_table_live(server->clients));
    server_check_stopped(server);
}

void server_reload(struct server *server) {
    reload_ask(server->reload);
}

void server_log_live(struct server *server) {
    struct plane_counts counts;
    size_t idle = 0;

    plane_count(server->plane, &counts);
    for (struct session *session = session_table_first(server->agents); session;
         session = session_table_after(server->agents, session))
        idle += link_pool_count(session_pool(session));
    log_event(server->log, LOG_LEVEL_INFO, "server", "live",
              LOG_FIELDS(LOG_NUMBER("links", counts.links), LOG_NUMBER("handshakes_done", counts.handshakes_done),
                         LOG_NUMBER("relays", counts.relays), LOG_NUMBER("relays_ended", counts.relays_ended),
                         LOG_NUMBER("clients", client_table_live(server->clients)),
                         LOG_NUMBER("clients_total", client_table_total(server->clients)),
                         LOG_NUMBER("clients_refused", server->clients_refused), LOG_NUMBER("waiting", server->waiting),
                         LOG_NUMBER("agents", session_table_count(server->agents)), LOG_NUMBER("idle_links", idle),
                         LOG_NUMBER("at_door", agent_listener_count(server->door)),
                         LOG_NUMBER("turned_away", agent_listener_refused(server->door)),
                         LOG_NUMBER("greetings_refused", server->greetings_refused),
                         LOG_NUMBER("descriptors", fd_count()), LOG_NUMBER("heap", malloc_in_use())));
}

/* --- signals --- */

static void on_stop(void *server) {
    server_stop(server);
}

static void on_reload(void *server) {
    server_reload(server);
}

static void on_log_live(void *server) {
    server_log_live(server);
}

static struct signals *take_signals(struct server *server) {
    static const struct signal_action actions[] = {{SIGTERM, on_stop},
                                                   {SIGINT, on_stop},
                                                   {SIGHUP, on_reload},
                                                   {SIGUSR1, on_log_live}};

    return signals_new(loop_base(server->loop), actions, sizeof actions / sizeof *actions, server);
}

/* --- parts --- */

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

static int server_start_plane(struct server *server, struct error *error) {
    struct plane_options options = {.threads = server->conf->threads,
                                    .control = server->loop,
                                    .log = server->log,
                                    .instance = server->instance,
                                    .ping_s = server->conf->agents.ping_s,
                                    .dead_after_s = server->conf->agents.dead_after_s,
                                    .greeting_ms = server->conf->agents.unauthenticated_deadline_s * 1000,
                                    .events = server_plane_events(),
                                    .context = server};

    server->plane = plane_new(&options, error);
    return server->plane ? 0 : -1;
}

static size_t expects(void *context, const struct addr *peer) {
    struct server *server = context;
    uint64_t now_us = clock_us();
    size_t links = 0;

    for (struct session *session = session_table_first(server->agents); session;
         session = session_table_after(server->agents, session))
        if (addr_same_host(session_peer(session), peer))
            links += link_orders_acceptable(session_orders(session), now_us);
    return links;
}

static bool has_agent(void *context, const struct addr *peer) {
    struct server *server = context;
    uint64_t source = source_key_of(peer);
    struct session *session = session_table_first(server->agents);

    while (session && source_key_of(session_peer(session)) != source)
        session = session_table_after(server->agents, session);
    return session != NULL;
}

static int server_make_door(struct server *server, struct error *error) {
    struct agent_listener_options options = {.base = loop_base(server->loop),
                                             .log = server->log,
                                             .plane = server->plane,
                                             .tls = server->tls,
                                             .conf = server->conf,
                                             .has_agent = has_agent,
                                             .expects = expects,
                                             .context = server};
    server->door = agent_listener_new(&options, error);
    return server->door ? 0 : -1;
}

/* Each client that is served needs a link, too. What is open already stays, and some are kept for agents that come. */
static void server_share_descriptors(struct server *server) {
    int all = sock_raise_limit(), used = fd_count();
    int reserved = all / 8 < RESERVED_DESCRIPTORS ? all / 8 : RESERVED_DESCRIPTORS;
    int pairs = (all - used - reserved) / 2;

    server->link_limit = pairs > 1 ? (size_t)pairs : 1;
    client_table_set_limit(server->clients, server->link_limit);
}

/* For the watchdog: this loop runs, since it asks; do the others? */
static bool is_alive(void *context) {
    struct server *server = context;

    if (plane_probe_liveness(server->plane))
        return true;
    log_write(server->log, LOG_LEVEL_ERROR, "server", "a relay thread is stuck: the watchdog is not fed");
    return false;
}

/* --- agents that do not answer --- */

static void ping(void *context, struct session *session) {
    struct server *server = context;

    plane_ping(server->plane, session_control(session));
}

static bool has_well_colleague(struct service *service, const struct session *session) {
    const struct balance *balance = service_balance(service);

    if (!balance_has(balance, session))
        return false;
    for (size_t i = 0; i < balance_count(balance); i++)
        if (!session_is_silent(balance_at(balance, i)))
            return true;
    return false;
}

static bool can_be_replaced(const struct server *server, const struct session *session) {
    for (size_t i = 0; i < server->service_count; i++)
        if (has_well_colleague(server->services[i], session))
            return true;
    return false;
}

static void on_silent(void *context, struct session *session) {
    struct server *server = context;

    if (can_be_replaced(server, session))
        plane_recall(server->plane, session_tag(session), "its agent does not answer");
}

static void on_well(void *context, struct session *session) {
    struct server *server = context;

    supply_mark(server->supply, session);
}

static struct liveness *server_make_liveness(struct server *server) {
    struct liveness_options options = {.base = loop_base(server->loop),
                                       .agents = server->agents,
                                       .log = server->log,
                                       .ping = ping,
                                       .on_silent = on_silent,
                                       .on_responsive = on_well,
                                       .context = server};
    return liveness_new(&options);
}

/* --- from start to end --- */

static int server_make_parts(struct server *server, struct error *error) {
    uint8_t instance[INSTANCE_BYTES];

    if (secret_random(instance, sizeof instance) || secret_random(server->secret, sizeof server->secret))
        return error_set(error, "the system gives no random bytes");
    secret_to_hex(instance, sizeof instance, server->instance);
    if (loop_check_system(error))
        return -1;
    server->loop = loop_new("munneld");
    server->clients = client_table_new();
    server->agents = session_table_new();
    server->arriving = link_pool_new();
    server->flaps = flap_damping_new();
    server->supply = server->loop ? supply_new(server) : NULL;
    server->liveness = server->loop && server->agents ? server_make_liveness(server) : NULL;
    server->reload = server->loop ? reload_new(server) : NULL;
    server->notify = server->loop ? service_manager_new(loop_base(server->loop), is_alive, server) : NULL;
    server->signals = server->loop ? take_signals(server) : NULL;
    server->tick = server->loop ? evtimer_new(loop_base(server->loop), on_tick, server) : NULL;
    if (!server->clients || !server->agents || !server->arriving || !server->flaps || !server->supply ||
        !server->liveness || !server->signals || !server->tick || !server->reload || !server->notify)
        return error_set(error, "out of memory");
    return 0;
}

struct server *server_new(const struct server_config *conf, struct log *log, struct error *error) {
    struct server *server = calloc(1, sizeof *server);

    if (!server) {
        error_set(error, "out of memory");
        return NULL;
    }
    server->conf = conf;
    server->log = log;
    server->strangers.a_minute = LINES_A_MINUTE;
    if (server_make_parts(server, error) || reload_first(server->reload, error) ||
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
    if (agent_listener_open(server->door, error))
        return -1;
    for (size_t i = 0; i < server->service_count; i++)
        if (service_open(server->services[i], error))
            return -1;
    server_set_tick(server, TICK_MS);
    return 0;
}

/* What has to be opened again after that must be its own. */
static int server_become_user(const struct server *server, struct error *error) {
    const struct server_config *conf = server->conf;

    if (privilege_give(conf->log.to, conf->user, conf->group, error))
        return -1;
    return privilege_drop(conf->user, conf->group, error);
}

int server_run(struct server *server, struct error *error) {
    server_log_start(server);
    if (server_open(server, error) || server_become_user(server, error) || reload_open(server->reload, error))
        return -1;
    service_manager_ready(server->notify);
    if (loop_run(server->loop))
        return error_set(error, "the event loop failed");
    log_write(server->log, LOG_LEVEL_INFO, "server", "stopped");
    return 0;
}

/* While the plane is freed the loop turns for its last words, and nobody may come in. */
static void server_shut(struct server *server) {
    for (size_t i = 0; i < server->service_count; i++)
        service_shut(server->services[i]);
    if (server->door)
        agent_listener_shut(server->door);
}

void server_free(struct server *server) {
    if (!server)
        return;
    server->stopping = server->is_over = true;
    server_shut(server);
    if (server->plane) {
        dispatch_end_waiting(server, REASON_STOPPED);
        registry_dismiss_all(server, "the server was stopped");
        plane_free(server->plane);
    }
    for (size_t i = 0; i < server->service_count; i++)
        service_free(server->services[i]);
    free(server->services);
    agent_listener_free(server->door);
    session_table_free(server->agents);
    link_pool_free(server->arriving);
    penalty_box_free(server->flaps);
    signals_free(server->signals);
    supply_free(server->supply);
    liveness_free(server->liveness);
    if (server->tick)
        event_free(server->tick);
    client_table_free(server->clients);
    reload_free(server->reload);
    service_manager_free(server->notify);
    credentials_free(server->credentials);
    SSL_CTX_free(server->tls);
    if (server->loop)
        loop_free(server->loop);
    secret_wipe(server->secret, sizeof server->secret);
    free(server);
}
