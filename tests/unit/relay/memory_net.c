/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * memory_net: see memory_net.h. A descriptor is a silent one (unit_silent): event_add takes it, and the system never
 * reports an event for it.
 */
#include "config.h"

#include "memory_net.h"

#include "lib/event/readiness.h"
#include "lib/net/sock.h"

#include "unit.h"

#include <errno.h>
#include <event2/buffer.h>
#include <string.h>

enum { ENDS_MAX = 1 << 16, QUEUE = 256 }; /* Windows counts descriptors in steps of four */

struct end {
    bool is_used, is_open, is_connecting, connect_failed;
    evutil_socket_t peer;           /* descriptor; -1: gone */
    evutil_socket_t besides;        /* closed with it; -1: none */
    struct evbuffer *way, *arrived; /* to this end */
    bool fin_on_way, fin_arrived, reset_arrived;
    bool error_is_taken; /* the first call behind a reset gets its error, as from a kernel */
    bool room_is_due;    /* ... and there is room again; the edge follows */
    bool has_waiter;     /* the sender met a full wire */
};

static struct net {
    struct event_base *base;
    size_t capacity;
    struct end ends[ENDS_MAX]; /* by descriptor */
    enum memory_connect connect;
    bool forgets, has_forgotten; /* readiness_await() */
    evutil_socket_t accepted[QUEUE];
    unsigned ports[QUEUE];
    int accepted_count, open_count;
} net;

static struct end *end_of(evutil_socket_t fd) {
    return fd >= 0 && fd < ENDS_MAX && net.ends[fd].is_used ? &net.ends[fd] : NULL;
}

void memory_net_begin(struct event_base *base, size_t capacity) {
    net.base = base;
    net.capacity = capacity;
    net.connect = MEMORY_AT_ONCE;
    net.forgets = net.has_forgotten = false;
    net.accepted_count = 0; /* nor connections of a test before in this process */
}

static evutil_socket_t make_end(void) {
    evutil_socket_t besides, fd = unit_silent(&besides);
    ck_assert_int_lt(fd, ENDS_MAX);
    net.ends[fd] = (struct end){.is_used = true,
                                .is_open = true,
                                .peer = -1,
                                .besides = besides,
                                .way = evbuffer_new(),
                                .arrived = evbuffer_new()};
    net.open_count++;
    return fd;
}

void memory_pair(evutil_socket_t ends[2]) {
    ends[0] = make_end();
    ends[1] = make_end();
    net.ends[ends[0]].peer = ends[1];
    net.ends[ends[1]].peer = ends[0];
}

static void wake(evutil_socket_t fd, short what) {
    struct end *end = end_of(fd);
    if (end && end->is_open)
        event_base_active_by_fd(net.base, fd, what);
}

/* What a system reports at once: of an edge-triggered event when it is added, of a one-shot event when it is awaited. A
 * bufferevent's are neither. */
static short is_ready(const struct end *end, short events) {
    bool is_readable = evbuffer_get_length(end->arrived) > 0 || end->fin_arrived || end->reset_arrived;
    const struct end *peer = end_of(end->peer);
    bool has_room = !peer || evbuffer_get_length(peer->way) < net.capacity;
    bool is_writable = !end->is_connecting && (has_room || end->reset_arrived);
    int what = (is_readable ? EV_READ : 0) | (end->fin_arrived ? EV_CLOSED : 0) | (is_writable ? EV_WRITE : 0);
    return (short)(what & events);
}

int __real_event_add(struct event *event, const struct timeval *limit);
int __wrap_event_add(struct event *event, const struct timeval *limit);
int __wrap_event_add(struct event *event, const struct timeval *limit) {
    int result = __real_event_add(event, limit);
    const struct end *end = end_of(event_get_fd(event));
    bool is_readiness = end && ((event_get_events(event) & EV_ET) || !(event_get_events(event) & EV_PERSIST));
    short what = is_readiness ? is_ready(end, event_get_events(event)) : 0;
    if (result == 0 && what)
        event_active(event, what, 1);
    return result;
}

void memory_net_forget(bool forgets) {
    net.forgets = forgets;
    net.has_forgotten = true;
}

#ifdef ONESHOT_READINESS

void __real_readiness_await(struct readiness *readiness, short what);
void __wrap_readiness_await(struct readiness *readiness, short what);
void __wrap_readiness_await(struct readiness *readiness, short what) {
    if (!net.forgets)
        __real_readiness_await(readiness, what);
}

short __real_readiness_sweep(struct readiness *readiness, short needed);
short __wrap_readiness_sweep(struct readiness *readiness, short needed);
short __wrap_readiness_sweep(struct readiness *readiness, short needed) {
    short forgotten = __real_readiness_sweep(readiness, needed);
    ck_assert_msg(forgotten == 0 || net.has_forgotten, "what a sweep found was not awaited: %d", forgotten);
    return forgotten;
}

#endif

/* ---- connecting ---- */

void memory_connect_will(enum memory_connect how) {
    net.connect = how;
}

evutil_socket_t memory_accepted(unsigned *port) {
    if (net.accepted_count == 0)
        return -1;
    evutil_socket_t far = net.accepted[0];
    *port = net.ports[0];
    net.accepted_count--;
    memmove(net.accepted, net.accepted + 1, (size_t)net.accepted_count * sizeof *net.accepted);
    memmove(net.ports, net.ports + 1, (size_t)net.accepted_count * sizeof *net.ports);
    return far;
}

bool memory_is_connecting(evutil_socket_t far) {
    const struct end *end = end_of(net.ends[far].peer);
    return end && end->is_connecting;
}

void memory_connect_done(evutil_socket_t far, bool refused) {
    struct end *end = end_of(net.ends[far].peer);
    if (!end || !end->is_connecting)
        return;
    end->is_connecting = false;
    end->connect_failed = refused;
    wake(net.ends[far].peer, EV_WRITE);
}

evutil_socket_t __real_sock_connect(const struct addr *addr, struct addr *here, bool *done);
evutil_socket_t __wrap_sock_connect(const struct addr *addr, struct addr *here, bool *done);
evutil_socket_t __wrap_sock_connect(const struct addr *addr, struct addr *here, bool *done) {
    evutil_socket_t ends[2];
    if (!net.base)
        return __real_sock_connect(addr, here, done);
    if (here)
        here->length = 0;
    if (net.connect == MEMORY_REFUSED) {
        errno = ECONNREFUSED;
        return -1;
    }
    memory_pair(ends);
    *done = net.connect == MEMORY_AT_ONCE;
    net.ends[ends[0]].is_connecting = !*done;
    ck_assert_int_lt(net.accepted_count, QUEUE);
    net.ports[net.accepted_count] = addr_port(addr);
    net.accepted[net.accepted_count++] = ends[1];
    return ends[0];
}

static bool take_error(struct end *end) {
    bool was_there = !end->error_is_taken;
    end->error_is_taken = true;
    return was_there;
}

int __real_sock_connect_result(evutil_socket_t fd);
int __wrap_sock_connect_result(evutil_socket_t fd);
int __wrap_sock_connect_result(evutil_socket_t fd) {
    struct end *end = end_of(fd);
    if (!end)
        return __real_sock_connect_result(fd);
    if (end->reset_arrived)
        return take_error(end) ? ECONNRESET : 0;
    return end->connect_failed ? ECONNREFUSED : 0;
}

/* ---- bytes ---- */

size_t memory_on_its_way(evutil_socket_t fd) {
    struct end *end = end_of(fd);
    return end ? evbuffer_get_length(end->way) + end->fin_on_way + end->room_is_due : 0;
}

void memory_carry(evutil_socket_t fd, size_t bytes) {
    struct end *end = end_of(fd);
    if (!end || !end->is_open)
        return;
    short what = EV_READ;
    evbuffer_remove_buffer(end->way, end->arrived, bytes);
    if (evbuffer_get_length(end->way) == 0) {
        end->fin_arrived = end->fin_arrived || end->fin_on_way;
        end->fin_on_way = false;
    }
    if (end->fin_arrived && !end->reset_arrived)
        what |= EV_CLOSED;
    if (end->reset_arrived)
        what |= EV_WRITE;
    wake(fd, what);
    if (end->room_is_due) {
        end->has_waiter = end->room_is_due = false;
        wake(end->peer, EV_WRITE);
    }
    end->room_is_due = end->has_waiter && evbuffer_get_length(end->way) < net.capacity;
}

void memory_wake_writer(evutil_socket_t fd) {
    wake(fd, EV_WRITE);
}

ssize_t __real_sock_readv(evutil_socket_t fd, const struct iovec *parts, int count);
ssize_t __wrap_sock_readv(evutil_socket_t fd, const struct iovec *parts, int count);
ssize_t __wrap_sock_readv(evutil_socket_t fd, const struct iovec *parts, int count) {
    struct end *end = end_of(fd);
    if (!end)
        return __real_sock_readv(fd, parts, count);
    ssize_t total = 0;
    for (int i = 0; i < count && evbuffer_get_length(end->arrived) > 0; i++)
        total += evbuffer_remove(end->arrived, parts[i].iov_base, parts[i].iov_len);
    if (total > 0)
        return total;
    if (end->reset_arrived ? !take_error(end) : end->fin_arrived)
        return 0;
    errno = end->reset_arrived ? ECONNRESET : EAGAIN;
    return -1;
}

ssize_t __real_sock_writev(evutil_socket_t fd, const struct iovec *parts, int count);
ssize_t __wrap_sock_writev(evutil_socket_t fd, const struct iovec *parts, int count);
ssize_t __wrap_sock_writev(evutil_socket_t fd, const struct iovec *parts, int count) {
    struct end *end = end_of(fd);
    if (!end)
        return __real_sock_writev(fd, parts, count);
    struct end *peer = end_of(end->peer);
    if (!peer || !peer->is_open || end->reset_arrived) {
        errno = end->reset_arrived && take_error(end) ? ECONNRESET : EPIPE;
        return -1;
    }
    size_t there = evbuffer_get_length(peer->way);
    size_t room = there < net.capacity ? net.capacity - there : 0, offered = 0, sent = 0;
    for (int i = 0; i < count; i++) {
        size_t part = parts[i].iov_len < room - sent ? parts[i].iov_len : room - sent;
        evbuffer_add(peer->way, parts[i].iov_base, part);
        sent += part;
        offered += parts[i].iov_len;
    }
    peer->has_waiter = peer->has_waiter || sent < offered;
    if (sent > 0 || offered == 0)
        return (ssize_t)sent;
    errno = EAGAIN;
    return -1;
}

ssize_t __wrap_sock_writev_last(evutil_socket_t fd, const struct iovec *parts, int count);
ssize_t __wrap_sock_writev_last(evutil_socket_t fd, const struct iovec *parts, int count) {
    return __wrap_sock_writev(fd, parts, count);
}

void memory_send(evutil_socket_t fd, const void *bytes, size_t size) {
    struct end *peer = end_of(net.ends[fd].peer);
    if (peer && peer->is_open)
        evbuffer_add(peer->way, bytes, size);
}

size_t memory_receive(evutil_socket_t fd, void *bytes, size_t size) {
    struct iovec part = {bytes, size};
    ssize_t n = __wrap_sock_readv(fd, &part, 1);
    return n > 0 ? (size_t)n : 0;
}

/* ---- ends ---- */

/* A reset comes together with what is on its way: one edge for both. A FIN comes behind it. */
static void notify_peer(struct end *end, bool reset) {
    struct end *peer = end_of(end->peer);
    if (!peer || !peer->is_open)
        return;
    if (reset) {
        evbuffer_add_buffer(peer->arrived, peer->way);
        peer->reset_arrived = true;
        wake(end->peer, EV_READ | EV_WRITE);
    } else {
        peer->fin_on_way = true;
    }
}

static void close_end(evutil_socket_t fd, bool reset) {
    struct end *end = &net.ends[fd];
    /* what had arrived and was not read makes a close a reset, as in a real kernel */
    notify_peer(end, reset || evbuffer_get_length(end->arrived) > 0);
    struct end *peer = end_of(end->peer);
    if (peer)
        peer->peer = -1; /* the number may come back for another connection */
    evbuffer_free(end->way);
    evbuffer_free(end->arrived);
    if (end->besides >= 0)
        evutil_closesocket(end->besides);
    *end = (struct end){.is_used = false, .peer = -1};
    net.open_count--;
    evutil_closesocket(fd);
}

void memory_finish(evutil_socket_t fd) {
    notify_peer(&net.ends[fd], false);
}

void memory_reset(evutil_socket_t fd) {
    close_end(fd, true);
}

bool memory_got_end(evutil_socket_t fd) {
    const struct end *end = end_of(fd);
    return end && end->fin_arrived && evbuffer_get_length(end->arrived) == 0;
}

bool memory_got_reset(evutil_socket_t fd) {
    const struct end *end = end_of(fd);
    return end && end->reset_arrived;
}

evutil_socket_t memory_peer(evutil_socket_t fd) {
    const struct end *end = end_of(fd);
    return end ? end->peer : -1;
}

void memory_close(evutil_socket_t fd) {
    if (end_of(fd))
        close_end(fd, true);
}

void memory_cut(evutil_socket_t fd) {
    struct end *end = end_of(fd);
    if (!end)
        return;
    evutil_socket_t fds[2] = {fd, end->peer};
    for (int i = 0; i < 2; i++) {
        struct end *side = end_of(fds[i]);
        if (side) {
            evbuffer_drain(side->way, evbuffer_get_length(side->way));
            side->reset_arrived = true;
            wake(fds[i], EV_READ | EV_WRITE);
        }
    }
}

int memory_open_ends(void) {
    return net.open_count;
}

void __real_sock_close(evutil_socket_t fd);
void __wrap_sock_close(evutil_socket_t fd);
void __wrap_sock_close(evutil_socket_t fd) {
    if (end_of(fd))
        close_end(fd, false);
    else
        __real_sock_close(fd);
}

void __real_sock_close_reset(evutil_socket_t fd);
void __wrap_sock_close_reset(evutil_socket_t fd);
void __wrap_sock_close_reset(evutil_socket_t fd) {
    if (end_of(fd))
        close_end(fd, true);
    else
        __real_sock_close_reset(fd);
}

int __real_sock_half_close(evutil_socket_t fd);
int __wrap_sock_half_close(evutil_socket_t fd);
int __wrap_sock_half_close(evutil_socket_t fd) {
    if (!end_of(fd))
        return __real_sock_half_close(fd);
    memory_finish(fd);
    return 0;
}
