/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * udp_priv: struct udp_port and struct udp_flow, for the files of this folder and for plane_ports.c.
 */
#ifndef MUNNEL_RELAY_DATAGRAM_UDP_PRIV_H
#define MUNNEL_RELAY_DATAGRAM_UDP_PRIV_H

#include "lib/base/queue.h"
#include "lib/event/mailbox.h"
#include "lib/net/datagrams.h"
#include "relay/datagram/reply_budget.h"
#include "relay/datagram/udp_port.h"
#include "relay/mux/datagram_queue.h"
#include "relay/plane.h"

#include <event2/event_struct.h>
#include <stdatomic.h>

/* lent: the control thread has it, by itself or as its client's; served: a relay has it; refused: for a while */
enum udp_flow_state { UDP_FLOW_LENT, UDP_FLOW_SERVED, UDP_FLOW_REFUSED, UDP_FLOW_OVER, UDP_FLOW_STATE_COUNT };

TAILQ_HEAD(udp_flows, udp_flow);

struct udp_flow {
    struct message message; /* first: while it is lent it is its own message */
    struct udp_port *port;
    LIST_ENTRY(udp_flow) chained; /* of its bucket */
    TAILQ_ENTRY(udp_flow) timed;  /* refused: of port->refused; with quiet_at_us: of port->quiet */
    TAILQ_ENTRY(udp_flow) silent; /* with is_unanswered: of port->unanswered */
    struct datagram_peer peer;
    struct datagram_local local;
    uint8_t state;
    bool is_unanswered; /* it is served, and nothing was sent to the client yet */
    bool has_made_room; /* plane_flow_make_room was asked once */
    uint64_t served_us;
    bool is_opened;              /* its destination was reached: the first datagrams need not be kept */
    struct datagram_queue first; /* until then */
    const struct udp_flow_user *user;
    void *context;
    struct reply_budget *budget; /* with a reply_factor; or NULL */
    uint64_t until_us;           /* refused, as long */
    uint64_t quiet_at_us;        /* on_quiet is due; 0: never */
};

LIST_HEAD(udp_bucket, udp_flow);

struct udp_port_message {
    struct message message; /* first */
    struct udp_port *port;
};

struct udp_port {
    struct addr addr;
    struct relay_thread *thread;
    atomic_bool is_open;                   /* set by the control thread: lets new clients in */
    struct udp_port_message begin, end;    /* each is sent once */
    void (*on_flow)(struct message *flow); /* on the control thread: of a new client */
    struct {                               /* the control thread's own */
        struct plane *plane;               /* NULL: the plane is gone */
        LIST_ENTRY(udp_port) entry;
        struct udp_port_options options; /* without the terms */
        bool has_begun, is_freed;
    } control;
    /* The rest is its thread's, once it has begun. */
    evutil_socket_t fd; /* -1: closed */
    bool is_released;   /* the control thread has let go of it: to be freed with its last flow */
    bool is_listed;
    LIST_ENTRY(udp_port) entry; /* of its thread's */
    struct event readable;
    struct service_terms *terms;
    struct service_part *part; /* of its service's counts */
    uint64_t secret[2];
    struct udp_bucket *buckets;
    size_t bucket_count, flow_count; /* bucket_count: a power of two */
    size_t lent;
    struct udp_flows refused, quiet; /* in the order in which they are due */
    struct udp_flows unanswered;     /* in the order in which they were served */
    struct reply_budgets budgets;
    struct datagram_memory kept; /* by its flows, until their destinations are reached */
    uint64_t errors_us;          /* when ICMP was looked for */
    uint32_t lost;               /* of the socket, by datagram_relay_note_lost */
};

/* udp_port.c, for plane_ports.c: on the thread. */
void udp_port_begin(struct udp_port *port);
void udp_port_end(struct udp_port *port);
void udp_port_use_terms(struct udp_port *port, struct service_terms *terms); /* takes the reference */
void udp_flow_refused(struct udp_flow *flow);
void udp_flow_make_room(struct udp_flow *flow); /* and reports the flow again */
void udp_port_destroy(struct udp_port *port);   /* nobody has it any more, nor one of its flows */

/* flow_table.c: the flows of a port by their addresses. */
bool flow_table_init(struct udp_port *port); /* false: out of memory */
struct udp_flow *flow_table_find(const struct udp_port *port, const struct datagram_peer *peer,
                                 const struct datagram_local *local);
/* Calls `act` for each flow of this peer, or (NULL) for all; it may free the flow. */
void flow_table_each(struct udp_port *port, const struct datagram_peer *peer, void (*act)(struct udp_flow *flow));
void flow_table_add(struct udp_port *port, struct udp_flow *flow);
void flow_table_remove(struct udp_flow *flow);

#endif
