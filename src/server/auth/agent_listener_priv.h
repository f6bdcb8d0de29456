/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_listener_priv: struct agent_listener, for agent_listener.c, where connections come and go, and
 * agent_listener_life.c, where it is made, changed and freed.
 */
#ifndef MUNNEL_SERVER_AUTH_AGENT_LISTENER_PRIV_H
#define MUNNEL_SERVER_AUTH_AGENT_LISTENER_PRIV_H

#include "lib/log/log_throttle.h"
#include "server/auth/agent_listener.h"
#include "server/auth/preauth_table.h"
#include "server/service/inspect.h"
#include "server/service/sniff.h"

#define AGENT_PORT_WHO "agent port"

struct agent_listener {
    struct agent_listener_options options;
    struct listener_group *listeners, *next; /* next: what a reload has prepared */
    struct acl *balancers, *next_balancers;  /* of accept_proxy; NULL: agents send no PROXY header */
    struct inspect_port inspected;
    uint64_t balancer_checks;
    struct preauth_table preauth;
    uint64_t refused[AGENT_REFUSAL_COUNT];
    struct penalty_box *penalties;
    struct log_throttle not_tls[SNIFF_COUNT], silent, full, blocked,
        balancer; /* so that one kind cannot hide another */
};

/* Callbacks, all in agent_listener.c: of its listeners, of its table of connections, and of those behind balancers. */
void agent_listener_on_accept(void *context, evutil_socket_t fd, const struct addr *peer, const struct addr *local);
void agent_listener_on_readable(evutil_socket_t fd, short what, void *context);
void agent_listener_on_known(void *context, evutil_socket_t fd, const struct inspected *found);
void agent_listener_on_failed(void *context, enum inspect_failure failure, const struct addr *peer, const char *detail);

#endif
