/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * host_router: connections to ports that services share, until their first bytes tell which service, or the agents,
 * they are for. These bytes stay in the socket.
 *
 * They are bounded in number, of all ports together, and in time. One that no service is for gets an answer in its own
 * protocol, and a second to read it.
 * Runs on: the control thread. Owns: the descriptors of connections that it has been given, until it gives them back.
 * States of a connection: waiting -> routed -> freed; waiting -> leaving (it has its answer) -> freed.
 */
#ifndef MUNNEL_SERVER_SERVICE_HOST_ROUTER_H
#define MUNNEL_SERVER_SERVICE_HOST_ROUTER_H

#include "proto/host_name.h"
#include "relay/host_routes.h"
#include "server/service/inspect.h"

#include <event2/event.h>
#include <event2/util.h>

enum { HOST_ROUTER_MOST = 1024, HOST_ROUTER_DEADLINE_S = 5 };

/* R(NAME, label of metrics, text for the log): what became of a connection */
#define ROUTE_RESULTS(R)                                                                                               \
    R(ROUTED, "routed", "routed")                                                                                      \
    R(AGENT, "agent", "an agent")                                                                                      \
    R(UNKNOWN_NAME, "unknown_name", "no service has this name")                                                        \
    R(NO_NAME, "no_name", "it names no host")                                                                          \
    R(OTHER_PROTOCOL, "other_protocol", "neither TLS nor HTTP")                                                        \
    R(MALFORMED, "malformed", "malformed TLS or HTTP")                                                                 \
    R(TIMEOUT, "timeout", "neither a whole ClientHello nor a head of HTTP within the deadline")                        \
    R(PROXY, "proxy", "no valid PROXY header of a balancer that accept_proxy lists")                                   \
    R(UNAVAILABLE, "unavailable", "its service lets no clients in now")                                                \
    R(FULL, "full", "too many connections that have not named a host yet")                                             \
    R(CLOSED, "closed", "closed by its peer before it had named a host")
enum route_result {
#define ROUTE_RESULT_ENUM(name, label, text) ROUTE_##name,
    ROUTE_RESULTS(ROUTE_RESULT_ENUM)
#undef ROUTE_RESULT_ENUM
        ROUTE_RESULT_COUNT
};
const char *route_result_label(enum route_result result);
const char *route_result_text(enum route_result result);

struct host_router;

struct host_route { /* one connection */
    evutil_socket_t fd;
    struct inspected found;
    char name[HOST_NAME_SIZE]; /* "": none */
    bool is_http;              /* it is the host of a request */
};

struct host_router_port { /* has to live until host_router_drop */
    const struct host_routes *routes;
    bool has_agents;
    /* Both take `route->fd` and what it was found with, and may be called within host_router_begin. */
    void (*on_routed)(void *context, struct service *service, const struct host_route *route);
    void (*on_agent)(void *context, const struct host_route *route);
    /* It is over, or has its answer. `detail`: the name that no service has, or what is malformed, or NULL. */
    void (*on_refused)(void *context, enum route_result result, const struct addr *peer, const char *detail);
    void *context;
};

struct host_router *host_router_new(struct event_base *base); /* NULL when out of memory */
void host_router_free(struct host_router *router);            /* resets what is left, and calls nothing */
/* How many there may be, HOST_ROUTER_MOST at most and at first; a further one closes the oldest. */
void host_router_set_limit(struct host_router *router, size_t limit);
size_t host_router_count(const struct host_router *router);

/* A connection to this port begins; takes `fd`, which is non-blocking, and found->tlvs. */
void host_router_begin(struct host_router *router, const struct host_router_port *port, evutil_socket_t fd,
                       const struct inspected *found);
void host_router_drop(struct host_router *router, const struct host_router_port *port); /* resets those of it */

#endif
