/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * gather: what leaves by a carrier. and in which turn. See mux.h.
 *
 * What a turn of the loop has for a carrier is gathered, and goes to its link in one piece. A frame that answers or
 * ends something is gathered at once. Streams with bytes wait in a ring, and each gives one frame before the next one
 * has its turn. Full blocks of a stream on an exclusive carrier are not copied: the header is written in front of them.
 */
#include "config.h"

#include "relay/mux/mux_priv.h"

#include <string.h>

enum { NUMBER_SIZE = 8, EPOCH_SIZE = 12 };

/* ---- gathering ---- */

/* Links share the memory that they encrypt into: one is flushed before the next is written to. */
static void write_to(struct mux_gather *gather, struct mux_carrier *carrier, const uint8_t *bytes, size_t length) {
    if (gather->written && gather->written != carrier)
        gather->written->ops->flush(gather->written->link);
    gather->written = carrier;
    carrier->ops->write(carrier->link, bytes, length);
}

static void write_gathered(struct mux_gather *gather) {
    struct mux_carrier *carrier = gather->carrier;
    size_t length = gather->length;
    gather->carrier = NULL;
    gather->length = 0;
    if (length > 0)
        write_to(gather, carrier, gather->bytes, length);
}

void mux_flush(struct mux_gather *gather) {
    write_gathered(gather);
    struct mux_carrier *carrier = gather->written;
    gather->written = NULL;
    if (carrier)
        carrier->ops->flush(carrier->link);
}

void mux_write(struct mux_carrier *carrier, const uint8_t *bytes, size_t length) {
    struct mux_gather *gather = carrier->mux->options.gather;
    write_gathered(gather);
    write_to(gather, carrier, bytes, length);
}

void mux_forget_gathered(struct mux_carrier *carrier) {
    struct mux_gather *gather = carrier->mux->options.gather;
    if (gather->written == carrier)
        gather->written = NULL;
    if (gather->carrier != carrier)
        return;
    gather->carrier = NULL;
    gather->length = 0;
}

/* The gather is of this carrier, with room for so much. Out of its turn nothing that was written may stay in the memory
 * that links share: it would leave by the next one that is read or written. */
static uint8_t *gather_at(struct mux_carrier *carrier, size_t length) {
    struct mux_gather *gather = carrier->mux->options.gather;
    bool has_room = gather->carrier == carrier && gather->length + length <= sizeof gather->bytes;
    if (!has_room && carrier->is_in_turn)
        write_gathered(gather);
    else if (!has_room)
        mux_flush(gather);
    gather->carrier = carrier;
    return gather->bytes + gather->length;
}

/* The link takes them all the same: the peer that does not read must not be able to make them grow without limit. */
static void note_unread(struct mux_carrier *carrier, size_t length) {
    struct mux *mux = carrier->mux;
    bool is_full = carrier->ops->is_full(carrier->link);
    mux->unread -= carrier->unread;
    carrier->unread = is_full ? carrier->unread + length : 0;
    mux->unread += carrier->unread;
}

void mux_put(struct mux_carrier *carrier, enum frame_type type, uint32_t number, const void *payload, size_t length) {
    uint8_t *at = gather_at(carrier, FRAME_HEADER + length);
    frame_write_header(at, type, number, length);
    if (length > 0)
        memcpy(at + FRAME_HEADER, payload, length);
    carrier->mux->options.gather->length += FRAME_HEADER + length;
    if (type != FRAME_DATA) /* a full carrier sends none */
        note_unread(carrier, FRAME_HEADER + length);
    mux_schedule(carrier);
}

void mux_put_number(struct mux_carrier *carrier, enum frame_type type, uint32_t number, uint64_t position) {
    uint8_t payload[NUMBER_SIZE];
    frame_put_number(payload, position, NUMBER_SIZE);
    mux_put(carrier, type, number, payload, sizeof payload);
}

void mux_put_epoch(struct mux_carrier *carrier, enum frame_type type, const struct mux_stream *stream,
                   stream_position position) {
    uint8_t payload[EPOCH_SIZE];
    frame_put_number(payload, stream->rules.epoch, EPOCH_SIZE - NUMBER_SIZE);
    frame_put_number(payload + EPOCH_SIZE - NUMBER_SIZE, position, NUMBER_SIZE);
    mux_put(carrier, type, stream->number, payload, sizeof payload);
}

/* ---- the ring ---- */

void mux_schedule(struct mux_carrier *carrier) {
    if (!carrier->is_in_turn)
        defer_add(carrier->mux->options.turns, &carrier->turn);
}

void mux_stream_ready(struct mux_stream *stream) {
    if (!stream->carrier || stream->is_ready)
        return;
    stream->is_ready = true;
    TAILQ_INSERT_TAIL(&stream->carrier->ready, stream, ready);
    mux_schedule(stream->carrier);
}

void mux_stream_lazy(struct mux_stream *stream, bool with_next) {
    if (!stream->carrier || (stream->is_lazy && !with_next))
        return;
    mux_stream_leave_lazy(stream);
    stream->is_lazy = true;
    if (with_next)
        TAILQ_INSERT_HEAD(&stream->carrier->lazy, stream, lazy);
    else
        TAILQ_INSERT_TAIL(&stream->carrier->lazy, stream, lazy);
}

void mux_stream_leave_ring(struct mux_stream *stream) {
    if (stream->is_ready)
        TAILQ_REMOVE(&stream->carrier->ready, stream, ready);
    stream->is_ready = false;
}

void mux_stream_leave_lazy(struct mux_stream *stream) {
    if (stream->is_lazy)
        TAILQ_REMOVE(&stream->carrier->lazy, stream, lazy);
    stream->is_lazy = false;
}

void mux_stream_not_ready(struct mux_stream *stream) {
    mux_stream_leave_ring(stream);
    mux_stream_leave_lazy(stream);
}
