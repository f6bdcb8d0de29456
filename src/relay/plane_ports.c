/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_ports: see plane_ports.h. Orders that cannot be lost have their message in the port, or in the flow.
 *
 * Runs on: plane_* and on_flow on the control thread; the other on_* functions on a relay thread. Owns: ports that no
 * thread has yet.
 */
#include "config.h"

#include "lib/net/sock.h"
#include "relay/datagram/udp_priv.h"
#include "relay/plane_priv.h"

#include <stdlib.h>

struct terms_order {
    struct message message; /* first */
    struct udp_port *port;
    struct service_terms *terms; /* one reference */
};

/* ---- flows ---- */

struct addr plane_flow_peer(const struct udp_flow *flow) {
    return datagram_peer_addr(&flow->peer);
}

struct addr plane_flow_local(const struct udp_flow *flow) {
    return datagram_local_addr(&flow->local, &flow->port->addr);
}

unsigned plane_flow_thread(const struct udp_flow *flow) {
    return flow->port->thread->index;
}

static void on_refused(struct message *message) {
    udp_flow_refused((struct udp_flow *)message);
}

void plane_flow_refuse(struct udp_flow *flow) {
    const struct relay_thread *thread = flow->port->thread;

    if (thread->plane->is_stopping)
        return; /* it is freed with its port */
    flow->message.deliver = on_refused;
    loop_post(thread->loop, &flow->message);
}

static void on_make_room(struct message *message) {
    udp_flow_make_room((struct udp_flow *)message);
}

bool plane_flow_make_room(struct udp_flow *flow) {
    const struct relay_thread *thread = flow->port->thread;

    if (flow->has_made_room || thread->plane->is_stopping)
        return false;
    flow->message.deliver = on_make_room;
    loop_post(thread->loop, &flow->message);
    return true;
}

static void on_flow(struct message *message) {
    struct udp_flow *flow = (struct udp_flow *)message;
    const struct udp_port *port = flow->port;

    if (!port->control.is_freed && atomic_load_explicit(&port->is_open, memory_order_relaxed))
        port->control.options.on_flow(port->control.options.context, flow);
    else
        plane_flow_refuse(flow);
}

/* ---- ports ---- */

static void on_begin(struct message *message) {
    udp_port_begin(((struct udp_port_message *)message)->port);
}

static void on_end(struct message *message) {
    udp_port_end(((struct udp_port_message *)message)->port);
}

struct udp_port *plane_port_new(struct plane *plane, evutil_socket_t fd, const struct addr *addr,
                                const struct udp_port_options *options) {
    struct udp_port *port = calloc(1, sizeof *port);

    if (!port)
        return NULL;
    if (!flow_table_init(port)) {
        free(port->buckets);
        free(port);
        return NULL;
    }
    port->addr = *addr;
    port->thread = plane->threads[plane->next_port++ % plane->count];
    port->begin = (struct udp_port_message){{.deliver = on_begin}, port};
    port->end = (struct udp_port_message){{.deliver = on_end}, port};
    port->on_flow = on_flow;
    port->fd = fd;
    TAILQ_INIT(&port->refused);
    TAILQ_INIT(&port->quiet);
    TAILQ_INIT(&port->unanswered);
    udp_port_use_terms(port, service_terms_hold(options->terms));
    port->control.options = *options;
    port->control.plane = plane;
    LIST_INSERT_HEAD(&plane->ports, port, control.entry);
    return port;
}

void plane_port_open(struct udp_port *port) {
    atomic_store_explicit(&port->is_open, true, memory_order_relaxed);
    if (!port->control.plane || port->control.plane->is_stopping || port->control.has_begun)
        return;
    port->control.has_begun = true;
    loop_post(port->thread->loop, &port->begin.message);
}

void plane_port_shut(struct udp_port *port) {
    atomic_store_explicit(&port->is_open, false, memory_order_relaxed);
}

/* Its thread closes the socket only when it is told to. */
void plane_port_let_beside(struct udp_port *port, bool on) {
    sock_let_beside(port->fd, on);
}

static void on_terms(struct message *message) {
    struct terms_order *order = (struct terms_order *)message;

    udp_port_use_terms(order->port, order->terms);
    free(order);
}

/* Without memory its datagrams are counted, and its replies limited, as before. */
static void send_terms(struct udp_port *port, struct service_terms *terms) {
    struct terms_order *order = malloc(sizeof *order);

    if (!order)
        return;
    *order = (struct terms_order){{.deliver = on_terms}, port, service_terms_hold(terms)};
    loop_post(port->thread->loop, &order->message);
}

void plane_port_set(struct udp_port *port, const struct udp_port_options *options) {
    port->control.options = *options;
    if (!options->terms || !port->control.plane || port->control.plane->is_stopping)
        return;
    if (port->control.has_begun)
        send_terms(port, options->terms);
    else
        udp_port_use_terms(port, service_terms_hold(options->terms));
}

/* An order before this one may be on its way: after it the thread has none of this port. */
void plane_port_free(struct udp_port *port) {
    struct plane *plane = port->control.plane;

    if (plane)
        LIST_REMOVE(port, control.entry);
    port->control.is_freed = true;
    plane_port_shut(port);
    if (plane && port->control.has_begun && !plane->is_stopping)
        loop_post(port->thread->loop, &port->end.message);
    else if (plane && port->control.has_begun)
        port->is_released = true; /* its thread has ended, and plane_free frees it */
    else
        udp_port_destroy(port);
}

void plane_free_ports(struct plane *plane) {
    for (unsigned i = 0; i < plane->count && plane->threads[i]; i++)
        udp_ports_free(plane->threads[i]);
    for (struct udp_port *port; (port = LIST_FIRST(&plane->ports));) {
        LIST_REMOVE(port, control.entry);
        port->control.plane = NULL;
    }
}
