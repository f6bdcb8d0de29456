/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * socket: see socket.h. What goes out is written by socket_write.c.
 */
#include "config.h"

#include "relay/stream/socket.h"

#include "proto/frame.h"
#include "relay/stream/socket_priv.h"

#include <errno.h>
#include <string.h>

/* ---- the event ---- */

static void serve_reading(struct stream_socket *socket) {
    if (socket->fd < 0 || !socket->reading || !socket->may_have_more)
        return;
    socket->events->on_readable(socket);
    if (socket->fd >= 0 && socket->reading && socket->may_have_more)
        defer_add(socket->again, &socket->item); /* there was more than one read takes */
}

static void on_turn(struct defer_item *item) {
    serve_reading((struct stream_socket *)(void *)((char *)item - offsetof(struct stream_socket, item)));
}

static void on_recheck(struct defer_item *item) {
    struct stream_socket *socket =
        (struct stream_socket *)(void *)((char *)item - offsetof(struct stream_socket, recheck));
    stream_socket_poll(socket);
}

static void on_connected(struct stream_socket *socket, evutil_socket_t fd) {
    socket->connecting = false;
    socket->events->on_connected(socket, sock_connect_result(fd));
}

/* While reading is stopped no read meets the peer's RST. */
static bool is_reset(const struct stream_socket *socket) {
    return !socket->reading && sock_connect_result(socket->fd) != 0;
}

static void on_event(evutil_socket_t fd, short what, void *context) {
    struct stream_socket *socket = context;
    if (what & EV_CLOSED)
        socket->rdhup = true;
    if (what & (EV_READ | EV_CLOSED))
        socket->may_have_more = socket->needs_recheck = true;
    if (socket->connecting) {
        if (what & EV_WRITE)
            on_connected(socket, fd);
        if (socket->connecting)
            return; /* still, or the next address already */
    } else if ((what & EV_WRITE) && socket_backlog(socket) > 0) {
        stream_socket_flush(socket);
    }
    if (socket->fd >= 0 && readiness_may_be_reset(what) && is_reset(socket))
        socket->events->on_broken(socket);
    serve_reading(socket);
}

/* What arrives is reported, or remembered; what waits is written when there is room. */
static void await_what_it_needs(struct stream_socket *socket) {
    int needed = socket->may_have_more || socket->got_end ? 0 : EV_READ;
    bool may_write = !socket->is_metered || socket->allowed > 0;
    if (socket->connecting || socket_backlog(socket) > socket_kept(socket) || (socket_kept(socket) > 0 && may_write))
        needed |= EV_WRITE;
    (void)readiness_sweep(&socket->readiness, (short)needed);
}

bool stream_socket_sweep(struct stream_socket *socket) {
    if (!READINESS_IS_ONESHOT || socket->fd < 0)
        return true;
    await_what_it_needs(socket);
    if (socket->connecting || !is_reset(socket))
        return true;
    socket->events->on_broken(socket);
    return false;
}

/* ---- life ---- */

void stream_socket_init(struct stream_socket *socket, struct defer_queue *again, struct defer_queue *rechecks) {
    memset(socket, 0, sizeof *socket);
    socket->fd = -1;
    socket->again = again;
    socket->rechecks = rechecks;
    socket->item.run = on_turn;
    socket->recheck.run = on_recheck;
}

bool stream_socket_attach(struct stream_socket *socket, struct event_base *base, evutil_socket_t fd, bool connecting,
                          const struct stream_socket_events *events, void *context) {
    if (!readiness_begin(&socket->readiness, base, fd, on_event, socket))
        return false;
    readiness_await(&socket->readiness, connecting ? EV_READ | EV_WRITE : EV_READ);
    socket->fd = fd;
    socket->connecting = connecting;
    socket->may_have_more = socket->rdhup = false;
    stream_socket_set_events(socket, events, context);
    return true;
}

/* At connect, not later: a process may be killed at any time, and its kernel must not end a stream cleanly. */
void stream_socket_cut_unless_whole(struct stream_socket *socket) {
    sock_set_reset_on_close(socket->fd, true);
    socket->rst_on_close = true;
}

void stream_socket_set_events(struct stream_socket *socket, const struct stream_socket_events *events, void *context) {
    socket->events = events;
    socket->context = context;
}

/* What is decrypted or read ahead already brings no event. */
void stream_socket_set_tls(struct stream_socket *socket, struct stream_tls *tls, struct link_bio_scratch *scratch) {
    socket->tls = tls;
    socket->may_have_more = true;
    stream_tls_enter(tls, scratch);
}

struct stream_tls *stream_socket_take_tls(struct stream_socket *socket) {
    struct stream_tls *tls = socket->tls;
    socket->tls = NULL;
    if (tls)
        stream_tls_leave(tls);
    return tls;
}

evutil_socket_t stream_socket_detach(struct stream_socket *socket) {
    evutil_socket_t fd = socket->fd;
    if (fd >= 0)
        readiness_end(&socket->readiness);
    defer_cancel(socket->again, &socket->item);
    defer_cancel(socket->rechecks, &socket->recheck);
    socket->reading = socket->connecting = false;
    socket->fd = -1;
    return fd;
}

void stream_socket_close(struct stream_socket *socket, bool reset) {
    evutil_socket_t fd = stream_socket_detach(socket);
    if (socket->out) {
        evbuffer_free(socket->out);
        socket->out = NULL;
    }
    stream_tls_free(socket->tls);
    socket->tls = NULL;
    if (reset) {
        sock_close_reset(fd);
        return;
    }
    if (socket->rst_on_close && fd >= 0)
        sock_set_reset_on_close(fd, false);
    sock_close(fd);
}

/* ---- reading ---- */

void stream_socket_set_reading(struct stream_socket *socket, bool on) {
    socket->reading = on && !socket->got_end && socket->fd >= 0;
    if (socket->reading && socket->may_have_more)
        defer_add(socket->again, &socket->item);
}

void stream_socket_poll(struct stream_socket *socket) {
    socket->may_have_more = true;
    serve_reading(socket);
}

static void on_end(struct stream_socket *socket) {
    socket->got_end = true;
    socket->may_have_more = false;
    stream_socket_set_reading(socket, false);
}

/* Nothing is left, or what is left will be reported. */
static void await_input(struct stream_socket *socket) {
    socket->may_have_more = false;
    readiness_await(&socket->readiness, EV_READ);
}

/*
 * libevent reports a reset as readable and writable, like data on a socket with room. A short read may have taken the
 * data and left the reset, and no other edge follows. Reading until EAGAIN would cost each message a system call; so
 * one read a moment later checks for all that came in between.
 */
static void on_short_read(struct stream_socket *socket) {
    await_input(socket);
    if (socket->needs_recheck)
        defer_add(socket->rechecks, &socket->recheck);
}

/* Of the first read of `wanted` bytes. *is_short: it took some, and the end is known to be behind them. */
static enum stream_socket_read judge(struct stream_socket *socket, ssize_t n, size_t wanted, size_t *taken,
                                     bool *is_short) {
    *is_short = false;
    *taken = n > 0 ? (size_t)n : 0;
    socket->is_streaming = n > FRAME_DATA_MAX;
    if (n < 0) {
        socket->needs_recheck = false;
        if (socket_is_broken(socket, errno))
            return STREAM_SOCKET_BROKEN;
        await_input(socket);
        return STREAM_SOCKET_NOTHING;
    }
    if (n == 0) {
        on_end(socket);
        return STREAM_SOCKET_END;
    }
    *is_short = (size_t)n < wanted && socket->rdhup;
    if ((size_t)n == wanted)
        socket->may_have_more = true;
    else if (!socket->rdhup)
        on_short_read(socket);
    return STREAM_SOCKET_DATA;
}

/* Of the second one, up to the end that is known to be there. It may still stop short of it, at a mark of urgent data.
 */
static enum stream_socket_read judge_rest(struct stream_socket *socket, ssize_t n, size_t *taken) {
    if (n == 0) {
        on_end(socket);
        return STREAM_SOCKET_DATA_AND_END;
    }
    *taken += n > 0 ? (size_t)n : 0;
    if (n > 0 || !sock_would_block(errno))
        socket->may_have_more = true;
    else
        await_input(socket);
    return STREAM_SOCKET_DATA;
}

/* What broke behind bytes that were taken is found again by the next read. */
static enum stream_socket_read read_tls(struct stream_socket *socket, struct iovec *parts, int count, size_t *taken) {
    enum stream_tls_found found = stream_tls_read(socket->tls, socket->rdhup, parts, count, taken);
    socket->is_streaming = *taken > FRAME_DATA_MAX;
    socket->lacks_memory = found == STREAM_TLS_NO_MEMORY;
    if (socket->lacks_memory || (found == STREAM_TLS_BROKEN && *taken == 0))
        return STREAM_SOCKET_BROKEN;
    socket_await_room_for_tls(socket);
    socket->may_have_more = true;
    if (found == STREAM_TLS_EMPTY) {
        socket->needs_recheck = false;
        await_input(socket);
    } else if (found == STREAM_TLS_DRAINED) {
        on_short_read(socket);
    } else if (found == STREAM_TLS_END) {
        on_end(socket);
        return *taken > 0 ? STREAM_SOCKET_DATA_AND_END : STREAM_SOCKET_END;
    }
    return *taken > 0 ? STREAM_SOCKET_DATA : STREAM_SOCKET_NOTHING;
}

enum stream_socket_read stream_socket_read(struct stream_socket *socket, struct iovec *parts, int count,
                                           size_t *taken) {
    bool is_short;
    size_t wanted = 0;
    if (socket->tls)
        return read_tls(socket, parts, count, taken);
    for (int i = 0; i < count; i++)
        wanted += parts[i].iov_len;
    enum stream_socket_read found = judge(socket, sock_readv(socket->fd, parts, count), wanted, taken, &is_short);
    if (!is_short)
        return found;
    int first = socket_skip(parts, count, *taken);
    return judge_rest(socket, sock_readv(socket->fd, parts + first, count - first), taken);
}
