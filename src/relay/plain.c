/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plain: see plain.h.
 */
#include "config.h"

#include "relay/plain.h"

#include "lib/sock.h"
#include "relay/drain.h"

#include <errno.h>
#include <string.h>

/* ---- the event ---- */

static void serve_reading(struct plain *plain) {
    if (plain->fd < 0 || !plain->reading || !plain->may_have_more) {
        return;
    }
    plain->events->on_readable(plain);
    if (plain->fd >= 0 && plain->reading && plain->may_have_more) { /* there was more than one read takes */
        again_later(plain->again, &plain->item);
    }
}

static void on_turn(struct again_item *item) {
    serve_reading((struct plain *)(void *)((char *)item - offsetof(struct plain, item)));
}

static void on_doubt(struct again_item *item) {
    struct plain *plain = (struct plain *)(void *)((char *)item - offsetof(struct plain, doubt));
    plain->may_have_more = true;
    serve_reading(plain);
}

static void on_connected(struct plain *plain, int fd) {
    plain->connecting = false;
    plain->events->on_connected(plain, sock_connect_result(fd));
}

/* While reading is stopped nobody would meet the peer's RST; libevent tells it as both directions at once. */
static void look_for_reset(struct plain *plain, short what) {
    bool may_be_reset = (what & EV_READ) && (what & EV_WRITE);
    if (may_be_reset && !plain->reading && sock_connect_result(plain->fd) != 0) {
        plain->events->on_broken(plain);
    }
}

static void on_event(evutil_socket_t fd, short what, void *context) {
    struct plain *plain = context;
    if (what & EV_CLOSED) {
        plain->end_is_near = true;
    }
    if (what & (EV_READ | EV_CLOSED)) {
        plain->may_have_more = plain->is_doubtful = true;
    }
    if (plain->connecting) {
        if (what & EV_WRITE) {
            on_connected(plain, fd);
        }
        if (plain->connecting) { /* still, or the next address already */
            return;
        }
    } else if ((what & EV_WRITE) && plain_waiting(plain) > 0) {
        plain_flush(plain);
    }
    if (plain->fd >= 0) {
        look_for_reset(plain, what);
    }
    serve_reading(plain);
}

/* ---- life ---- */

void plain_init(struct plain *plain, struct again *again, struct again *doubts) {
    memset(plain, 0, sizeof *plain);
    plain->fd = -1;
    plain->again = again;
    plain->doubts = doubts;
    plain->item.run = on_turn;
    plain->doubt.run = on_doubt;
}

bool plain_attach(struct plain *plain, struct event_base *base, int fd, bool connecting,
                  const struct plain_events *events, void *context) {
    event_assign(&plain->event, base, fd, EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, on_event, plain);
    if (event_add(&plain->event, NULL)) {
        return false;
    }
    plain->fd = fd;
    plain->connecting = connecting;
    plain->may_have_more = plain->end_is_near = false;
    plain_set_events(plain, events, context);
    return true;
}

/* At connect, not later: a process may be killed at any time, and its kernel must not end a stream cleanly. */
void plain_cut_unless_whole(struct plain *plain) {
    sock_set_reset_on_close(plain->fd, true);
    plain->cuts_by_itself = true;
}

void plain_set_events(struct plain *plain, const struct plain_events *events, void *context) {
    plain->events = events;
    plain->context = context;
}

int plain_detach(struct plain *plain) {
    int fd = plain->fd;
    if (fd >= 0) {
        event_del(&plain->event);
    }
    again_forget(plain->again, &plain->item);
    again_forget(plain->doubts, &plain->doubt);
    plain->reading = plain->connecting = false;
    plain->fd = -1;
    return fd;
}

void plain_close(struct plain *plain, bool reset) {
    int fd = plain_detach(plain);
    if (plain->out) {
        evbuffer_free(plain->out);
        plain->out = NULL;
    }
    if (reset) {
        sock_close_reset(fd);
        return;
    }
    if (plain->cuts_by_itself && fd >= 0) {
        sock_set_reset_on_close(fd, false);
    }
    sock_close(fd);
}

/* ---- reading ---- */

void plain_set_reading(struct plain *plain, bool on) {
    plain->reading = on && !plain->got_end && plain->fd >= 0;
    if (plain->reading && plain->may_have_more) {
        again_later(plain->again, &plain->item);
    }
}

static void meet_end(struct plain *plain) {
    plain->got_end = true;
    plain->may_have_more = false;
    plain_set_reading(plain, false);
}

/*
 * libevent tells a reset as readable and writable, like data on a socket with room. A short read may have taken the
 * data and left the reset, and no other edge follows. Reading on at once would cost every message a call; so one read a
 * moment later settles it for all that came in between.
 */
static void meet_short_read(struct plain *plain) {
    plain->may_have_more = false;
    if (plain->is_doubtful) {
        again_later(plain->doubts, &plain->doubt);
    }
}

/* The end is known to be there. A read may still have stopped short of it, at a mark of urgent data. */
static enum plain_read read_to_end(struct plain *plain, struct batch *batch, size_t room, size_t *taken) {
    ssize_t n = batch_read(batch, plain->fd, room);
    if (n == 0) {
        meet_end(plain);
        return PLAIN_DATA_AND_END;
    }
    *taken += n > 0 ? (size_t)n : 0;
    plain->may_have_more = n > 0 || !sock_would_block(errno);
    return PLAIN_DATA;
}

enum plain_read plain_read(struct plain *plain, struct batch *batch, size_t limit, size_t *taken) {
    *taken = 0;
    size_t most = plain->is_streaming ? BATCH_READ : BATCH_READ / BATCH_PACKETS;
    size_t wanted = limit < most ? limit : most;
    ssize_t n = batch_read(batch, plain->fd, wanted);
    plain->is_streaming = n > FRAME_DATA_MAX;
    if (n < 0) {
        plain->may_have_more = plain->is_doubtful = false;
        return sock_would_block(errno) ? PLAIN_NOTHING : PLAIN_BROKEN;
    }
    if (n == 0) {
        meet_end(plain);
        return PLAIN_END;
    }
    *taken = (size_t)n;
    if ((size_t)n == wanted) {
        plain->may_have_more = true;
        return PLAIN_DATA;
    }
    if (plain->end_is_near) {
        return read_to_end(plain, batch, wanted - (size_t)n, taken);
    }
    meet_short_read(plain);
    return PLAIN_DATA;
}

/* ---- writing ---- */

static bool wait_with(struct plain *plain, const struct iovec *parts, int count) {
    if (!plain->out) {
        plain->out = evbuffer_new();
    }
    if (!plain->out) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (evbuffer_add(plain->out, parts[i].iov_base, parts[i].iov_len)) {
            return false;
        }
    }
    return true;
}

/* Drops the first `sent` bytes from the list; returns the index of the first part that still has some. */
static int skip_sent(struct iovec *parts, int count, size_t sent) {
    int i = 0;
    while (i < count && sent >= parts[i].iov_len) {
        sent -= parts[i++].iov_len;
    }
    if (i < count) {
        parts[i].iov_base = (uint8_t *)parts[i].iov_base + sent;
        parts[i].iov_len -= sent;
    }
    return i;
}

bool plain_write(struct plain *plain, struct iovec *parts, int count, bool is_last) {
    int first = 0;
    if (plain->fd >= 0 && !plain->connecting && plain_waiting(plain) == 0) {
        ssize_t n = is_last ? sock_writev_last(plain->fd, parts, count) : sock_writev(plain->fd, parts, count);
        if (n < 0 && !sock_would_block(errno)) {
            return false;
        }
        first = skip_sent(parts, count, n < 0 ? 0 : (size_t)n);
    }
    return first == count || wait_with(plain, parts + first, count - first);
}

size_t plain_waiting(const struct plain *plain) {
    return plain->out ? evbuffer_get_length(plain->out) : 0;
}

static void half_close_when_flushed(struct plain *plain) {
    if (!plain->ending || plain->half_closed || plain->fd < 0 || plain->connecting || plain_waiting(plain) > 0) {
        return;
    }
    plain->half_closed = true;
    if (!plain->got_end) { /* else close() alone says it: a shutdown before it is another round of packets */
        sock_half_close(plain->fd);
    }
}

void plain_flush(struct plain *plain) {
    if (plain_waiting(plain) > 0) {
        if (!drain_to_socket(plain->out, plain->fd)) {
            plain->events->on_broken(plain);
            return;
        }
        if (plain_waiting(plain) > 0) {
            return;
        }
    }
    if (plain->out) {
        evbuffer_free(plain->out);
        plain->out = NULL;
    }
    half_close_when_flushed(plain);
    plain->events->on_flushed(plain);
}

void plain_end(struct plain *plain) {
    plain->ending = true;
    half_close_when_flushed(plain);
}

bool plain_is_done(const struct plain *plain) {
    return plain_waiting(plain) == 0 && (!plain->ending || plain->half_closed);
}
