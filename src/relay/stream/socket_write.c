/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * socket_write: what goes out by a socket: see socket.h.
 */
#include "config.h"

#include "proto/frame.h"
#include "relay/flush.h"
#include "relay/stream/socket_priv.h"

#include <errno.h>

/* While it is connecting, EV_WRITE is awaited already. */
static bool wait_with(struct stream_socket *socket, const struct iovec *parts, int count) {
    if (!socket->out)
        socket->out = evbuffer_new();
    bool is_kept = socket->out;
    for (int i = 0; is_kept && i < count; i++)
        is_kept = evbuffer_add(socket->out, parts[i].iov_base, parts[i].iov_len) == 0;
    socket->lacks_memory = !is_kept;
    if (socket->fd >= 0)
        readiness_await(&socket->readiness, EV_WRITE);
    return is_kept;
}

/* is_whole: what a call on its TLS returned. */
static bool note_tls(struct stream_socket *socket, bool is_whole) {
    socket->lacks_memory = !is_whole && stream_tls_lacks_memory(socket->tls);
    return is_whole;
}

static bool write_tls(struct stream_socket *socket, const struct iovec *parts, int count, bool is_last) {
    bool is_written = stream_tls_write(socket->tls, parts, count, is_last);
    socket_await_room_for_tls(socket);
    return note_tls(socket, is_written);
}

static bool end_tls(struct stream_socket *socket) {
    bool is_written = stream_tls_end(socket->tls);
    socket_await_room_for_tls(socket);
    return note_tls(socket, is_written);
}

bool stream_socket_write(struct stream_socket *socket, struct iovec *parts, int count, bool is_last) {
    int first = 0;
    if (socket->tls)
        return write_tls(socket, parts, count, is_last);
    if (socket->fd >= 0 && !socket->connecting && stream_socket_waiting(socket) == 0) {
        ssize_t n = is_last ? sock_writev_last(socket->fd, parts, count) : sock_writev(socket->fd, parts, count);
        if (n < 0 && socket_is_broken(socket, errno))
            return false;
        first = socket_skip(parts, count, n < 0 ? 0 : (size_t)n);
    }
    return first == count || wait_with(socket, parts + first, count - first);
}

bool stream_socket_prepend(struct stream_socket *socket, const uint8_t *bytes, size_t length) {
    if (!socket->out)
        socket->out = evbuffer_new();
    return socket->out && evbuffer_prepend(socket->out, bytes, length) == 0;
}

bool stream_socket_keep(struct stream_socket *socket, const struct iovec *parts, int count) {
    return wait_with(socket, parts, count);
}

void stream_socket_meter(struct stream_socket *socket) {
    socket->is_metered = true;
    socket->allowed = socket_kept(socket);
}

void stream_socket_allow(struct stream_socket *socket, size_t bytes) {
    socket->allowed += bytes;
    if (!socket->connecting)
        stream_socket_flush(socket);
}

size_t stream_socket_kept(const struct stream_socket *socket) {
    return socket_kept(socket);
}

size_t stream_socket_waiting(const struct stream_socket *socket) {
    return socket->tls ? socket_kept(socket) + stream_tls_waiting(socket->tls) : socket_kept(socket);
}

/* False: the socket is broken. */
static bool half_close_when_flushed(struct stream_socket *socket) {
    if (!socket->ending || socket->half_closed || socket->fd < 0 || socket->connecting || socket_kept(socket) > 0)
        return true;
    if (socket->tls && !end_tls(socket))
        return false;
    if (socket_backlog(socket) > 0)
        return true;
    socket->half_closed = true;
    if (!socket->got_end)
        sock_half_close(socket->fd); /* else close() sends the FIN: shutdown() before it would cost a segment */
    return true;
}

/* With TLS: what is encrypted, then so much of what is not. */
static bool flush_tls(struct stream_socket *socket, size_t limit) {
    bool is_whole = note_tls(socket, stream_tls_flush(socket->tls));
    while (is_whole && limit > 0 && socket_kept(socket) > 0 && stream_tls_backlog(socket->tls) == 0) {
        size_t length = socket_kept(socket) < limit ? socket_kept(socket) : limit;
        length = length < FRAME_DATA_MAX ? length : FRAME_DATA_MAX;
        struct iovec part = {evbuffer_pullup(socket->out, (ev_ssize_t)length), length};
        is_whole = part.iov_base && write_tls(socket, &part, 1, false);
        socket->lacks_memory |= !part.iov_base;
        evbuffer_drain(socket->out, length);
        limit -= length;
    }
    return is_whole;
}

static bool flush_plain(struct stream_socket *socket, size_t limit) {
    return flush_to_socket(socket->out, socket->fd, limit) || !socket_is_broken(socket, errno);
}

/* False: the socket is broken. */
static bool flush(struct stream_socket *socket) {
    size_t before = socket_kept(socket), limit = socket->is_metered ? socket->allowed : SIZE_MAX;
    bool is_whole = socket->tls ? flush_tls(socket, limit) : flush_plain(socket, limit);
    if (socket->is_metered)
        socket->allowed -= before - socket_kept(socket);
    return is_whole;
}

void stream_socket_flush(struct stream_socket *socket) {
    if (socket_backlog(socket) > 0) {
        if (socket->is_metered && socket->allowed == 0 && socket_backlog(socket) == socket_kept(socket))
            return;
        if (!flush(socket)) {
            socket->events->on_broken(socket);
            return;
        }
        if (socket_backlog(socket) > 0) {
            readiness_await(&socket->readiness, EV_WRITE);
            if (socket->events->on_drained)
                socket->events->on_drained(socket);
            return;
        }
    }
    if (socket->out) {
        evbuffer_free(socket->out);
        socket->out = NULL;
    }
    if (half_close_when_flushed(socket))
        socket->events->on_flushed(socket);
    else
        socket->events->on_broken(socket);
}

bool stream_socket_end(struct stream_socket *socket) {
    socket->ending = true;
    return half_close_when_flushed(socket);
}

bool stream_socket_is_done(const struct stream_socket *socket) {
    return socket_backlog(socket) == 0 && (!socket->ending || socket->half_closed);
}
