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

enum { REST_US = 1000 }; /* after each whole piece, which takes some 50 */

static struct relay_thread *of_turn(struct defer_item *item) {
    return (struct relay_thread *)(void *)((char *)item - offsetof(struct relay_thread, walks.turn));
}

/* Once the thread has rested from the last piece; without memory for the timer at once. */
static void go_on(struct relay_thread *thread) {
    struct relay_walks *walks = &thread->walks;
    uint64_t now_us = clock_us();
    uint64_t left_us = walks->rest_until_us > now_us ? walks->rest_until_us - now_us : 0;
    const struct timeval left = clock_timeval(left_us);

    if (left_us == 0 || event_add(&walks->rest, &left))
        defer_add(&thread->again, &walks->turn);
}

static void begin_next(struct relay_thread *thread) {
    struct relay_walks *walks = &thread->walks;

    walks->running = TAILQ_FIRST(&walks->waiting);
    if (!walks->running)
        return;
    TAILQ_REMOVE(&walks->waiting, walks->running, next);
    walks->running->is_at_opened = false;
    walks->next = thread->opening;
    walks->serial = walks->serial < UINT32_MAX ? walks->serial + 1 : 1;
    go_on(thread);
}

static void finish(struct relay_thread *thread) {
    struct relay_walks *walks = &thread->walks;
    struct relay_walk *walk = walks->running;

    walks->running = NULL;
    walks->next = NULL;
    walk->done(walk);
    if (!walks->running)
        begin_next(thread);
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

static void visit_piece(struct relay_thread *thread) {
    for (unsigned i = 0; i < RELAY_VIEW_PIECE; i++) {
        struct relay *relay = take_next(thread);
        if (!relay || !visit(&thread->walks, relay)) {
            finish(thread);
            return;
        }
    }
    thread->walks.rest_until_us = clock_us() + REST_US;
    go_on(thread);
}

static void on_turn(struct defer_item *item) {
    visit_piece(of_turn(item));
}

static void on_rested(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    visit_piece(context);
}

void relay_walks_init(struct relay_thread *thread) {
    TAILQ_INIT(&thread->walks.waiting);
    thread->walks.turn.run = on_turn;
    event_assign(&thread->walks.rest, loop_base(thread->loop), -1, 0, on_rested, thread);
}

void relay_walk_start(struct relay_thread *thread, struct relay_walk *walk) {
    if (thread->stopping) {
        walk->done(walk);
        return;
    }
    TAILQ_INSERT_TAIL(&thread->walks.waiting, walk, next);
    if (!thread->walks.running)
        begin_next(thread);
}

void relay_walk_skip(struct relay_thread *thread, const struct relay *relay) {
    if (thread->walks.next == relay)
        thread->walks.next = relay->next;
}

void relay_walks_end(struct relay_thread *thread) {
    while (thread->walks.running)
        finish(thread);
    event_del(&thread->walks.rest);
    defer_cancel(&thread->again, &thread->walks.turn);
}
