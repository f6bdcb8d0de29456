/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_posix: connections: accepted, begun, read, written, ended.
 * Runs on: any thread. Owns: nothing. sock_bind.c has the listening side's beginnings, sock_linux.c and sock_portable.c
 * what differs by system.
 */
#include "config.h"

#include "lib/net/sock_priv.h"

#include <errno.h>
#include <event2/util.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* sock_portable.c has set SO_NOSIGPIPE instead */
#endif
#ifndef MSG_MORE
#define MSG_MORE 0
#endif

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
    evutil_socket_t fd = socket(here->storage.ss_family, SOCK_DGRAM, 0);
    if (fd < 0)
        return false;
    bool is_gone = bind(fd, (const struct sockaddr *)&any_port.storage, any_port.length) &&
                   (errno == EADDRNOTAVAIL || errno == ENODEV); /* ENODEV: the interface of its zone is gone */
    close(fd);
    return is_gone;
}

/*
 * 0 if the connection is under way or up, else the errno. Asked a second time, because a connection within the machine
 * is up by then: its handshake is done when the first call lets go of the socket.
 */
static int begin_connection(evutil_socket_t fd, const struct addr *addr, struct addr *here, bool *done) {
    const struct sockaddr *to = (const struct sockaddr *)&addr->storage;
    *done = connect(fd, to, addr->length) == 0;
    if (!*done && errno == EINPROGRESS) {
        *done = connect(fd, to, addr->length) == 0 || errno == EISCONN;
        errno = errno == EALREADY ? EINPROGRESS : errno;
    }
    bool is_under_way = *done || errno == EINPROGRESS || errno == EINTR;
    if (is_under_way && !addr_is_unix(addr))
        sock_local_addr(fd, here);
    if (is_under_way)
        return *done && is_connected_to_itself(here, addr) ? ECONNREFUSED : 0;
    if (errno == EAGAIN && addr_is_unix(addr))
        return ECONNREFUSED; /* the listener's backlog is full: nothing is under way, and nothing will ever come */
    return errno;
}

evutil_socket_t sock_connect(const struct addr *addr, struct addr *here, bool *done) {
    struct addr unasked = {.length = 0};
    here = here ? here : &unasked;
    here->length = 0;
    *done = false;
    evutil_socket_t fd = sock_system_open(addr->storage.ss_family);
    if (fd < 0)
        return -1;
    const int yes = 1;
    if (!addr_is_unix(addr)) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        sock_set_urgent_inline(fd);
    }
    if (addr_is_loopback(addr))
        sock_system_stays_within(fd);
    int failure = begin_connection(fd, addr, here, done);
    if (failure) {
        close(fd);
        *done = false;
        errno = failure;
        return -1;
    }
    return fd;
}

int sock_connect_result(evutil_socket_t fd) {
    int result = 0;
    socklen_t length = sizeof result;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &length))
        return errno;
    struct addr here, there = {.length = sizeof there.storage};
    if (result != 0 || getpeername(fd, (struct sockaddr *)&there.storage, &there.length))
        return result;
    sock_local_addr(fd, &here);
    return is_connected_to_itself(&here, &there) ? ECONNREFUSED : 0;
}

ssize_t sock_readv(evutil_socket_t fd, const struct iovec *parts, int count) {
    ssize_t got;
    do {
        got = readv(fd, parts, count);
    } while (got < 0 && errno == EINTR);
    return got;
}

static ssize_t send_parts(evutil_socket_t fd, const struct iovec *parts, int count, int flags) {
    /* sendmsg and not writev, for MSG_NOSIGNAL. It does not write through the pointers. */
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = (unsigned)count};
    ssize_t sent;
    do {
        sent = sendmsg(fd, &message, MSG_NOSIGNAL | flags);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t sock_writev(evutil_socket_t fd, const struct iovec *parts, int count) {
    return send_parts(fd, parts, count, 0);
}

ssize_t sock_writev_last(evutil_socket_t fd, const struct iovec *parts, int count) {
    return send_parts(fd, parts, count, MSG_MORE);
}

ssize_t sock_peek(evutil_socket_t fd, void *buffer, size_t size) {
    ssize_t got;
    do {
        got = recv(fd, buffer, size, MSG_PEEK);
    } while (got < 0 && errno == EINTR);
    return got;
}

bool sock_wake_at(evutil_socket_t fd, size_t bytes) {
    int least = (int)bytes;
    return setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof least) == 0;
}

bool sock_would_block(int error_number) {
#if EAGAIN != EWOULDBLOCK
    if (error_number == EWOULDBLOCK)
        return true;
#endif
    return error_number == EAGAIN;
}

int sock_half_close(evutil_socket_t fd) {
    return shutdown(fd, SHUT_WR);
}

void sock_close(evutil_socket_t fd) {
    if (fd >= 0)
        close(fd);
}

void sock_close_reset(evutil_socket_t fd) {
    if (fd < 0)
        return;
    sock_set_reset_on_close(fd, true);
    close(fd);
}

void sock_set_urgent_inline(evutil_socket_t fd) {
    const int yes = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &yes, sizeof yes);
}

void sock_set_reset_on_close(evutil_socket_t fd, bool on) {
    const struct linger linger = {.l_onoff = on, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

int sock_wake_pair(evutil_socket_t ends[2]) {
    if (pipe(ends))
        return -1;
    for (int i = 0; i < 2; i++) {
        if (evutil_make_socket_nonblocking(ends[i]) || evutil_make_socket_closeonexec(ends[i])) {
            close(ends[0]);
            close(ends[1]);
            return -1;
        }
    }
    return 0;
}

void sock_wake(evutil_socket_t end) {
    ssize_t sent;
    do {
        sent = write(end, "", 1);
    } while (sent < 0 && errno == EINTR); /* EAGAIN: the pipe is full of such bytes, which wake as well */
}

void sock_wake_clear(evutil_socket_t end) {
    char bytes[64];
    ssize_t got;
    do {
        got = read(end, bytes, sizeof bytes);
    } while (got == (ssize_t)sizeof bytes || (got < 0 && errno == EINTR));
}

int sock_raise_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return -1;
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    rlim_t now = setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
    return now < INT_MAX ? (int)now : INT_MAX;
}
