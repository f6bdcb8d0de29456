/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * defer: see defer.h. All items wait equally long, so that the order of the queue is that of their times.
 */
#include "config.h"

#include "lib/event/defer.h"

#include "lib/base/clock.h"

#include <stddef.h>

static void take(struct defer_queue *again, struct defer_item *item) {
    *item->previous = item->next;
    if (item->next) {
        item->next->previous = item->previous;
    } else {
        again->last = item->previous;
    }
    item->previous = NULL;
}

/* Without memory it fails, and again_check takes its place. */
static void arm(struct defer_queue *again, uint64_t wait_us) {
    struct timeval wait = {(time_t)(wait_us / 1000000), (suseconds_t)(wait_us % 1000000)};
    if (!event_pending(&again->timer, EV_TIMEOUT, NULL))
        (void)event_add(&again->timer, &wait);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    struct defer_queue *again = context;
    uint64_t now_us = clock_us();
    while (again->first && again->first->due_us <= now_us) {
        struct defer_item *item = again->first;
        take(again, item);
        item->run(item); /* may queue itself again: for later than now */
    }
    if (again->first) {
        arm(again, again->delay_us ? again->first->due_us - now_us : 0);
    }
}

void defer_queue_init(struct defer_queue *again, struct event_base *base, unsigned delay_us) {
    again->first = NULL;
    again->last = &again->first;
    again->delay_us = delay_us;
    event_assign(&again->timer, base, -1, 0, on_timer, again);
}

void defer_queue_stop(struct defer_queue *again) {
    event_del(&again->timer);
}

void defer_add(struct defer_queue *again, struct defer_item *item) {
    if (item->previous) {
        return;
    }
    item->due_us = clock_us() + (again->delay_us ? again->delay_us : 1); /* later than now: not in this round */
    item->next = NULL;
    item->previous = again->last;
    *again->last = item;
    again->last = &item->next;
    arm(again, again->delay_us);
}

void again_check(struct defer_queue *again) {
    if (again->first && !event_pending(&again->timer, EV_TIMEOUT, NULL))
        on_timer(-1, 0, again);
}

void defer_cancel(struct defer_queue *again, struct defer_item *item) {
    if (item->previous) {
        take(again, item);
    }
}
