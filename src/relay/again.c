/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * again: see again.h.
 */
#include "config.h"

#include "relay/again.h"

#include <stddef.h>

static void take(struct again *again, struct again_item **at) {
    struct again_item *item = *at;
    *at = item->next;
    if (again->last == &item->next) {
        again->last = at;
    }
    again->count--;
    item->is_queued = false;
}

static void arm(struct again *again) {
    if (!event_pending(&again->timer, EV_TIMEOUT, NULL)) {
        event_add(&again->timer, &again->delay);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    struct again *again = context;
    for (unsigned left = again->count; left > 0 && again->first; left--) {
        struct again_item *item = again->first;
        take(again, &again->first);
        item->run(item); /* may queue itself again, for the next time */
    }
    if (again->first) {
        arm(again);
    }
}

void again_begin(struct again *again, struct event_base *base, unsigned delay_us) {
    again->first = NULL;
    again->last = &again->first;
    again->count = 0;
    again->delay = (struct timeval){delay_us / 1000000, delay_us % 1000000};
    event_assign(&again->timer, base, -1, 0, on_timer, again);
}

void again_end(struct again *again) {
    event_del(&again->timer);
}

void again_later(struct again *again, struct again_item *item) {
    if (item->is_queued) {
        return;
    }
    item->is_queued = true;
    item->next = NULL;
    *again->last = item;
    again->last = &item->next;
    again->count++;
    arm(again);
}

void again_forget(struct again *again, struct again_item *item) {
    struct again_item **at = &again->first;
    if (!item->is_queued) {
        return;
    }
    while (*at != item) {
        at = &(*at)->next;
    }
    take(again, at);
}
