/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_priv: the parts of the control plane, for its own files only. Each part knows its own business and finds the
 * others here; all of it runs on one thread.
 */
#ifndef MUNNEL_SERVER_SERVER_PRIV_H
#define MUNNEL_SERVER_SERVER_PRIV_H

#include "conf/credentials.h"
#include "conf/server_config.h"
#include "lib/log/log_throttle.h"
#include "relay/plane.h"
#include "server/auth/agent_listener.h"
#include "server/service/client_table.h"
#include "server/session/session_table.h"

struct liveness;
struct service_manager;
struct reload;
struct penalty_box;
struct service;
struct signals;
struct supply;

struct server {
    const struct server_config *conf;
    struct log *log;
    struct loop *loop;
    struct plane *plane;
    struct credentials *credentials; /* NULL: anybody may join */
    SSL_CTX *tls;                    /* for handshakes to come */
    uint64_t tls_settled_us;         /* until then one may end that began with the context before it */
    struct reload *reload;           /* renews these two */
    struct service_manager *notify;  /* to the service manager */
    struct client_table *clients;
    struct session_table *agents;
    struct agent_listener *door;
    struct supply *supply;
    struct liveness *liveness;
    struct signals *signals;
    struct service **services;
    size_t service_count;
    size_t data_links, link_limit; /* there are, there may be: idle links must leave room for clients */
    struct link_pool *arriving;    /* data links let in that have not said yet that they are idle */
    size_t waiting;                /* clients of all services that wait for an agent */
    size_t first_look;             /* the service whose waiting clients are looked at first, in turn */
    struct event *tick;
    bool tick_is_fast, stopping;
    bool is_over;                  /* nobody is served any more */
    uint64_t stop_at_us;           /* while stopping: when what still runs is cut */
    struct log_throttle strangers; /* connections that never became an agent */
    struct penalty_box *flaps;     /* agents that come and go all the time */
    uint64_t clients_refused;      /* so far: turned away by a service's rules or limits */
    uint64_t greetings_refused;    /* so far: peers whose HELLO was answered by REJECT */
    char instance[PROTO_INSTANCE_HEX];
    uint8_t secret[SECRET_SIZE]; /* the sessions' ids and keys are made of it; it never leaves this process */
};

/* server.c */
int server_open(struct server *server, struct error *error); /* agents and clients get in; 0 or -1 */
void server_tick_fast(struct server *server);                /* somebody waits: deadlines are looked at every 100 ms */
void server_stop(struct server *server);                     /* first call: finish what runs; second: at once */
void server_check_stopped(struct server *server); /* a client has left: is that the last one, and are we stopping? */
void server_reload(struct server *server);
void server_log_live(struct server *server);

#endif
