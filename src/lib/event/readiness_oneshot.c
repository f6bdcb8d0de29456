/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * readiness_oneshot: see readiness.h. What was reported is off until it is awaited again: left on, a level-triggered
 * condition that nothing serves would be reported in every turn. EV_CLOSED goes with EV_READ and is never awaited
 * alone: libevent reports a reset as EV_READ and EV_WRITE only, so that the loop would turn without end.
 */
#include "config.h"

#include "lib/event/readiness.h"

static void on_readable(evutil_socket_t fd, short what, void *context) {
    struct readiness *readiness = context;
    readiness->awaited &= ~EV_READ;
    readiness->on(fd, what, readiness->context);
}

static void on_writable(evutil_socket_t fd, short what, void *context) {
    struct readiness *readiness = context;
    readiness->awaited &= ~EV_WRITE;
    readiness->on(fd, what, readiness->context);
}

bool readiness_begin(struct readiness *readiness, struct event_base *base, evutil_socket_t fd, event_callback_fn on,
                     void *context) {
    readiness->on = on;
    readiness->context = context;
    readiness->awaited = 0;
    return event_assign(&readiness->reading, base, fd, EV_READ | EV_CLOSED, on_readable, readiness) == 0 &&
           event_assign(&readiness->writing, base, fd, EV_WRITE, on_writable, readiness) == 0;
}

void readiness_end(struct readiness *readiness) {
    event_del(&readiness->reading);
    event_del(&readiness->writing);
    readiness->awaited = 0;
}

/* event_add() fails without memory: readiness_sweep() follows. */
static void add(struct readiness *readiness, int what) {
    if (what & EV_READ)
        (void)event_add(&readiness->reading, NULL);
    if (what & EV_WRITE)
        (void)event_add(&readiness->writing, NULL);
}

void readiness_await(struct readiness *readiness, short what) {
    add(readiness, what & ~readiness->awaited);
    readiness->awaited |= what;
}

short readiness_sweep(struct readiness *readiness, short needed) {
    short forgotten = (short)(needed & ~readiness->awaited);
    readiness->awaited |= needed;
    add(readiness, readiness->awaited); /* nothing happens to an event that is pending */
    return forgotten;
}

/* Of backends without edges, those that do not look at every socket in each turn. */
int readiness_features(void) {
    return EV_FEATURE_O1;
}

const char *readiness_what_lacks(void) {
    return "looks at every socket in each turn: Munnel needs a libevent with epoll or kqueue, on Windows with wepoll";
}
