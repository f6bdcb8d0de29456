/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_priv: struct server, for the files that build it and pass events to its parts. The parts get options and
 * callbacks instead. All of it runs on the control thread.
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
#include "server/service/client_table.h"
#include "server/service/dispatch.h"
#include "server/service/registry.h"
#include "server/service/supply.h"
#include "server/session/liveness.h"
#include "server/session/session_table.h"

struct penalty_box;
struct reload;
struct service_manager;
struct signals;

struct server {
    const struct server_config *conf;
    struct log *log;
    struct loop *loop;
    struct plane *plane;
    struct auth_policy policy; /* replaced by reload */
    struct reload *reload;
    struct service_manager *service_manager;
    struct signals *signals;
    struct session_table *sessions;
    struct liveness *liveness;
    struct service_list services;
    struct client_table *clients;
    struct supply *supply;
    struct registry *registry;
    struct dispatch *dispatch;
    struct penalty_box *flap_damping;
    struct agent_listener *agent_listener;
    struct handshake *handshake;
    struct log_throttle auth_throttle; /* of log lines on connections that failed to authenticate */
    struct event *tick;
    bool tick_is_fast, stopping;
    uint64_t stop_at_us; /* while stopping: when the relays that are left are cut */
    char instance[PROTO_INSTANCE_HEX];
    uint8_t secret[SECRET_SIZE]; /* ids and keys of sessions are derived from it; it never leaves this process */
};

int server_open(struct server *server, struct error *error); /* listens for agents and clients; 0 or -1 */

#endif
