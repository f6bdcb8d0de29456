/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pump: see pump.h.
 */
#include "config.h"

#include "relay/stream/pump.h"

#include <stddef.h>

enum { PARTS = 16 }; /* 256 KiB: what a read of a socket that streams takes at once */

static struct pump *of_socket(struct stream_socket *socket) {
    return (struct pump *)socket; /* its first member */
}

static struct pump *of_stream(struct mux_stream *stream) {
    return (struct pump *)(void *)((char *)stream - offsetof(struct pump, stream));
}

/* ---- the end ---- */

static void close_socket(struct pump *pump, enum stream_outcome_how how) {
    bool goes_elsewhere = how == STREAM_HOW_ELSEWHERE || how == STREAM_HOW_REFUSED;
    pump->is_over = true;
    if (!goes_elsewhere)
        stream_socket_close(&pump->socket, how != STREAM_HOW_WHOLE);
}

static void on_over(struct mux_stream *stream, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    struct pump *pump = of_stream(stream);
    close_socket(pump, how);
    pump->events->on_over(pump, how, false, payload, length);
}

static void on_broken(struct stream_socket *socket) {
    struct pump *pump = of_socket(socket);
    static const uint8_t detail[] = "{\"reason\":\"connection reset\"}";
    pump_reset(pump, detail, sizeof detail - 1);
    pump->events->on_over(pump, STREAM_HOW_RESET, true, NULL, 0);
}

void pump_reset(struct pump *pump, const uint8_t *payload, size_t length) {
    mux_stream_reset(&pump->stream, payload, length);
    close_socket(pump, STREAM_HOW_RESET);
}

/* ---- from the socket to the stream ---- */

/* Small until it is known to stream: blocks that are reserved and not filled would go through the cache in vain. */
static int reserve(struct pump *pump, struct iovec *parts) {
    return mux_stream_reserve(&pump->stream, parts, pump->socket.is_streaming ? PARTS : 2);
}

static void on_readable(struct stream_socket *socket) {
    struct pump *pump = of_socket(socket);
    struct iovec parts[PARTS];
    size_t taken = 0;
    int count = reserve(pump, parts);
    if (count == 0) {
        stream_socket_set_reading(socket, false); /* until on_room */
        return;
    }
    enum stream_socket_read found = stream_socket_read_parts(socket, parts, count, &taken);
    if (found == STREAM_SOCKET_BROKEN) {
        on_broken(socket);
        return;
    }
    if (taken > 0)
        mux_stream_commit(&pump->stream, taken);
    pump->in += taken;
    if (found == STREAM_SOCKET_END || found == STREAM_SOCKET_DATA_AND_END)
        mux_stream_finish(&pump->stream);
    pump->events->on_moved(pump);
}

static void on_room(struct mux_stream *stream) {
    stream_socket_set_reading(&of_stream(stream)->socket, true);
}

/* ---- from the stream to the socket ---- */

static void acknowledge(struct pump *pump) {
    uint64_t written = pump->out - stream_socket_waiting(&pump->socket);
    if (written > pump->consumed)
        mux_stream_consumed(&pump->stream, (size_t)(written - pump->consumed));
    pump->consumed = written;
    if (pump->got_fin && !pump->acknowledged_fin && stream_socket_is_done(&pump->socket)) {
        pump->acknowledged_fin = true;
        mux_stream_consumed_fin(&pump->stream);
    }
}

static void on_bytes(struct mux_stream *stream, struct iovec *parts, int count, size_t total, bool is_last) {
    struct pump *pump = of_stream(stream);
    pump->out += total;
    if (!stream_socket_write(&pump->socket, parts, count, is_last)) {
        on_broken(&pump->socket);
        return;
    }
    acknowledge(pump);
    pump->events->on_moved(pump);
}

static void on_fin(struct mux_stream *stream) {
    struct pump *pump = of_stream(stream);
    pump->got_fin = true;
    stream_socket_end(&pump->socket);
    acknowledge(pump);
}

static void on_written(struct stream_socket *socket) {
    struct pump *pump = of_socket(socket);
    acknowledge(pump);
    pump->events->on_moved(pump);
}

static void on_opened(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    struct pump *pump = of_stream(stream);
    pump->events->on_opened(pump, payload, length);
}

/* ---- life ---- */

const struct stream_socket_events pump_socket_events = {on_readable, on_written, on_broken, NULL, on_written};
const struct mux_stream_events pump_stream_events = {on_opened, on_bytes, on_fin, on_room, on_over};

void pump_init(struct pump *pump, struct defer_queue *again, struct defer_queue *rechecks,
               const struct pump_events *events) {
    stream_socket_init(&pump->socket, again, rechecks);
    pump->events = events;
    pump->stream.events = &pump_stream_events;
}

void pump_start(struct pump *pump) {
    stream_socket_set_reading(&pump->socket, true);
}
