/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_posix: connections begun, read, written and ended, and what wakes a loop, by the calls of POSIX.
 * Runs on: any thread. Owns: nothing. sock.c has what does not differ by system, sock_linux.c and sock_portable.c what
 * differs among those of POSIX.
 */
#include "config.h"

#include "lib/net/sock_priv.h"

#include <errno.h>
#include <event2/util.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* sock_portable.c has set SO_NOSIGPIPE instead */
#endif
#ifndef MSG_MORE
#define MSG_MORE 0
#endif

int sock_errno_of(int system_error) {
    return system_error;
}

int sock_result(int result) {
    return result;
}

bool sock_client_has_gone(int socket_error) {
    return socket_error == ECONNABORTED || socket_error == EPROTO;
}

/*
 * Asked a second time, because a connection within the machine is up by then: its handshake is done when the first call
 * lets go of the socket.
 */
int sock_system_connect(evutil_socket_t fd, const struct addr *addr, bool *done) {
    const struct sockaddr *to = (const struct sockaddr *)&addr->storage;
    *done = connect(fd, to, addr->length) == 0;
    if (!*done && errno == EINPROGRESS) {
        *done = connect(fd, to, addr->length) == 0 || errno == EISCONN;
        errno = errno == EALREADY ? EINPROGRESS : errno;
    }
    if (*done || errno == EINPROGRESS || errno == EINTR)
        return 0;
    if (errno == EAGAIN && addr_is_unix(addr))
        return ECONNREFUSED; /* the listener's backlog is full: nothing is under way, and nothing will ever come */
    return errno;
}

void sock_system_send_at_once(evutil_socket_t fd) {
    sock_set_number(fd, IPPROTO_TCP, TCP_NODELAY, 1);
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

int sock_system_error(evutil_socket_t fd) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) ? errno : error;
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

short sock_system_poll(evutil_socket_t fd, short events, int ms) {
    struct pollfd wanted = {.fd = fd, .events = events};
    int found = poll(&wanted, 1, ms);
    if (found < 0)
        return errno == EINTR ? 0 : POLLERR;
    return found > 0 ? wanted.revents : 0;
}

int sock_half_close(evutil_socket_t fd) {
    return shutdown(fd, SHUT_WR);
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
