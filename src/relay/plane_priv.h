/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_priv: the data plane as a whole, for plane.c (life), plane_orders.c (orders to a thread), plane_all.c
 * and plane_sessions.c (to all threads), events.c (the threads' events).
 */
#ifndef MUNNEL_RELAY_PLANE_PRIV_H
#define MUNNEL_RELAY_PLANE_PRIV_H

#include "relay/thread_priv.h"

struct order_all {          /* to every relay thread alike */
    struct message message; /* first */
    struct relay_thread *thread;
    struct order_all *next; /* until it is sent */
    uint64_t tag;
    struct service_terms *terms;     /* plane_recall, plane_end_relays; one reference */
    struct session_over_event *over; /* plane_retire_session; one reference */
    enum network_event event;        /* plane_check_paths */
    enum relay_reason reason;        /* plane_disconnect, plane_end_relays */
    char detail[];
};

struct plane {
    struct plane_options options;
    char instance[PROTO_INSTANCE_HEX];
    unsigned count, next;
    struct relay_thread *threads[PLANE_THREADS_MAX];
    struct loop_detect *own_dials; /* agent, as the next */
    struct udp_sessions udp_sessions;
    atomic_uint unanswered;      /* liveness probes the threads have not answered */
    unsigned views_running;      /* requests of relay_views.c under way */
    unsigned next_port;          /* the thread of the next UDP port */
    LIST_HEAD(, udp_port) ports; /* that the control thread has */
    bool is_stopping;            /* being freed: orders are dropped */
    bool silent;                 /* ... and callbacks are over */
};

/* plane_all.c: one for each thread, or NULL: out of memory, or the plane is being freed. */
struct order_all *plane_make_all(struct plane *plane, uint64_t tag, const char *detail);
void plane_send_all(struct order_all *orders, void (*deliver)(struct message *));

/* plane_ports.c: the threads have ended, and all messages were delivered. */
void plane_free_ports(struct plane *plane);

/* plane_sessions.c */
void plane_sweep_sessions(struct relay_thread *thread, uint64_t now_us);
void plane_free_sessions(struct relay_thread *thread); /* its relays and links are gone */

#endif
