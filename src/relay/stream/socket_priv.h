/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * socket_priv: the socket's insides, for socket.c and socket_write.c.
 */
#ifndef MUNNEL_RELAY_STREAM_SOCKET_PRIV_H
#define MUNNEL_RELAY_STREAM_SOCKET_PRIV_H

#include "lib/net/sock.h"
#include "relay/stream/socket.h"
#include "relay/stream/socket_tls.h"

static inline size_t socket_kept(const struct stream_socket *socket) {
    return socket->out ? evbuffer_get_length(socket->out) : 0;
}

/* Bytes that the kernel has not taken yet, with those that are encrypted. */
static inline size_t socket_backlog(const struct stream_socket *socket) {
    return socket->tls ? socket_kept(socket) + stream_tls_backlog(socket->tls) : socket_kept(socket);
}

/* By the errno of a system call; the kernel's memory for sockets counts as well. */
static inline bool socket_is_broken(struct stream_socket *socket, int error) {
    socket->lacks_memory = sock_lacks_memory(error);
    return !sock_would_block(error);
}

/* Drops the first `done` bytes from the list; returns the index of the first part that still has some. */
static inline int socket_skip(struct iovec *parts, int count, size_t done) {
    int i = 0;
    while (i < count && done >= parts[i].iov_len)
        done -= parts[i++].iov_len;
    if (i < count) {
        parts[i].iov_base = (uint8_t *)parts[i].iov_base + done;
        parts[i].iov_len -= done;
    }
    return i;
}

/* Answers of TLS itself may wait then. */
static inline void socket_await_room_for_tls(struct stream_socket *socket) {
    if (stream_tls_backlog(socket->tls) > 0)
        readiness_await(&socket->readiness, EV_WRITE);
}

#endif
