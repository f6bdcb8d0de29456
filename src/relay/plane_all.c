/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_all: orders that go to every relay thread alike, because what they concern may be on each; those about sessions
 * are in plane_sessions.c.
 * Runs on: plane_* on the control thread; the on_* functions run on a relay thread. Owns: nothing.
 */
#include "config.h"

#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"

#include <stdlib.h>
#include <string.h>

void plane_send_all(struct order_all *orders, void (*deliver)(struct message *)) {
    while (orders) {
        struct order_all *order = orders;
        orders = order->next;
        order->message.deliver = deliver;
        loop_post(order->thread->loop, &order->message);
    }
}

/* One for each thread, or none at all. */
struct order_all *plane_make_all(struct plane *plane, uint64_t tag, const char *detail) {
    struct order_all *orders = NULL;
    size_t length = strlen(detail) + 1;

    if (plane->is_stopping)
        return NULL;

    for (unsigned i = 0; i < plane->count; i++) {
        struct order_all *order = malloc(sizeof *order + length);
        if (!order) {
            while ((order = orders)) {
                orders = order->next;
                free(order);
            }
            return NULL;
        }
        *order = (struct order_all){.thread = plane->threads[i], .next = orders, .tag = tag};
        memcpy(order->detail, detail, length);
        orders = order;
    }
    return orders;
}

static void on_disconnect_preauth(struct message *message) {
    struct order_all *order = (struct order_all *)message;
    struct link *link = order->thread->greeting;

    while (link && link->tag != order->tag)
        link = link->greeting_next;
    if (link)
        link_close(link, LINK_CLOSE_RESET, REASON_LIMIT, order->detail);
    free(order);
}

bool plane_disconnect_preauth(struct plane *plane, uint64_t tag, const char *detail) {
    struct order_all *orders = plane_make_all(plane, tag, detail);
    bool made = orders;

    plane_send_all(orders, on_disconnect_preauth);
    return made;
}

static void on_check_paths(struct message *message) {
    struct order_all *order = (struct order_all *)message;
    struct relay_thread *thread = order->thread;
    struct path_check check = {.event = order->event};

    for (uint32_t slot = 0; slot < thread->slot_count; slot++)
        if (thread->slots[slot])
            link_check_path(thread->slots[slot], &check);
    free(order);
}

bool plane_check_paths(struct plane *plane, enum network_event event) {
    struct order_all *orders = plane_make_all(plane, 0, "");
    bool made = orders;

    for (struct order_all *order = orders; order; order = order->next)
        order->event = event;
    plane_send_all(orders, on_check_paths);
    return made;
}

static void on_liveness_probe(struct message *message) {
    struct order_all *order = (struct order_all *)message;

    atomic_fetch_sub_explicit(&order->thread->plane->unanswered, 1, memory_order_relaxed);
    free(order);
}

bool plane_probe_liveness(struct plane *plane) {
    if (atomic_load_explicit(&plane->unanswered, memory_order_relaxed) > 0)
        return false;
    struct order_all *orders = plane_make_all(plane, 0, "");
    if (orders)
        atomic_fetch_add_explicit(&plane->unanswered, plane->count, memory_order_relaxed);
    plane_send_all(orders, on_liveness_probe);
    return true; /* on ENOMEM no probe was sent, so none is late */
}
