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

static void on_readable(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    struct plain *plain = context;
    if (what & EV_CLOSED)
        plain->end_is_near = true;
    plain->events->on_readable(plain);
}

static void on_writable(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    plain_flush(context);
}

void plain_init(struct plain *plain) {
    memset(plain, 0, sizeof *plain);
    plain->fd = -1;
}

void plain_attach(struct plain *plain, struct event_base *base, int fd, const struct plain_events *events) {
    plain->fd = fd;
    plain->events = events;
    event_assign(&plain->readable, base, fd, EV_READ | EV_CLOSED | EV_PERSIST, on_readable, plain);
    event_assign(&plain->writable, base, fd, EV_WRITE, on_writable, plain);
}

int plain_detach(struct plain *plain) {
    int fd = plain->fd;
    if (fd >= 0) {
        plain_set_reading(plain, false);
        event_del(&plain->writable);
    }
    plain->fd = -1;
    return fd;
}

void plain_set_reading(struct plain *plain, bool on) {
    on = on && !plain->got_end && plain->fd >= 0;
    if (on == plain->reading)
        return;
    plain->reading = on;
    if (on)
        event_add(&plain->readable, NULL);
    else
        event_del(&plain->readable);
}

static void meet_end(struct plain *plain) {
    plain_set_reading(plain, false);
    plain->got_end = true;
}

enum plain_read plain_read(struct plain *plain, struct batch *batch, size_t limit, size_t *taken) {
    *taken = 0;
    size_t wanted = limit < BATCH_READ ? limit : BATCH_READ;
    ssize_t n = batch_read(batch, plain->fd, wanted);
    if (n < 0)
        return sock_would_block(errno) ? PLAIN_NOTHING : PLAIN_BROKEN;
    if (n == 0) {
        meet_end(plain);
        return PLAIN_END;
    }
    *taken = (size_t)n;
    /* The end was there before the read, and the read took everything: it need not be read to be known. */
    if (plain->end_is_near && (size_t)n < wanted) {
        meet_end(plain);
        return PLAIN_DATA_AND_END;
    }
    return PLAIN_DATA;
}

static bool wait_with(struct plain *plain, const struct iovec *parts, int count) {
    if (!plain->out)
        plain->out = evbuffer_new();
    if (!plain->out)
        return false;
    for (int i = 0; i < count; i++) {
        if (evbuffer_add(plain->out, parts[i].iov_base, parts[i].iov_len))
            return false;
    }
    if (plain->fd >= 0)
        event_add(&plain->writable, NULL);
    return true;
}

/* Drops the first `sent` bytes from the list; returns the index of the first part that still has some. */
static int skip_sent(struct iovec *parts, int count, size_t sent) {
    int i = 0;
    while (i < count && sent >= parts[i].iov_len)
        sent -= parts[i++].iov_len;
    if (i < count) {
        parts[i].iov_base = (uint8_t *)parts[i].iov_base + sent;
        parts[i].iov_len -= sent;
    }
    return i;
}

bool plain_write(struct plain *plain, struct iovec *parts, int count) {
    int first = 0;
    if (plain->fd >= 0 && plain_waiting(plain) == 0) {
        ssize_t n = sock_writev(plain->fd, parts, count);
        if (n < 0 && !sock_would_block(errno))
            return false;
        first = skip_sent(parts, count, n < 0 ? 0 : (size_t)n);
    }
    return first == count || wait_with(plain, parts + first, count - first);
}

size_t plain_waiting(const struct plain *plain) {
    return plain->out ? evbuffer_get_length(plain->out) : 0;
}

static void half_close_when_flushed(struct plain *plain) {
    if (!plain->ending || plain->half_closed || plain->fd < 0 || plain_waiting(plain) > 0)
        return;
    plain->half_closed = true;
    if (!plain->got_end) /* else close() alone says it: a shutdown before it is another round of packets */
        sock_half_close(plain->fd);
}

void plain_flush(struct plain *plain) {
    if (plain_waiting(plain) > 0) {
        if (!drain_to_socket(plain->out, plain->fd)) {
            plain->events->on_broken(plain);
            return;
        }
        if (plain_waiting(plain) > 0) {
            event_add(&plain->writable, NULL);
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

void plain_close(struct plain *plain, bool reset) {
    int fd = plain_detach(plain);
    if (plain->out) {
        evbuffer_free(plain->out);
        plain->out = NULL;
    }
    if (fd < 0)
        return;
    if (reset)
        sock_close_reset(fd);
    else
        sock_close(fd);
}

bool plain_is_broken(const struct plain *plain) {
    return plain->fd >= 0 && sock_connect_result(plain->fd) != 0;
}
