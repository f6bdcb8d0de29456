/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * parts: makes the parts of a server, and gives each what it needs of the others: options and callbacks.
 */
#include "config.h"

#include "admin/recent_events.h"
#include "conf/shared_listen.h"
#include "lib/base/clock.h"
#include "lib/event/background.h"
#include "lib/event/service_manager.h"
#include "lib/event/signals.h"
#include "lib/net/passed_sockets.h"
#include "lib/net/source_key.h"
#include "lib/os/fd_count.h"
#include "page/page.h"
#include "relay/ended_relays.h"
#include "server/admin/admin.h"
#include "server/auth/flap_damping.h"
#include "server/publishing.h"
#include "server/reload.h"
#include "server/server_metrics.h"
#include "server/server_priv.h"
#include "server/service/announce.h"
#include "server/service/bans.h"
#include "server/service/inspect.h"
#include "server/service/shared_port.h"
#include "server/service/visits.h"
#include "server/statistics.h"
#include "server/trust_files.h"

#include <assert.h>
#include <stdlib.h>

enum { INSTANCE_BYTES = 16, RESERVED_DESCRIPTORS = 64 };

static_assert((unsigned)CONF_THREADS_MAX <= (unsigned)PLANE_THREADS_MAX,
              "the plane has room for the threads that can be configured");

/* --- signals --- */

static void on_reload(void *context) {
    const struct server *server = context;

    reload_request(server->reload);
}

/* The log file may have been rotated. The configuration is not read: edits of it may be unfinished. */
static void on_rotated(void *context) {
    const struct server *server = context;

    log_reopen(server->log);
    housekeeping_log_statistics(context);
}

static struct signals *take_signals(struct server *server) {
    static const struct signal_actions actions = {housekeeping_stop, on_reload, on_rotated};

    return signals_new(loop_base(server->loop), &actions, server);
}

/* --- parts --- */

static int start_plane(struct server *server, struct error *error) {
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

/* Its address stays trusted, so that it can join again after any failures there. */
static void on_leave(void *context, const struct session *session, const char *detail) {
    struct server *server = context;

    agent_listener_trust(server->agent_listener, session_peer(session));
    flap_damping_left(server->flap_damping, session, clock_us());
    admin_on_agent_left(server->admin, session, detail);
    visits_update(server->visits); /* of what it has served */
}

static void on_answered(void *context) {
    const struct server *server = context;

    dispatch_tick(server->dispatch);
    visits_update(server->visits);
}

static struct announce *make_announce(struct server *server) {
    return announce_new(&(struct announce_options){.base = loop_base(server->loop),
                                                   .log = server->log,
                                                   .plane = server->plane,
                                                   .sessions = server->sessions,
                                                   .services = &server->services,
                                                   .on_answered = on_answered,
                                                   .context = server});
}

/* Half of the stream numbers of one of its threads: the rest lasts until its agent has come again. */
#define SESSION_CLIENTS_MOST (UINT32_MAX / 2)

static int on_publish(void *context, struct session *session, const json_t *json, struct error *error) {
    const struct server *server = context;

    return publishing_request(server->publishing, session, json, error);
}

static struct registry *make_registry(struct server *server) {
    return registry_new(&(struct registry_options){.log = server->log,
                                                   .events = server->events,
                                                   .plane = server->plane,
                                                   .sessions = server->sessions,
                                                   .services = &server->services,
                                                   .announce = server->announce,
                                                   .bans = server->bans,
                                                   .visits = server->visits,
                                                   .links = &server->links,
                                                   .resume_s = server->conf->agents.resume_s,
                                                   .clients_most = SESSION_CLIENTS_MOST,
                                                   .on_leave = on_leave,
                                                   .on_publish = on_publish,
                                                   .context = server});
}

static struct dispatch *make_dispatch(struct server *server) {
    return dispatch_new(&(struct dispatch_options){.loop = server->loop,
                                                   .log = server->log,
                                                   .events = server->events,
                                                   .plane = server->plane,
                                                   .instance = server->instance,
                                                   .clients = server->clients,
                                                   .ended = server->ended,
                                                   .sessions = server->sessions,
                                                   .services = &server->services,
                                                   .liveness = server->liveness,
                                                   .registry = server->registry,
                                                   .visits = server->visits,
                                                   .on_wait = housekeeping_tick_fast,
                                                   .on_client_end = housekeeping_check_stopped,
                                                   .context = server});
}

static struct visits *make_visits(struct server *server) {
    return visits_new(&(struct visits_options){.base = loop_base(server->loop),
                                               .log = server->log,
                                               .plane = server->plane,
                                               .instance = server->instance,
                                               .clients = server->clients,
                                               .ended = server->ended,
                                               .sessions = server->sessions,
                                               .services = &server->services,
                                               .on_client_end = housekeeping_check_stopped,
                                               .context = server});
}

static struct statistics *make_statistics(struct server *server) {
    return statistics_new(&(struct statistics_options){.base = loop_base(server->loop),
                                                       .plane = server->plane,
                                                       .services = &server->services});
}

static int make_roles(struct server *server, struct error *error) {
    server->announce = make_announce(server);
    server->visits = make_visits(server);
    server->registry = server->announce && server->visits ? make_registry(server) : NULL;
    server->dispatch = make_dispatch(server);
    server->shared_ports = server_make_shared_ports(server);
    server->statistics = make_statistics(server);
    return server->registry && server->dispatch && server->statistics && server->shared_ports
               ? 0
               : error_set(error, "out of memory");
}

static bool reread_credentials(void *context) {
    const struct server *server = context;

    return trust_files_check_agents(server->trust);
}

static int make_handshake(struct server *server, struct error *error) {
    struct handshake_options options = {.policy = &server->policy,
                                        .log = server->log,
                                        .events = server->events,
                                        .throttle = &server->auth_throttle,
                                        .plane = server->plane,
                                        .sessions = server->sessions,
                                        .services = &server->services,
                                        .registry = server->registry,
                                        .links = &server->links,
                                        .liveness = server->liveness,
                                        .listener = server->agent_listener,
                                        .flap_damping = server->flap_damping,
                                        .instance = server->instance,
                                        .threads = plane_threads(server->conf->threads),
                                        .reread_credentials = reread_credentials,
                                        .context = server};

    server->handshake = handshake_new(&options);
    return server->handshake ? 0 : error_set(error, "out of memory");
}

static size_t expects(void *context, const struct addr *peer) {
    struct server *server = context;
    uint64_t now_us = clock_us();
    size_t links = 0;

    for (struct session *session = session_table_first_any(server->sessions); session;
         session = session_table_after_any(server->sessions, session))
        if (addr_same_host(session_peer(session), peer))
            links += carriers_expected(session_carriers(session), now_us);
    return links;
}

static bool has_agent(void *context, const struct addr *peer) {
    struct server *server = context;
    uint64_t source = source_key_of(peer);
    struct session *session = session_table_first_any(server->sessions);

    while (session && source_key_of(session_peer(session)) != source)
        session = session_table_after_any(server->sessions, session);
    return session;
}

static int make_agent_listener(struct server *server, struct error *error) {
    struct strlist own = {.count = 0};

    if (shared_listen_own(server->conf, &server->conf->agents.listen, &own)) {
        strlist_done(&own);
        return error_set(error, "out of memory");
    }
    struct agent_listener_options options = {.base = loop_base(server->loop),
                                             .log = server->log,
                                             .events = server->events,
                                             .plane = server->plane,
                                             .tls = server->policy.tls,
                                             .port = server_agent_port(server->conf, &own),
                                             .accept_proxy = &server->conf->agents.accept_proxy,
                                             .inspect = server->inspect,
                                             .limits = server_agent_limits(server->conf),
                                             .passed = server->passed,
                                             .has_agent = has_agent,
                                             .expects = expects,
                                             .context = server};
    server->agent_listener = agent_listener_new(&options, error);
    strlist_done(&own);
    return server->agent_listener ? make_handshake(server, error) : -1;
}

static void write_metrics(const void *context, struct metrics *to) {
    server_metrics_write(context, to);
}

static int make_admin(struct server *server, struct error *error) {
    struct admin_options options = {.loop = server->loop,
                                    .log = server->log,
                                    .plane = server->plane,
                                    .policy = &server->policy,
                                    .trust = server->trust,
                                    .sessions = server->sessions,
                                    .services = &server->services,
                                    .clients = server->clients,
                                    .ended = server->ended,
                                    .links = &server->links,
                                    .registry = server->registry,
                                    .dispatch = server->dispatch,
                                    .bans = server->bans,
                                    .published = publishing_table(server->publishing),
                                    .agent_listener = server->agent_listener,
                                    .events = server->events,
                                    .statistics = server->statistics,
                                    .config = reload_port(server->reload),
                                    .background = server->background,
                                    .instance = server->instance,
                                    .started_at = server->started_at,
                                    .is_stopping = &server->stopping,
                                    .assets = page_assets,
                                    .asset_count = page_asset_count,
                                    .reread_credentials = reread_credentials,
                                    .write_metrics = write_metrics,
                                    .context = server};

    server->admin = admin_new(&options, error);
    return server->admin ? 0 : -1;
}

/* Without what is open already and a reserve for agents that connect: a quarter for data links, the others for clients,
 * of which each takes one. */
static void share_descriptors(struct server *server) {
    int all = sock_raise_limit(), used = fd_count();
    int reserved = all / 8 < RESERVED_DESCRIPTORS ? all / 8 : RESERVED_DESCRIPTORS;
    int spare = all - used - reserved, links = spare / 4, clients = spare - links;

    server->links.limit = links > 1 ? (size_t)links : 1;
    client_table_set_limit(server->clients, clients > 1 ? (size_t)clients : 1);
    inspect_set_limit(server->inspect, client_table_limit(server->clients) / 4);
    shared_ports_set_limit(server->shared_ports, clients > 4 ? (size_t)clients / 4 : 1);
}

/* For the watchdog: the control loop runs, since it calls this, so only the relay threads are probed. */
static bool is_alive(void *context) {
    struct server *server = context;

    if (plane_probe_liveness(server->plane))
        return true;
    log_write(server->log, LOG_LEVEL_ERROR, "server", "a relay thread is stuck: the watchdog is not fed");
    return false;
}

/* --- all of them --- */

static int make_parts(struct server *server, struct error *error) {
    uint8_t instance[INSTANCE_BYTES];

    if (secret_random(instance, sizeof instance))
        return error_set(error, "OpenSSL could not generate random bytes");
    secret_to_hex(instance, sizeof instance, server->instance);
    if (loop_check_system(error))
        return -1;
    server->passed = passed_sockets_new(error);
    if (!server->passed)
        return -1;
    server->loop = loop_new("munneld");
    server->events = recent_events_new();
    server->clients = client_table_new();
    server->inspect = server->loop ? inspect_new(loop_base(server->loop)) : NULL;
    server->bans = bans_new();
    server->publishing = server->loop ? publishing_new(server) : NULL;
    server->ended = ended_relays_new();
    server->sessions = session_table_new();
    server->flap_damping = flap_damping_new();
    server->liveness = server->loop && server->sessions ? server_liveness_new(server) : NULL;
    server->trust = trust_files_new(server);
    server->background = server->loop ? background_new(server->loop) : NULL;
    server->reload = server->background ? reload_new(server) : NULL;
    server->service_manager = server->loop ? service_manager_new(loop_base(server->loop), is_alive, server) : NULL;
    server->signals = server->loop ? take_signals(server) : NULL;
    server->tick = server->loop ? housekeeping_new(server) : NULL;
    if (!server->events || !server->clients || !server->inspect || !server->bans || !server->publishing ||
        !server->ended || !server->sessions || !server->flap_damping || !server->liveness || !server->signals ||
        !server->tick || !server->trust || !server->reload || !server->background || !server->service_manager)
        return error_set(error, "out of memory");
    return 0;
}

static void log_unused(void *context, const char *text) {
    const struct server *server = context;

    log_write(server->log, LOG_LEVEL_WARNING, "server", "%s", text);
}

/* Also when one fails: an address that cannot be bound may be one that a passed socket misses by little. */
static int bind_all(struct server *server, struct error *error) {
    int result = server_bind_services(server, error) || make_agent_listener(server, error) ? -1 : 0;

    passed_sockets_report_unused(server->passed, log_unused, server);
    return result;
}

int server_make_parts(struct server *server, struct error *error) {
    if (make_parts(server, error) || trust_files_first(server->trust, error) || start_plane(server, error) ||
        make_roles(server, error) || bind_all(server, error) || make_admin(server, error))
        return -1;
    share_descriptors(server);
    return 0;
}
