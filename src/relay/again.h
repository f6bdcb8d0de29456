/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * again: what is to be done a moment later: behind what the loop finds ready next, or after a fixed short delay.
 *
 * A queue that is served by one timer. With a delay of zero it is how somebody with more to do than one turn allows
 * goes on without starving the others (activating an event would run it in the same turn, before anybody is asked).
 * Runs on: one thread. Owns: nothing; an item is part of what waits and is forgotten before that is freed.
 */
#ifndef MUNNEL_RELAY_AGAIN_H
#define MUNNEL_RELAY_AGAIN_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

struct again_item {
    struct again_item *next, **previous; /* previous: NULL when not queued */
    void (*run)(struct again_item *item);
    uint64_t due_us;
};

struct again {
    struct again_item *first, **last;
    uint64_t delay_us;
    struct event timer;
};

void again_begin(struct again *again, struct event_base *base, unsigned delay_us);
void again_end(struct again *again);
void again_later(struct again *again, struct again_item *item); /* once, however often it is asked; in order */
/* Without memory there may be no timer for what is queued: called now and then, this runs what is due then. */
void again_check(struct again *again);
void again_forget(struct again *again, struct again_item *item);

#endif
