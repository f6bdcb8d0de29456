/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * turn: a carrier's turn, and a stream's. See mux.h.
 *
 * Each stream of a carrier's ring gives one frame before the next one has its turn. Full blocks of a stream on an
 * exclusive carrier are not copied: the header is written in front of them.
 */
#include "config.h"

#include "relay/mux/mux_priv.h"

#include "lib/base/clock.h"

#include <stddef.h>

enum { EXCLUSIVE_TURN = SEND_BUFFER_BURST }; /* without the headers, which end it with the last of the blocks */

/* ---- a stream's turn ---- */

/* False: this was the last frame of the stream, which is over. */
static bool send_ack(struct mux_stream *stream) {
    mux_stream_leave_lazy(stream);
    bool is_due = stream->consumed > stream->rules.acked_by_us || stream->rules.repeats_ack;
    if (!is_due || !stream_may_ack(&stream->rules))
        return true;
    counter_add(&stream->mux->options.counts->acks, 1);
    mux_put_number(stream->carrier, FRAME_ACK, stream->number, stream->consumed);
    stream_acked(&stream->rules, stream->consumed);
    return mux_stream_settle(stream);
}

static void send_run(struct mux_stream *stream, struct send_run run, bool is_whole_block) {
    struct mux_carrier *carrier = stream->carrier;
    if (!is_whole_block || !stream_carrier_is_exclusive(carrier->id)) {
        mux_put(carrier, FRAME_DATA, stream->number, run.bytes, run.length);
        return;
    }
    frame_write_header(run.bytes - FRAME_HEADER, FRAME_DATA, stream->number, run.length);
    mux_write(carrier, run.bytes - FRAME_HEADER, FRAME_HEADER + run.length);
}

/* As send_bytes, of a stream of datagrams. */
static size_t send_datagram(struct mux_stream *stream, uint64_t now_us) {
    const struct datagram *datagram = datagram_queue_first(stream->datagrams, now_us);
    if (!datagram)
        return 0;
    size_t length = datagram->length;
    mux_put(stream->carrier, FRAME_DATAGRAM, stream->number, datagram->bytes, length);
    datagram_queue_take(stream->datagrams);
    if (stream->datagrams->count > 0)
        mux_stream_ready(stream);
    return length;
}

/* At most one frame. Returns its bytes; 0: there is nothing to send, or it may not. */
static size_t send_bytes(struct mux_stream *stream, uint64_t now_us) {
    stream_position may = stream_may_send(&stream->rules, mux_send_window(stream));
    struct send_run run = send_buffer_peek(&stream->out, stream->rules.next);
    if (may == 0 && stream->rules.next < mux_stream_end(stream))
        mux_note_starved(stream, now_us);
    if (may == 0 || run.length == 0)
        return may > 0 && stream->datagrams ? send_datagram(stream, now_us) : 0;
    bool is_whole = run.has_header_room && run.length <= may && run.length == SEND_BUFFER_RUN_MOST;
    if (run.length > may)
        run.length = (size_t)may;
    send_run(stream, run, is_whole);
    stream_sent(&stream->rules, run.length, false);
    send_buffer_mark_sent(&stream->out, stream->rules.next);
    mux_note_sent(stream, run.length, now_us);
    return run.length;
}

static void send_fin(struct mux_stream *stream) {
    if (!stream->finished || stream->rules.next != stream->out.end ||
        stream_may_send(&stream->rules, mux_send_window(stream)) == 0)
        return;
    mux_put(stream->carrier, FRAME_FIN, stream->number, NULL, 0);
    stream_sent(&stream->rules, 1, true);
}

static bool has_more(const struct mux_stream *stream) {
    return stream->carrier && stream->rules.next < mux_stream_end(stream) &&
           stream_may_send(&stream->rules, mux_send_window(stream)) > 0;
}

/* Returns how many bytes left. */
static size_t serve(struct mux_stream *stream, uint64_t now_us) {
    mux_stream_leave_ring(stream);
    if (mux_ack_is_due(stream) && !send_ack(stream))
        return 0;
    const struct mux_carrier *carrier = stream->carrier;
    mux_stream_try_move(stream, now_us);
    if (stream->carrier != carrier) { /* its turn comes there, with a wider window */
        mux_stream_tell_room(stream);
        return FRAME_HEADER;
    }
    size_t sent = send_bytes(stream, now_us);
    send_fin(stream);
    if (has_more(stream))
        mux_stream_ready(stream);
    return sent + FRAME_HEADER;
}

/* ---- a carrier's turn ---- */

static void send_lazy_acks(struct mux_carrier *carrier) {
    struct mux_stream *stream;
    while ((stream = TAILQ_FIRST(&carrier->lazy)) && (carrier->acknowledges || mux_ack_goes_along(stream)) &&
           !carrier->ops->is_full(carrier->link))
        (void)send_ack(stream);
    if (!stream)
        carrier->acknowledges = false;
}

bool mux_stream_push(struct mux_stream *stream) {
    struct mux_carrier *carrier = stream->carrier;
    if (!carrier || !stream_carrier_is_exclusive(carrier->id) || carrier->is_in_turn)
        return false;
    uint64_t now_us = clock_us();
    carrier->is_in_turn = true;
    while (TAILQ_FIRST(&carrier->ready) == stream && !carrier->ops->is_full(carrier->link))
        serve(stream, now_us);
    carrier->is_in_turn = false;
    return carrier->user == stream && !carrier->ops->is_full(carrier->link);
}

void mux_send_pushed(struct mux *mux) {
    mux_flush(mux->options.gather);
}

void mux_on_ends(struct defer_item *item) {
    mux_schedule((struct mux_carrier *)(void *)((char *)item - offsetof(struct mux_carrier, ends)));
}

/* It was full in between, perhaps, and is not any more. */
static bool has_rest(const struct mux_carrier *carrier) {
    const struct mux *mux = carrier->mux;
    bool resumes = !TAILQ_EMPTY(&mux->unresumed) || !TAILQ_EMPTY(&mux->orphans);
    return !TAILQ_EMPTY(&carrier->ready) || (resumes && !stream_carrier_is_exclusive(carrier->id));
}

void mux_on_turn(struct defer_item *item) {
    struct mux_carrier *carrier = (struct mux_carrier *)(void *)((char *)item - offsetof(struct mux_carrier, turn));
    size_t most = stream_carrier_is_exclusive(carrier->id) ? EXCLUSIVE_TURN : MUX_TURN_CARRIER, sent = 0;
    uint64_t now_us = clock_us();
    struct mux_stream *stream;
    carrier->is_in_turn = true;
    mux_resume_all(carrier->mux);
    mux_repeat_outcomes(carrier->mux);
    send_lazy_acks(carrier);
    while (sent < most && (stream = TAILQ_FIRST(&carrier->ready)) && !carrier->ops->is_full(carrier->link))
        sent += serve(stream, now_us);
    mux_flush(carrier->mux->options.gather);
    carrier->is_in_turn = false;
    if (has_rest(carrier) && !carrier->ops->is_full(carrier->link))
        mux_schedule(carrier);
}
