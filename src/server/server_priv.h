/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_priv: struct server, and what its files call of each other. The parts in the folders get options and callbacks
 * instead. All of it runs on the control thread.
 */
#ifndef MUNNEL_SERVER_SERVER_PRIV_H
#define MUNNEL_SERVER_SERVER_PRIV_H

#include "conf/server_config.h"
#include "lib/event/loop.h"
#include "lib/log/log_throttle.h"
#include "relay/plane.h"
#include "server/auth/agent_listener.h"
#include "server/auth/authenticate.h"
#include "server/auth/handshake.h"
#include "server/server.h"
#include "server/service/client_table.h"
#include "server/service/dispatch.h"
#include "server/service/registry.h"
#include "server/session/liveness.h"
#include "server/session/session_table.h"

struct admin;
struct announce;
struct background;
struct bans;
struct ended_relays;
struct inspect;
struct passed_sockets;
struct penalty_box;
struct publishing;
struct recent_events;
struct reload;
struct service_manager;
struct signals;
struct shared_ports;
struct statistics;
struct trust_files;
struct visits;

struct server {
    struct server_config *conf;    /* in force; held, as the next */
    struct server_config *started; /* that of the start, which some options keep */
    server_read_config *read_config;
    void *read_context;
    struct log *log;
    struct loop *loop;
    struct plane *plane;
    struct auth_policy policy; /* replaced by reload */
    struct trust_files *trust;
    struct reload *reload;
    struct background *background;
    struct service_manager *service_manager;
    struct passed_sockets *passed;
    struct signals *signals;
    struct session_table *sessions;
    struct liveness *liveness;
    struct service_list services; /* also those that were removed and have clients still */
    uint32_t last_id;             /* of a service */
    uint64_t refused_before;      /* clients, by services that are gone */
    struct client_table *clients;
    struct bans *bans;
    struct publishing *publishing; /* services that agents offer */
    struct inspect *inspect;       /* connections of all ports that have to begin with a PROXY header */
    struct ended_relays *ended;    /* of all clients */
    struct link_count links;       /* data links of all sessions */
    struct announce *announce;
    struct registry *registry;
    struct dispatch *dispatch;
    struct visits *visits;
    struct penalty_box *flap_damping;
    struct agent_listener *agent_listener;
    struct shared_ports *shared_ports;
    struct listener_group *reserve; /* ports of the configuration that may come back; NULL: none is kept */
    struct handshake *handshake;
    struct log_throttle auth_throttle; /* of log lines on connections that failed to authenticate */
    struct recent_events *events;
    struct statistics *statistics;
    struct admin *admin; /* NULL: not made yet, or freed */
    struct event *tick;
    bool tick_is_fast, stopping;
    time_t started_at;
    uint64_t stop_at_us; /* while stopping: when the relays that are left are cut */
    char instance[PROTO_INSTANCE_HEX];
};

/* services: makes the services of a server. */
struct service_options server_service_options(struct server *server); /* of any of them; without id and conf */
int server_bind_services(struct server *server, struct error *error); /* all of the configuration; 0 or -1 */
struct shared_ports *server_make_shared_ports(struct server *server); /* none yet; NULL when out of memory */

/* `own`: the addresses that they do not share with services. */
static inline struct agent_port server_agent_port(const struct server_config *conf, const struct strlist *own) {
    return (struct agent_port){.listen = own, .interface = conf->agents.interface, .freebind = conf->agents.freebind};
}

static inline struct agent_limits server_agent_limits(const struct server_config *conf) {
    return (struct agent_limits){.most = conf->agents.unauthenticated_max,
                                 .per_source = conf->agents.unauthenticated_per_source,
                                 .deadline_s = conf->agents.unauthenticated_deadline_s,
                                 .penalty_s = conf->agents.unauthenticated_penalty_s};
}

/* parts: all parts of a server that has its configuration and log; those that were made are freed by server_free. 0 or
 * -1 */
int server_make_parts(struct server *server, struct error *error);

int server_open(struct server *server, struct error *error); /* listens for agents and clients; 0 or -1 */

/* events: passes each event of the plane to the part that handles it. */
const struct plane_events *server_plane_events(void);        /* their context is the struct server */
struct liveness *server_liveness_new(struct server *server); /* NULL when out of memory */

/*
 * housekeeping: what the server does by time (deadlines, retries, the status for the service manager), how it stops,
 * and its line on what is live.
 */
struct event *housekeeping_new(struct server *server); /* the server's tick; NULL when out of memory */
int housekeeping_start(struct server *server, struct error *error);
/* Callbacks; their context is the struct server. */
void housekeeping_stop(void *server); /* first call: relays may finish; second: at once */
void housekeeping_log_statistics(void *server);
void housekeeping_tick_fast(void *server);     /* a client waits: its deadline needs the tick every 100 ms */
void housekeeping_check_stopped(void *server); /* a client has left: ends the loop if it was the last one of a stop */

#endif
