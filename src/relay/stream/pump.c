/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pump: see pump.h.
 */
#include "config.h"

#include "relay/stream/pump_priv.h"

#include <event2/buffer.h>
#include <stddef.h>

static struct pump *of_stream(struct mux_stream *stream) {
    return (struct pump *)(void *)((char *)stream - offsetof(struct pump, stream));
}

/* ---- the end ---- */

static void on_over(struct mux_stream *stream, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    struct pump *pump = of_stream(stream);
    pump->events->on_over(pump, how, payload, length);
    stream_socket_close(&pump->socket, how != STREAM_HOW_WHOLE);
}

void pump_abandon(struct pump *pump, const uint8_t *payload, size_t length) {
    mux_stream_reset(&pump->stream, payload, length);
}

void pump_reset(struct pump *pump, const uint8_t *payload, size_t length) {
    pump_abandon(pump, payload, length);
    stream_socket_close(&pump->socket, true);
}

void pump_note_move(struct pump *pump) {
    pump->events->on_moved(pump);
    if (pump->stream.finished && pump->acknowledged_fin)
        stream_socket_close(&pump->socket, false);
}

/* ---- from the socket to the stream ---- */

enum {
    READ_MOST = SEND_BUFFER_READ * SEND_BUFFER_RUN_MOST,
    PIECES = SEND_BUFFER_BURST / READ_MOST /* of a burst */
};

/* Small until it is known to stream: blocks that are reserved and not filled would go through the cache in vain. */
static int reserve(struct pump *pump, struct iovec *parts) {
    return mux_stream_reserve(&pump->stream, parts, pump->socket.is_streaming ? SEND_BUFFER_READ : 2);
}

/* The parts without what is not allowed; returns their number. */
static int cut(struct iovec *parts, int count, size_t allowed) {
    int i = 0;
    for (; i < count && allowed > 0; i++) {
        parts[i].iov_len = parts[i].iov_len < allowed ? parts[i].iov_len : allowed;
        allowed -= parts[i].iov_len;
    }
    return i;
}

/* taken: 0 at first. */
static enum stream_socket_read read_parts(struct pump *pump, struct iovec *parts, int count, size_t *taken) {
    if (count > 0)
        return stream_socket_read(&pump->socket, parts, count, taken);
    stream_socket_set_reading(&pump->socket, false); /* until on_room */
    return STREAM_SOCKET_NOTHING;
}

static enum stream_socket_read read_unlimited(struct pump *pump, size_t *taken) {
    struct iovec parts[SEND_BUFFER_READ];
    return read_parts(pump, parts, reserve(pump, parts), taken);
}

static enum stream_socket_read read_limited(struct pump *pump, size_t *taken) {
    struct iovec parts[SEND_BUFFER_READ];
    size_t allowed = throttle_take(pump->throttle, BANDWIDTH_IN, READ_MOST);
    if (allowed == 0) {
        stream_socket_set_reading(&pump->socket, false); /* until on_due */
        return STREAM_SOCKET_NOTHING;
    }
    enum stream_socket_read found = read_parts(pump, parts, cut(parts, reserve(pump, parts), allowed), taken);
    throttle_moved(pump->throttle, BANDWIDTH_IN, allowed, *taken);
    return found;
}

/* True: there is more, and it may be read at once. *has_pushed is set if mux_stream_push was called. */
static bool read_piece(struct pump *pump, bool *has_pushed) {
    struct stream_socket *socket = &pump->socket;
    size_t taken = 0;
    enum stream_socket_read found = (pump->throttle ? read_limited : read_unlimited)(pump, &taken);
    if (found == STREAM_SOCKET_NOTHING)
        return false;
    if (found == STREAM_SOCKET_BROKEN) {
        pump->events->on_broken(pump);
        return false;
    }
    if (taken > 0)
        mux_stream_commit(&pump->stream, taken);
    pump->in += taken;
    counter_add(&pump->bytes->in, taken);
    if (found != STREAM_SOCKET_DATA)
        mux_stream_finish(&pump->stream);
    pump_note_move(pump);
    if (found != STREAM_SOCKET_DATA || !socket->is_streaming || !socket->may_have_more)
        return false;
    *has_pushed = true;
    return mux_stream_push(&pump->stream);
}

/* Bulk is encrypted piece by piece and leaves in one call. */
static void on_readable(struct stream_socket *socket) {
    struct pump *pump = pump_of_socket(socket);
    struct mux *mux = pump->stream.mux;
    bool has_pushed = false;
    for (int piece = 0; piece < PIECES && read_piece(pump, &has_pushed); piece++)
        ;
    if (has_pushed)
        mux_send_pushed(mux);
}

static void go_on(struct pump *pump) {
    if (pump->stage)
        pump->stage->settle(pump);
    else
        stream_socket_set_reading(&pump->socket, true);
}

static void on_room(struct mux_stream *stream) {
    go_on(of_stream(stream));
}

void pump_start(struct pump *pump) {
    go_on(pump);
}

static bool append(struct pump *pump, struct evbuffer *bytes) {
    struct evbuffer_ptr at;
    struct evbuffer_iovec part;
    size_t length = evbuffer_get_length(bytes);
    for (size_t done = 0; done < length; done += part.iov_len) {
        evbuffer_ptr_set(bytes, &at, done, EVBUFFER_PTR_SET);
        (void)evbuffer_peek(bytes, -1, &at, &part, 1);
        if (!mux_stream_append(&pump->stream, part.iov_base, part.iov_len))
            return false;
        pump->in += part.iov_len;
    }
    return true;
}

bool pump_replay(struct pump *pump, struct evbuffer *bytes, bool end) {
    if (bytes && !append(pump, bytes))
        return false;
    if (end) {
        pump->socket.got_end = true;
        mux_stream_finish(&pump->stream);
    }
    pump_note_move(pump);
    return true;
}

/* ---- from the stream to the socket ---- */

/* A header in front (stream_socket_prepend) is none of the stream's bytes, and is written before them. */
void pump_acknowledge(struct pump *pump) {
    size_t waiting = stream_socket_waiting(&pump->socket);
    uint64_t written = pump->out > waiting ? pump->out - waiting : 0;
    if (written > pump->consumed) { /* with TLS `written` is an estimate, which may fall back by some bytes */
        mux_stream_consumed(&pump->stream, (size_t)(written - pump->consumed));
        pump->consumed = written;
    }
    if (pump->got_fin && !pump->acknowledged_fin && pump->lingers == 0 && stream_socket_is_done(&pump->socket)) {
        pump->acknowledged_fin = true;
        mux_stream_consumed_fin(&pump->stream);
    }
}

/* Each flush that writes all that was allowed comes back here, by pump_socket_written. What TLS has encrypted was
 * allowed. */
static void pass_on(struct pump *pump) {
    size_t kept = stream_socket_kept(&pump->socket), allowed = 0;
    if (pump->socket.allowed > 0 || kept == 0)
        return;
    allowed = throttle_take(pump->throttle, BANDWIDTH_OUT, kept);
    if (allowed > 0)
        stream_socket_allow(&pump->socket, allowed);
}

static bool keep(struct pump *pump, const struct iovec *parts, int count) {
    if (!stream_socket_keep(&pump->socket, parts, count))
        return false;
    pump_note_move(pump);
    pass_on(pump);
    return true;
}

static bool write_now(struct pump *pump, struct iovec *parts, int count, bool is_last) {
    if (!stream_socket_write(&pump->socket, parts, count, is_last))
        return false;
    pump_acknowledge(pump);
    pump_note_move(pump);
    return true;
}

bool pump_write(struct pump *pump, struct iovec *parts, int count) {
    return pump->throttle ? keep(pump, parts, count) : write_now(pump, parts, count, false);
}

static void on_bytes(struct mux_stream *stream, struct iovec *parts, int count, size_t total, bool is_last) {
    struct pump *pump = of_stream(stream);
    pump->out += total;
    counter_add(&pump->bytes->out, total);
    if (pump->stage)
        pump->stage->bring(pump, parts, count);
    else if (!(pump->throttle ? keep(pump, parts, count) : write_now(pump, parts, count, is_last)))
        pump->events->on_broken(pump);
}

static void on_fin(struct mux_stream *stream) {
    struct pump *pump = of_stream(stream);
    pump->got_fin = true;
    if (pump->stage && !pump->stage->end(pump))
        return;
    if (!stream_socket_end(&pump->socket)) {
        pump->events->on_broken(pump);
        return;
    }
    pump_acknowledge(pump);
    pump_note_move(pump);
}

void pump_socket_written(struct stream_socket *socket) {
    struct pump *pump = pump_of_socket(socket);
    pump_acknowledge(pump);
    pump_note_move(pump);
    if (pump->throttle)
        pass_on(pump);
}

static void on_due(void *context, enum bandwidth_way way) {
    struct pump *pump = context;
    if (way == BANDWIDTH_IN)
        go_on(pump);
    else
        pass_on(pump);
}

bool pump_throttle(struct pump *pump, struct event_base *base, struct bandwidth *const *limits,
                   struct throttled *counts) {
    bool lacks_memory;
    pump->throttle = throttle_new(
        &(struct throttle_options){.base = base, .limits = limits, .counts = counts, .on_due = on_due, .context = pump},
        &lacks_memory);
    if (pump->throttle)
        stream_socket_meter(&pump->socket);
    return !lacks_memory;
}

void pump_end_throttle(struct pump *pump) {
    throttle_free(pump->throttle);
    pump->throttle = NULL;
}

/* ---- passed on ---- */

void pump_socket_broken(struct stream_socket *socket) {
    struct pump *pump = pump_of_socket(socket);
    pump->events->on_broken(pump);
}

static void on_opened(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    struct pump *pump = of_stream(stream);
    pump->events->on_opened(pump, payload, length);
}

static void on_suspended(struct mux_stream *stream) {
    struct pump *pump = of_stream(stream);
    pump->events->on_suspended(pump);
}

static void on_repeat_opened(struct mux_stream *stream) {
    struct pump *pump = of_stream(stream);
    pump->events->on_repeat_opened(pump);
}

/* ---- life ---- */

const struct stream_socket_events pump_socket_events = {on_readable, pump_socket_written, pump_socket_broken, NULL,
                                                        pump_socket_written};

void pump_init(struct pump *pump, struct defer_queue *again, struct defer_queue *rechecks,
               const struct pump_events *events, struct relay_bytes *bytes) {
    static const struct mux_stream_events stream_events = {.on_opened = on_opened,
                                                           .on_bytes = on_bytes,
                                                           .on_fin = on_fin,
                                                           .on_room = on_room,
                                                           .on_suspended = on_suspended,
                                                           .on_repeat_opened = on_repeat_opened,
                                                           .on_over = on_over};
    stream_socket_init(&pump->socket, again, rechecks);
    pump->events = events;
    pump->bytes = bytes;
    pump->stream.events = &stream_events;
}
