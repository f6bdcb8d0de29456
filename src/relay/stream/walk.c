/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * walk: see walk.h.
 *
 * First the list of relays that are opening, then that of the others. Relays enter a list at its head, which the walk
 * has passed by then; a relay that opens goes from the one to the other, and the mark `seen` keeps it from being
 * visited in both.
 */
#include "config.h"

#include "relay/stream/walk.h"

#include "lib/base/clock.h"
#include "relay/stream/relay_priv.h"

#include <stddef.h>

enum {
    REST_US = 300,        /* for each piece, which takes some 25; a walk of one alone costs no more than its request */
    REST_MOST_US = 900000 /* fits into the microseconds of a timeval */
};

static struct relay_thread *of_turn(struct defer_item *item) {
    return (struct relay_thread *)(void *)((char *)item - offsetof(struct relay_thread, walks.turn));
}

static void begin_next(struct relay_thread *thread) {
    struct relay_walks *walks = &thread->walks;
    walks->running = STAILQ_FIRST(&walks->waiting);
    if (!walks->running)
        return;
    STAILQ_REMOVE_HEAD(&walks->waiting, next);
    walks->running->is_at_opened = false;
    walks->pieces = 0;
    walks->next = thread->opening;
    walks->serial = walks->serial < UINT32_MAX ? walks->serial + 1 : 1;
    defer_add(&thread->again, &walks->turn);
}

static void on_rested(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    begin_next(context);
}

/* Begins the next walk once the thread has rested from the last one; without memory for the timer at once. */
static void begin_rested(struct relay_thread *thread) {
    struct relay_walks *walks = &thread->walks;
    uint64_t now_us = clock_us();
    if (walks->running || STAILQ_EMPTY(&walks->waiting) || event_pending(&walks->rest, EV_TIMEOUT, NULL))
        return;
    const struct timeval left = {0, walks->rest_until_us > now_us ? (suseconds_t)(walks->rest_until_us - now_us) : 0};
    if (thread->stopping || left.tv_usec == 0 || event_add(&walks->rest, &left))
        begin_next(thread);
}

static void finish(struct relay_thread *thread) {
    struct relay_walks *walks = &thread->walks;
    struct relay_walk *walk = walks->running;
    uint64_t rest_us = walks->pieces > 1 ? (uint64_t)walks->pieces * REST_US : 0;
    walks->rest_until_us = clock_us() + (rest_us < REST_MOST_US ? rest_us : REST_MOST_US);
    walks->running = NULL;
    walks->next = NULL;
    walk->done(walk);
    begin_rested(thread);
}

/* NULL: all were visited. */
static struct relay *take_next(struct relay_thread *thread) {
    struct relay_walks *walks = &thread->walks;
    if (!walks->next && !walks->running->is_at_opened) {
        walks->running->is_at_opened = true;
        walks->next = thread->relays;
    }
    struct relay *relay = walks->next;
    if (relay)
        walks->next = relay->next;
    return relay;
}

static bool visit(struct relay_walks *walks, struct relay *relay) {
    if (relay->seen == walks->serial)
        return true;
    relay->seen = walks->serial;
    return walks->running->visit(walks->running, relay);
}

static void on_turn(struct defer_item *item) {
    struct relay_thread *thread = of_turn(item);
    thread->walks.pieces++;
    for (unsigned i = 0; i < RELAY_VIEW_PIECE; i++) {
        struct relay *relay = take_next(thread);
        if (!relay || !visit(&thread->walks, relay)) {
            finish(thread);
            return;
        }
    }
    defer_add(&thread->again, item);
}

void relay_walks_init(struct relay_thread *thread) {
    STAILQ_INIT(&thread->walks.waiting);
    thread->walks.turn.run = on_turn;
    event_assign(&thread->walks.rest, loop_base(thread->loop), -1, 0, on_rested, thread);
}

void relay_walk_start(struct relay_thread *thread, struct relay_walk *walk) {
    if (thread->stopping) {
        walk->done(walk);
        return;
    }
    STAILQ_INSERT_TAIL(&thread->walks.waiting, walk, next);
    begin_rested(thread);
}

void relay_walk_skip(struct relay_thread *thread, const struct relay *relay) {
    if (thread->walks.next == relay)
        thread->walks.next = relay->next;
}

void relay_walks_end(struct relay_thread *thread) {
    event_del(&thread->walks.rest);
    begin_rested(thread);
    while (thread->walks.running)
        finish(thread);
    defer_cancel(&thread->again, &thread->walks.turn);
}
