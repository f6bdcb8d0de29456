/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_services: agent: gives each relay thread the service table of a session, and tells the control thread when all
 * of them have it: from then on no OPEN can come before the table that it needs.
 * Runs on: plane_set_services and on_all_have on the control thread; on_set, relay_thread_services on a relay thread.
 * Owns: each thread's list of tables, with a reference to each.
 */
#include "config.h"

#include "relay/plane_priv.h"

#include <stdlib.h>

struct services_event {     /* one for all threads */
    struct message message; /* first */
    struct plane *plane;
    uint64_t session;
    atomic_uint missing; /* threads that have not got the table yet */
};

struct session_services {   /* first an order, then a thread's entry */
    struct message message; /* first */
    struct session_services *next;
    struct relay_thread *thread;
    struct services_event *event; /* NULL: none is wanted */
    uint64_t session;
    struct service_table *table; /* NULL: the session is over */
};

static void on_all_have(struct message *message) {
    struct services_event *event = (struct services_event *)message;
    struct plane *plane = event->plane;
    if (!plane->silent && plane->options.events->on_services_set)
        plane->options.events->on_services_set(plane->options.context, event->session);
    free(event);
}

static void confirm(struct services_event *event) {
    if (!event || atomic_fetch_sub_explicit(&event->missing, 1, memory_order_acq_rel) > 1)
        return;
    event->message.deliver = on_all_have;
    loop_post(event->plane->options.control, &event->message);
}

static void free_entry(struct session_services *entry) {
    service_table_release(entry->table);
    free(entry);
}

/* The order takes the place of the session's old entry: it cannot fail for want of memory. */
static void on_set(struct message *message) {
    struct session_services *order = (struct session_services *)message;
    struct session_services **at = &order->thread->services;
    while (*at && (*at)->session != order->session)
        at = &(*at)->next;
    struct session_services *old = *at;
    if (old)
        *at = old->next;
    struct services_event *event = order->event;
    order->thread->ops->on_services(order->thread, order->session, order->table);
    if (order->table) {
        order->next = order->thread->services;
        order->thread->services = order;
    } else {
        free_entry(order);
    }
    if (old)
        free_entry(old);
    confirm(event);
}

/* One for each thread, linked by `next`; NULL: out of memory. */
static struct session_services *make_orders(struct plane *plane, uint64_t session, struct service_table *table) {
    struct session_services *orders = NULL;
    for (unsigned i = 0; i < plane->count; i++) {
        struct session_services *order = malloc(sizeof *order);
        if (!order) {
            while ((order = orders)) {
                orders = order->next;
                free_entry(order);
            }
            return NULL;
        }
        *order = (struct session_services){.next = orders,
                                           .thread = plane->threads[i],
                                           .session = session,
                                           .table = table ? service_table_hold(table) : NULL};
        orders = order;
    }
    return orders;
}

bool plane_set_services(struct plane *plane, uint64_t session, struct service_table *table) {
    struct services_event *event = table ? malloc(sizeof *event) : NULL;
    struct session_services *orders =
        plane->is_stopping || (table && !event) ? NULL : make_orders(plane, session, table);
    if (!orders) {
        free(event);
        return plane->is_stopping;
    }
    if (event) {
        *event = (struct services_event){.plane = plane, .session = session};
        atomic_init(&event->missing, plane->count);
    }
    while (orders) {
        struct session_services *order = orders;
        orders = order->next;
        order->event = event;
        order->message.deliver = on_set;
        loop_post(order->thread->loop, &order->message);
    }
    return true;
}

const struct service_table *relay_thread_services(const struct relay_thread *thread, uint64_t session) {
    const struct session_services *entry = thread->services;
    while (entry && entry->session != session)
        entry = entry->next;
    return entry ? entry->table : NULL;
}

void relay_thread_free_services(struct relay_thread *thread) {
    while (thread->services) {
        struct session_services *entry = thread->services;
        thread->services = entry->next;
        free_entry(entry);
    }
}
