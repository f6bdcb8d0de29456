/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * readiness: reports when a non-blocking socket is worth another read or write.
 *
 * The owner reads and writes until the system has no more, remembers when it stopped earlier than that, and calls
 * readiness_await() when only the system can let it go on. One of two implementations is compiled:
 *
 * - readiness_edges.c, for epoll and kqueue: one edge-triggered event from begin to end. Awaiting is nothing at all,
 * and stopping and going on cost no system call.
 * - readiness_oneshot.c, where libevent has no edges (Windows; elsewhere by configure --enable-level-readiness, so that
 *   all tests can try it): level-triggered events that report once what is awaited. A forgotten readiness_await() is a
 *   pause here and nowhere else: it lasts until the owner's next sweep, which calls readiness_sweep().
 *
 * Both may report what was not awaited, and report a reset as readable or writable.
 * Runs on: the loop's thread. Owns: its events, not the descriptor.
 */
#ifndef MUNNEL_LIB_EVENT_READINESS_H
#define MUNNEL_LIB_EVENT_READINESS_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>

struct readiness;

/* From now on `on` may be called, with EV_READ, EV_WRITE and EV_CLOSED (the peer's FIN has come). False: out of memory.
 */
bool readiness_begin(struct readiness *readiness, struct event_base *base, evutil_socket_t fd, event_callback_fn on,
                     void *context);
void readiness_end(struct readiness *readiness); /* before the descriptor is closed; also within `on` */

/* What a loop's libevent must be able to do, and the words for one that is not: "libevent has only X here, which ...".
 */
int readiness_features(void);
const char *readiness_what_lacks(void);

#ifndef ONESHOT_READINESS

/* Is what was reported off until it is awaited again? A reset goes unnoticed then that comes while reading is not
 * awaited, as when data is left unread: the owner has to look for it in its sweeps. */
enum { READINESS_IS_ONESHOT = 0 };

struct readiness { /* embedded in its owner */
    struct event event;
};

/* EV_READ: a read has met the end of what is there, by EAGAIN or by coming back short. EV_WRITE: a write was not taken
 * whole, or a connection is being made. It is reported, also if it has become ready meanwhile. */
static inline void readiness_await(struct readiness *readiness, short what) {
    (void)readiness, (void)what;
}

/* To be called in sweeps, with what must be awaited in the state that the owner is in: awaits what of it is not, by the
 * owner's mistake, and again what could not be awaited for want of memory. Returns what had been forgotten. */
static inline short readiness_sweep(struct readiness *readiness, short needed) {
    (void)readiness, (void)needed;
    return 0;
}

/* Could a reset be what is reported? */
static inline bool readiness_may_be_reset(short what) {
    return (what & EV_READ) && (what & EV_WRITE);
}

#else

enum { READINESS_IS_ONESHOT = 1 };

struct readiness {
    struct event reading, writing;
    event_callback_fn on;
    void *context;
    short awaited;
};

void readiness_await(struct readiness *readiness, short what);
short readiness_sweep(struct readiness *readiness, short needed);

static inline bool readiness_may_be_reset(short what) {
    return what & EV_READ;
}

#endif

#endif
