/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * defer: see defer.h. All items of a queue wait equally long, so the first is always the first due.
 */
#include "config.h"

#include "lib/event/defer.h"

#include "lib/base/clock.h"

#include <stddef.h>

static void unlink_item(struct defer_queue *queue, struct defer_item *item) {
    *item->previous = item->next;
    if (item->next) {
        item->next->previous = item->previous;
    } else {
        queue->last = item->previous;
    }
    item->previous = NULL;
}

/* event_add() fails without memory; defer_check() runs what is due then. */
static void arm(struct defer_queue *queue, uint64_t wait_us) {
    struct timeval wait = clock_timeval(wait_us);
    if (!event_pending(&queue->timer, EV_TIMEOUT, NULL))
        (void)event_add(&queue->timer, &wait);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    struct defer_queue *queue = context;
    uint64_t now_us = clock_us();
    while (queue->first && queue->first->due_us <= now_us) {
        struct defer_item *item = queue->first;
        unlink_item(queue, item);
        item->run(item); /* may queue itself again: for later than now */
    }
    if (queue->first)
        arm(queue, queue->delay_us ? queue->first->due_us - now_us : 0);
}

void defer_queue_init(struct defer_queue *queue, struct event_base *base, unsigned delay_us) {
    queue->first = NULL;
    queue->last = &queue->first;
    queue->delay_us = delay_us;
    event_assign(&queue->timer, base, -1, 0, on_timer, queue);
}

void defer_queue_stop(struct defer_queue *queue) {
    event_del(&queue->timer);
}

void defer_add(struct defer_queue *queue, struct defer_item *item) {
    if (item->previous)
        return;
    item->due_us = clock_us() + (queue->delay_us ? queue->delay_us : 1); /* later than now: not in this round */
    item->next = NULL;
    item->previous = queue->last;
    *queue->last = item;
    queue->last = &item->next;
    arm(queue, queue->delay_us);
}

void defer_check(struct defer_queue *queue) {
    if (queue->first && !event_pending(&queue->timer, EV_TIMEOUT, NULL))
        on_timer(-1, 0, queue);
}

void defer_cancel(struct defer_queue *queue, struct defer_item *item) {
    if (item->previous)
        unlink_item(queue, item);
}
