/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_windows: connections begun, read, written and ended, and what wakes a loop, by Windows Sockets.
 * Runs on: any thread, after WSAStartup(). Owns: nothing. sock.c has what does not differ by system, sock_tcp_windows.c
 * what the system can say about TCP.
 */
#include "config.h"

#include "lib/net/sock_priv.h"

#include <errno.h>
#include <limits.h>

enum { PARTS_MOST = 64, HANDLES_MOST = 1 << 24 };

/* Handles go to programs that this one starts, unless told otherwise. */
static evutil_socket_t made_ready(evutil_socket_t fd) {
    u_long yes = 1;
    if (sock_result(fd < 0 ? -1 : 0))
        return -1;
    if (sock_result(ioctlsocket((SOCKET)fd, (long)FIONBIO, &yes))) {
        sock_close(fd);
        return -1;
    }
    (void)SetHandleInformation((HANDLE)fd, HANDLE_FLAG_INHERIT, 0);
    return fd;
}

evutil_socket_t sock_system_open(int family, int type) {
    return made_ready(
        (evutil_socket_t)WSASocketW(family, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
}

evutil_socket_t sock_system_accept(evutil_socket_t listener, struct sockaddr *peer, socklen_t *length) {
    evutil_socket_t fd = made_ready((evutil_socket_t)accept((SOCKET)listener, peer, length));
    if (fd < 0 && (errno == ECONNRESET || errno == ENOTCONN))
        errno = ECONNABORTED; /* which is what other systems call a client that has gone already */
    if (fd >= 0 && peer->sa_family != AF_UNIX)
        sock_system_send_at_once(fd);
    return fd;
}

/* WSAENOTCONN: by wine. */
bool sock_client_has_gone(int socket_error) {
    return socket_error == WSAECONNRESET || socket_error == WSAECONNABORTED || socket_error == WSAENOTCONN;
}

int sock_system_connect(evutil_socket_t fd, const struct addr *addr, bool *done) {
    *done = sock_result(connect((SOCKET)fd, (const struct sockaddr *)&addr->storage, addr->length)) == 0;
    return *done || errno == EAGAIN ? 0 : errno;
}

void sock_system_send_at_once(evutil_socket_t fd) {
    sock_set_number(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

/* How many of the parts are taken: WSABUF has the members of iovec the other way round. */
static DWORD take_parts(WSABUF buffers[PARTS_MOST], const struct iovec *parts, int count) {
    DWORD taken = 0;
    for (; taken < PARTS_MOST && taken < (DWORD)count; taken++) {
        size_t length = parts[taken].iov_len;
        buffers[taken] = (WSABUF){.len = length < INT_MAX ? (ULONG)length : INT_MAX, .buf = parts[taken].iov_base};
    }
    return taken;
}

static bool polls_as_failed(evutil_socket_t fd) {
    WSAPOLLFD polled = {.fd = (SOCKET)fd, .events = POLLIN};
    return WSAPoll(&polled, 1, 0) == 1 && (polled.revents & POLLERR);
}

/* By wine a reset is read as an end once the socket has been polled, because wineserver peeks into it and so takes the
 * error. Passed on as an end, a stream that was cut would look whole. By wine alone: elsewhere a reset that comes right
 * after the end of a whole stream would cut it. */
static bool was_reset(evutil_socket_t fd) {
    HMODULE system = GetModuleHandleW(L"ntdll.dll");
    return system && GetProcAddress(system, "wine_get_version") && polls_as_failed(fd);
}

ssize_t sock_readv(evutil_socket_t fd, const struct iovec *parts, int count) {
    WSABUF buffers[PARTS_MOST];
    DWORD got = 0, flags = 0, taken = take_parts(buffers, parts, count);
    if (sock_result(WSARecv((SOCKET)fd, buffers, taken, &got, &flags, NULL, NULL)))
        return -1;
    if (got > 0 || !was_reset(fd))
        return (ssize_t)got;
    errno = ECONNRESET;
    return -1;
}

ssize_t sock_writev(evutil_socket_t fd, const struct iovec *parts, int count) {
    WSABUF buffers[PARTS_MOST];
    DWORD sent = 0, taken = take_parts(buffers, parts, count);
    return sock_result(WSASend((SOCKET)fd, buffers, taken, &sent, 0, NULL, NULL)) ? -1 : (ssize_t)sent;
}

/* There is no MSG_MORE: the end leaves in a packet of its own. */
ssize_t sock_writev_last(evutil_socket_t fd, const struct iovec *parts, int count) {
    return sock_writev(fd, parts, count);
}

ssize_t sock_peek(evutil_socket_t fd, void *buffer, size_t size) {
    return sock_result(recv((SOCKET)fd, buffer, size < INT_MAX ? (int)size : INT_MAX, MSG_PEEK));
}

/* SO_ERROR stays 0 when the peer resets a connection. Polling reports that also behind data that is left unread. */
int sock_system_error(evutil_socket_t fd) {
    int error = 0, length = sizeof error;
    if (sock_result(getsockopt((SOCKET)fd, SOL_SOCKET, SO_ERROR, (char *)&error, &length)))
        return errno;
    if (error != 0)
        return sock_errno_of(error);
    return polls_as_failed(fd) ? ECONNRESET : 0;
}

bool sock_wake_at(evutil_socket_t fd, size_t bytes) {
    (void)fd, (void)bytes; /* SO_RCVLOWAT can be neither set nor read */
    return false;
}

/* WSAPoll() before Windows 10 2004 does not report that a connection was refused; select() does, as an exception. */
static short select_one(evutil_socket_t fd, short events, int ms) {
    struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    fd_set readable = {.fd_count = (events & POLLIN) != 0, .fd_array = {(SOCKET)fd}};
    fd_set writable = {.fd_count = 1, .fd_array = {(SOCKET)fd}}, failed = writable;
    int found = select(0, &readable, &writable, &failed, &wait);
    if (found <= 0)
        return (short)(found < 0 ? POLLERR : 0);
    return (short)((readable.fd_count ? POLLIN : 0) | (writable.fd_count ? POLLOUT : 0) |
                   (failed.fd_count ? POLLERR : 0));
}

short sock_system_poll(evutil_socket_t fd, short events, int ms) {
    WSAPOLLFD wanted = {.fd = (SOCKET)fd, .events = events};
    if (events & POLLOUT)
        return select_one(fd, events, ms);
    int found = WSAPoll(&wanted, 1, ms);
    return found < 0 ? POLLERR : found > 0 ? wanted.revents : 0;
}

int sock_half_close(evutil_socket_t fd) {
    return sock_result(shutdown((SOCKET)fd, SD_SEND));
}

/* Only its own pipes tell this system who is at the other end; see lib/http. */
bool sock_has_loopback_network(void) {
    return false;
}

bool sock_peer_user(evutil_socket_t fd, uid_t *user) {
    (void)fd, (void)user;
    return false;
}

bool sock_peer_is_in(evutil_socket_t fd, gid_t group) {
    (void)fd, (void)group;
    return false;
}

pid_t sock_peer_process(evutil_socket_t fd) {
    ULONG process = 0;
    DWORD length = 0;
    int result = WSAIoctl((SOCKET)fd, SIO_AF_UNIX_GETPEERPID, NULL, 0, &process, sizeof process, &length, NULL, NULL);
    return result ? 0 : (pid_t)process;
}

/* By TCP on the loopback, with each end checked to be the other's peer: a pipe cannot be waited for with sockets. */
int sock_wake_pair(evutil_socket_t ends[2]) {
    if (sock_result(evutil_socketpair(AF_INET, SOCK_STREAM, 0, ends)))
        return -1;
    for (int i = 0; i < 2; i++) {
        if (made_ready(ends[i]) < 0) { /* which has closed it */
            sock_close(ends[1 - i]);
            return -1;
        }
        sock_system_send_at_once(ends[i]);
    }
    return 0;
}

void sock_wake(evutil_socket_t end) {
    (void)send((SOCKET)end, "", 1, 0); /* WSAEWOULDBLOCK: it is full of such bytes, which wake as well */
}

void sock_wake_clear(evutil_socket_t end) {
    char bytes[64];
    while (recv((SOCKET)end, bytes, sizeof bytes, 0) == (int)sizeof bytes) {
    }
}

/* Memory is all that limits sockets, up to the number of handles that a process may have. */
int sock_raise_limit(void) {
    return HANDLES_MOST;
}

/* IANA's dynamic ports, which Windows has unless it was told otherwise. */
unsigned sock_ephemeral_ports(void) {
    return 65535 - 49152 + 1;
}
