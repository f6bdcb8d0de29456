/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock: connections: accepted, begun, ended. What the systems have in common.
 * Runs on: any thread. Owns: nothing. sock_bind.c has the listening side's beginnings.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/net/sock_priv.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

evutil_socket_t sock_accept(evutil_socket_t listener, struct addr *peer) {
    evutil_socket_t fd;
    do {
        memset(peer, 0, sizeof *peer);
        peer->length = sizeof peer->storage;
        fd = sock_system_accept(listener, (struct sockaddr *)&peer->storage, &peer->length);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

/*
 * A port without a listener and that the system may give to a connection of its own can come out at both ends of
 * the same connection, which then talks to itself.
 */
static bool is_connected_to_itself(const struct addr *here, const struct addr *to) {
    return !addr_is_unix(to) && addr_port(here) == addr_port(to) && addr_same_host(here, to);
}

void sock_local_addr(evutil_socket_t fd, struct addr *here) {
    memset(here, 0, sizeof *here);
    here->length = sizeof here->storage;
    if (getsockname(fd, (struct sockaddr *)&here->storage, &here->length))
        here->length = 0;
}

/* By bind(2), which takes no lock of the kernel's that a change of the network may hold, as asking for a list would. */
bool sock_addr_is_gone(const struct addr *here) {
    struct addr any_port = *here;
    if (here->length == 0 || addr_is_unix(here))
        return false;
    addr_set_port(&any_port, 0);
    evutil_socket_t fd = sock_system_open(here->storage.ss_family, SOCK_DGRAM);
    if (fd < 0)
        return false;
    bool is_gone = sock_result(bind(fd, (const struct sockaddr *)&any_port.storage, any_port.length)) < 0 &&
                   (errno == EADDRNOTAVAIL || errno == ENODEV); /* ENODEV: the interface of its zone is gone */
    sock_close(fd);
    return is_gone;
}

static int begin_connection(evutil_socket_t fd, const struct addr *addr, const struct addr *from, struct addr *here,
                            bool *done) {
    if (from)
        sock_system_choose_port_late(fd);
    if (from && sock_result(bind(fd, (const struct sockaddr *)&from->storage, from->length)) < 0)
        return errno;
    int failure = sock_system_connect(fd, addr, done);
    if (failure || addr_is_unix(addr))
        return failure;
    sock_local_addr(fd, here);
    return *done && is_connected_to_itself(here, addr) ? ECONNREFUSED : 0;
}

evutil_socket_t sock_connect(const struct addr *addr, struct addr *here, bool *done) {
    return sock_connect_from(addr, NULL, here, done);
}

evutil_socket_t sock_connect_from(const struct addr *addr, const struct addr *from, struct addr *here, bool *done) {
    struct addr unasked = {.length = 0};
    here = here ? here : &unasked;
    here->length = 0;
    *done = false;
    evutil_socket_t fd = sock_system_open(addr->storage.ss_family, SOCK_STREAM);
    if (fd < 0)
        return -1;
    if (!addr_is_unix(addr)) {
        sock_system_send_at_once(fd);
        sock_set_urgent_inline(fd);
    }
    if (addr_is_loopback(addr))
        sock_system_stays_within(fd);
    int failure = begin_connection(fd, addr, from, here, done);
    if (failure) {
        sock_close(fd);
        *done = false;
        errno = failure;
        return -1;
    }
    return fd;
}

evutil_socket_t sock_connect_datagrams(const struct addr *addr, const struct addr *from, struct addr *here) {
    bool done = false;
    here->length = 0;
    if (addr_is_unix(addr)) {
        errno = EPROTONOSUPPORT;
        return -1;
    }
    evutil_socket_t fd = sock_system_open(addr->storage.ss_family, SOCK_DGRAM);
    if (fd < 0)
        return -1;
    sock_set_number(fd, SOL_SOCKET, SO_RCVBUF, SOCK_DATAGRAM_BUFFER);
    int failure = begin_connection(fd, addr, from, here, &done);
    if (failure) {
        sock_close(fd);
        errno = failure;
        return -1;
    }
    return fd;
}

int sock_connect_result(evutil_socket_t fd) {
    int result = sock_system_error(fd);
    struct addr here, there = {.length = sizeof there.storage};
    if (result != 0 || getpeername(fd, (struct sockaddr *)&there.storage, &there.length))
        return result;
    sock_local_addr(fd, &here);
    return is_connected_to_itself(&here, &there) ? ECONNREFUSED : 0;
}

bool sock_would_block(int error_number) {
#if EAGAIN != EWOULDBLOCK
    if (error_number == EWOULDBLOCK)
        return true;
#endif
    return error_number == EAGAIN;
}

bool sock_lacks_memory(int error_number) {
    return error_number == ENOMEM || error_number == ENOBUFS;
}

short sock_wait(evutil_socket_t fd, short events, uint64_t deadline_ms) {
    for (;;) {
        uint64_t now_ms = clock_ms(), left_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
        short found = sock_system_poll(fd, events, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        if (found || left_ms == 0)
            return found;
    }
}

void sock_close(evutil_socket_t fd) {
    if (fd >= 0)
        evutil_closesocket(fd);
}

void sock_close_reset(evutil_socket_t fd) {
    if (fd < 0)
        return;
    sock_set_reset_on_close(fd, true);
    sock_close(fd);
}

void sock_set_urgent_inline(evutil_socket_t fd) {
    sock_set_number(fd, SOL_SOCKET, SO_OOBINLINE, 1);
}

void sock_set_reset_on_close(evutil_socket_t fd, bool on) {
    const struct linger linger = {.l_onoff = on, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, (const char *)&linger, sizeof linger);
}
