/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_ports: the UDP ports of a server's services; a part of plane.h.
 *
 * A port is bound on the control thread, belongs to one relay thread from plane_port_open on, and is read by it alone:
 * no datagram passes the control thread. What the control thread gets of a new client is its flow, by on_flow: the pair
 * of the client's address and the one that it has sent to. It makes a client of it, which goes the way of every client
 * (client->flow), or refuses it.
 *
 *   plane_port_open(port)                     ->    reads the socket
 *                                             <-    on_flow(flow)            lent: the first datagram of a new client
 *   plane_flow_refuse(flow)                   ->    drops its datagrams for a while, or
 *   plane_serve(session, plane_flow_thread, client)   has them relayed; on_client_back as always, with the flow lent
 *                                                   again unless the client has ended
 *
 * Runs on: the control thread. Owns: see plane_port_new.
 */
#ifndef MUNNEL_RELAY_PLANE_PORTS_H
#define MUNNEL_RELAY_PLANE_PORTS_H

#include "lib/net/addr.h"
#include "relay/service_terms.h"

#include <event2/util.h>
#include <stdbool.h>

struct plane;
struct udp_flow;
struct udp_port;

struct udp_port_options {        /* copied */
    struct service_terms *terms; /* of its service: a reference is taken. NULL: those that it has */
    void (*on_flow)(void *context, struct udp_flow *flow);
    void *context;
};

/* Takes the bound `fd`, unless it is NULL: out of memory. Nothing is read before it is opened. */
struct udp_port *plane_port_new(struct plane *plane, evutil_socket_t fd, const struct addr *addr,
                                const struct udp_port_options *options);
void plane_port_open(struct udp_port *port); /* lets new clients in */
void plane_port_shut(struct udp_port *port); /* no new ones; the sessions of those that are there go on */
/* It is another service's from now on, or its own by other terms; its sessions stay those of their services. */
void plane_port_set(struct udp_port *port, const struct udp_port_options *options);
/* Whether another port may be bound to its address, or a part of it, meanwhile: see sock_let_beside. */
void plane_port_let_beside(struct udp_port *port, bool on);
void plane_port_free(struct udp_port *port); /* closes it, which ends its sessions; also after plane_free */

/* Of a flow that is lent. */
struct addr plane_flow_peer(const struct udp_flow *flow);
struct addr plane_flow_local(const struct udp_flow *flow); /* to which it has sent */
unsigned plane_flow_thread(const struct udp_flow *flow);
void plane_flow_refuse(struct udp_flow *flow); /* it is lent no more */
/* There are as many clients as there may be: the oldest of its port that was never answered ends, if there is one, and
 * on_flow follows once more. False: it has already, nothing was done. */
bool plane_flow_make_room(struct udp_flow *flow);

#endif
