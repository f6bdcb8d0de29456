/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * defer: what is to be done a moment later: behind what the loop finds ready next, or after a fixed short delay.
 *
 * A queue that is served by one timer. With a delay of zero it is how somebody with more to do than one turn allows
 * goes on without starving the others (activating an event would run it in the same turn, before anybody is asked).
 * Runs on: one thread. Owns: nothing; an item is part of what waits and is forgotten before that is freed.
 */
#ifndef MUNNEL_LIB_EVENT_DEFER_H
#define MUNNEL_LIB_EVENT_DEFER_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

struct defer_item {
    struct defer_item *next, **previous; /* previous: NULL when not queued */
    void (*run)(struct defer_item *item);
    uint64_t due_us;
};

struct defer_queue {
    struct defer_item *first, **last;
    uint64_t delay_us;
    struct event timer;
};

void defer_queue_init(struct defer_queue *again, struct event_base *base, unsigned delay_us);
void defer_queue_stop(struct defer_queue *again);
void defer_add(struct defer_queue *again, struct defer_item *item); /* once, however often it is asked; in order */
/* Without memory there may be no timer for what is queued: called now and then, this runs what is due then. */
void again_check(struct defer_queue *again);
void defer_cancel(struct defer_queue *again, struct defer_item *item);

#endif
