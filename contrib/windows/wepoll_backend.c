/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * A backend of libevent 2.1 by wepoll, compiled into libevent by contrib/windows/dependencies (libevent-wepoll.patch).
 * Level-triggered; a turn costs as much as what happened in it, where libevent's own backend on Windows, select(),
 * copies and scans all sockets; and EV_CLOSED, which select() cannot give. libevent's master has the same by
 * EVENT__HAVE_WEPOLL.
 */
#include "evconfig-private.h"
#include "event2/event-config.h"

#include <errno.h>
#include <stdint.h>

#include <winsock2.h>

#include "wepoll.h"

#include "event-internal.h"
#include "event2/event_struct.h"
#include "evmap-internal.h"
#include "evsignal-internal.h"
#include "evthread-internal.h"
#include "log-internal.h"
#include "mm-internal.h"

enum { EVENTS_FIRST = 64, EVENTS_MOST = 4096, TIMEOUT_MOST_MS = 35 * 60 * 1000 };

struct wepoll {
    HANDLE port;
    struct epoll_event *events;
    int room;
};

static void destroy(struct wepoll *self) {
    if (self->port)
        epoll_close(self->port);
    mm_free(self->events);
    mm_free(self);
}

static void *wepoll_init(struct event_base *base) {
    struct wepoll *self = mm_calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->port = epoll_create1(0);
    self->events = mm_calloc(EVENTS_FIRST, sizeof *self->events);
    self->room = EVENTS_FIRST;
    if (self->port && self->events && evsig_init_(base) == 0)
        return self;
    destroy(self);
    return NULL;
}

static uint32_t epoll_of(short events) {
    return (events & EV_READ ? EPOLLIN : 0) | (events & EV_WRITE ? EPOLLOUT : 0) |
           (events & EV_CLOSED ? EPOLLRDHUP : 0);
}

static int change(struct event_base *base, evutil_socket_t fd, short before, short now) {
    struct wepoll *self = base->evbase;
    struct epoll_event event = {.events = epoll_of(now), .data.sock = (SOCKET)fd};
    if (!now) {
        (void)epoll_ctl(self->port, EPOLL_CTL_DEL, (SOCKET)fd,
                        &event); /* fails for a socket closed before: gone already */
        return 0;
    }
    if (epoll_ctl(self->port, before ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, (SOCKET)fd, &event) == 0)
        return 0;
    /* A socket that was closed, and whose number another one has since, is registered otherwise than libevent knows. */
    if (before && errno == ENOENT)
        return epoll_ctl(self->port, EPOLL_CTL_ADD, (SOCKET)fd, &event);
    if (!before && errno == EEXIST)
        return epoll_ctl(self->port, EPOLL_CTL_MOD, (SOCKET)fd, &event);
    return -1;
}

static int wepoll_add(struct event_base *base, evutil_socket_t fd, short before, short events, void *info) {
    (void)info;
    return change(base, fd, before, before | (events & (EV_READ | EV_WRITE | EV_CLOSED)));
}

static int wepoll_del(struct event_base *base, evutil_socket_t fd, short before, short events, void *info) {
    (void)info;
    return change(base, fd, before, before & ~events);
}

static short events_of(uint32_t epoll) {
    /* A reset or a failed connect ends all that anything waits for; libevent passes on only what was asked for. */
    if (epoll & (EPOLLERR | EPOLLHUP))
        return EV_READ | EV_WRITE | EV_CLOSED;
    return (epoll & EPOLLIN ? EV_READ : 0) | (epoll & EPOLLOUT ? EV_WRITE : 0) | (epoll & EPOLLRDHUP ? EV_CLOSED : 0);
}

/* After a turn that filled the room. Without memory the rest comes in the next turn, as before. */
static void grow(struct wepoll *self) {
    struct epoll_event *more = mm_realloc(self->events, 2 * self->room * sizeof *more);
    if (!more)
        return;
    self->events = more;
    self->room *= 2;
}

static int timeout_of(const struct timeval *limit) {
    if (!limit)
        return -1;
    long ms = evutil_tv_to_msec_(limit); /* -1: too long for a long */
    return ms < 0 || ms > TIMEOUT_MOST_MS ? TIMEOUT_MOST_MS : (int)ms;
}

static int wepoll_dispatch(struct event_base *base, struct timeval *limit) {
    struct wepoll *self = base->evbase;
    EVBASE_RELEASE_LOCK(base, th_base_lock);
    int count = epoll_wait(self->port, self->events, self->room, timeout_of(limit));
    EVBASE_ACQUIRE_LOCK(base, th_base_lock);
    if (count < 0) {
        event_warn("epoll_wait");
        return -1;
    }
    for (int i = 0; i < count; i++)
        evmap_io_active_(base, (evutil_socket_t)self->events[i].data.sock, events_of(self->events[i].events));
    if (count == self->room && self->room < EVENTS_MOST)
        grow(self);
    return 0;
}

static void wepoll_dealloc(struct event_base *base) {
    evsig_dealloc_(base);
    destroy(base->evbase);
}

const struct eventop wepollops = {
    .name = "wepoll",
    .init = wepoll_init,
    .add = wepoll_add,
    .del = wepoll_del,
    .dispatch = wepoll_dispatch,
    .dealloc = wepoll_dealloc,
    .features = EV_FEATURE_O1 | EV_FEATURE_EARLY_CLOSE,
};
