/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * defer: runs callbacks in a later turn of the loop, or after a fixed short delay: a queue with one timer.
 *
 * With a delay of zero it lets work that is longer than one turn continue without starving other descriptors;
 * event_active() would run it in the same turn, before the loop polls them.
 * Runs on: one thread. Owns: nothing; an item is a member of what waits, which cancels it before it is freed.
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

void defer_queue_init(struct defer_queue *queue, struct event_base *base, unsigned delay_us);
void defer_queue_stop(struct defer_queue *queue);
void defer_add(struct defer_queue *queue, struct defer_item *item); /* does nothing if it is queued already; in order */
/* To be called periodically: runs the queue if its timer could not be added for lack of memory. */
void defer_check(struct defer_queue *queue);
void defer_cancel(struct defer_queue *queue, struct defer_item *item);

#endif
