/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * receive: the peer's frames. See mux.h; the rules are proto/stream.h's.
 *
 * A callback may end its stream, so that after each one the stream is looked for again.
 */
#include "config.h"

#include "relay/mux/mux_priv.h"

#include "lib/base/clock.h"

enum { NUMBER_SIZE = 8, EPOCH_SIZE = 4 };

static bool is_live(const struct mux *mux, uint32_t number, const struct mux_stream *stream) {
    return number_map_find(&mux->streams, number) == stream;
}

/* ---- streams that are not live ---- */

static const char *begin_stream(struct mux_carrier *carrier, const struct frame *frame) {
    struct mux *mux = carrier->mux;
    static const uint8_t busy[] = "{\"code\":\"busy\",\"message\":\"out of memory\"}";
    if (!seen_numbers_note(&mux->seen, frame->stream))
        return "OPEN far out of order, or no memory to note it";
    mux->opening = carrier;
    int result =
        mux->options.on_open(mux->options.context, frame->stream, frame->payload, frame->length, &mux->violation);
    mux->opening = NULL;
    if (result)
        return mux->violation.text;
    if (number_map_find(&mux->streams, frame->stream) || number_map_find(&mux->outcomes, frame->stream))
        return NULL; /* it was accepted, and is perhaps over already */
    mux_put(carrier, FRAME_REFUSED, frame->stream, busy, sizeof busy - 1);
    mux_remember(mux, frame->stream, (struct stream_outcome){STREAM_HOW_REFUSED, carrier->id});
    return NULL;
}

/* Its OPEN was lost, or comes later by another carrier, and does not count then: the client may be elsewhere. */
static const char *disown_stream(struct mux_carrier *carrier, const struct frame *frame) {
    struct mux *mux = carrier->mux;
    const uint8_t how = STREAM_HOW_UNKNOWN;
    if (frame->type != FRAME_RESUME && frame->type != FRAME_RESET && frame->type != FRAME_ENDED)
        return "a frame of a stream that was never opened";
    if (!seen_numbers_note(&mux->seen, frame->stream))
        return "a stream far out of order, or no memory to note it";
    if (frame->type != FRAME_RESUME)
        return NULL; /* it is over at the server, which does not ask again */
    mux_put(carrier, FRAME_ENDED, frame->stream, &how, 1);
    mux_remember(mux, frame->stream, (struct stream_outcome){how, carrier->id});
    return NULL;
}

static const char *take_not_live(struct mux_carrier *carrier, const struct frame *frame) {
    const struct mux *mux = carrier->mux;
    bool is_known =
        mux->options.is_agent ? seen_numbers_has(&mux->seen, frame->stream) : frame->stream < mux->next_number;
    if (is_known && frame->type == FRAME_RESUME)
        mux_answer_resume(carrier, frame->stream);
    if (is_known)
        return NULL; /* what was under way when it ended */
    if (!mux->options.is_agent)
        return "a frame of a stream that was never opened";
    if (mux->streams.count + mux->outcomes.count >= 2 * MUX_STREAMS_MOST)
        return "more streams than a session may have";
    return frame->type == FRAME_OPEN ? begin_stream(carrier, frame) : disown_stream(carrier, frame);
}

/* ---- live streams ---- */

/* The rest has come: the exclusive carrier that was ahead is read on. */
static void follow_move(struct mux_stream *stream, stream_carrier awaited) {
    if (!awaited || stream->rules.in_next == awaited)
        return;
    struct mux_carrier *carrier = mux_carrier_find(stream->mux, awaited);
    if (!carrier || carrier->blocker != stream)
        return;
    carrier->blocker = NULL;
    carrier->ops->resume(carrier->link);
}

/* What was gathered goes to its stream. is_last: its FIN comes next. */
static void deliver(struct mux *mux, bool is_last) {
    struct mux_gathered *gathered = &mux->gathered;
    struct mux_stream *stream = gathered->stream;
    if (!stream)
        return;
    gathered->stream = NULL;
    stream->events->on_bytes(stream, gathered->parts, gathered->count, gathered->total, is_last);
    if (is_live(mux, gathered->number, stream))
        (void)mux_stream_settle(stream);
}

void mux_frames_end(struct mux_carrier *carrier) {
    deliver(carrier->mux, false);
}

static void gather_bytes(struct mux_stream *stream, const struct frame *frame) {
    struct mux_gathered *gathered = &stream->mux->gathered;
    if (!gathered->stream) {
        gathered->stream = stream;
        gathered->number = stream->number;
        gathered->count = 0;
        gathered->total = 0;
    }
    gathered->parts[gathered->count++] = (struct iovec){(void *)(uintptr_t)frame->payload, frame->length};
    gathered->total += frame->length;
    if (gathered->count == MUX_GATHERED_MOST)
        deliver(stream->mux, false);
}

static const char *note_waiting(struct mux_stream *stream, size_t length) {
    struct mux *mux = stream->mux;
    stream->waiting += length;
    mux->waiting += length;
    bool is_too_much = mux->waiting > MUX_WAITING_MOST + (uint64_t)mux->streams.count * SEND_MEMORY_FLOOR;
    return is_too_much ? "more bytes than a session may have unread" : NULL;
}

static const char *take_bytes(struct mux_carrier *carrier, struct mux_stream *stream, const struct frame *frame) {
    struct mux *mux = carrier->mux;
    bool is_fin = frame->type == FRAME_FIN, is_taken;
    stream_carrier awaited = stream->rules.in_next;
    const char *violation = stream_take_bytes(&stream->rules, carrier->id, is_fin ? 1 : frame->length, is_fin,
                                              mux_window(stream->rules.in), &is_taken);
    if (violation || !is_taken)
        return violation;
    follow_move(stream, awaited);
    violation = note_waiting(stream, is_fin ? 0 : frame->length);
    if (!is_fin) {
        gather_bytes(stream, frame);
        return violation;
    }
    stream->events->on_fin(stream);
    if (is_live(mux, frame->stream, stream))
        (void)mux_stream_settle(stream);
    return violation;
}

static const char *take_datagram(const struct mux_carrier *carrier, struct mux_stream *stream,
                                 const struct frame *frame) {
    bool is_taken;
    const char *violation = stream_take_datagram(&stream->rules, carrier->id, &is_taken);
    if (!violation && is_taken)
        stream->events->on_datagram(stream, frame->payload, frame->length);
    return violation;
}

static const char *take_ack(struct mux_stream *stream, const struct frame *frame) {
    stream_position position = frame_get_number(frame->payload, NUMBER_SIZE);
    const char *violation = stream_take_ack(&stream->rules, position);
    if (violation)
        return violation;
    if (position > stream->out.end) /* FIN takes a position, which is not in the buffer */
        position = stream->out.end;
    if (position > stream->out.begin && !send_buffer_ack(&stream->out, position))
        return "ACK of what was not sent";
    stream->got_ack = true;
    if (!mux_stream_settle(stream))
        return NULL;
    mux_note_ack(stream, clock_us());
    mux_stream_ready(stream);
    mux_stream_tell_room(stream);
    return NULL;
}

static const char *take_continue(struct mux_carrier *carrier, struct mux_stream *stream, const struct frame *frame) {
    stream_carrier awaited = stream->rules.in_next;
    stream_position position = frame_get_number(frame->payload + EPOCH_SIZE, NUMBER_SIZE);
    const char *violation =
        stream_take_continue(&stream->rules, carrier->id, (stream_epoch)frame_get_number(frame->payload, EPOCH_SIZE),
                             position, MUX_WINDOW_EXCLUSIVE);
    if (violation)
        return violation;
    if (!stream_reads(&stream->rules, carrier->id)) {
        carrier->blocker = stream;
        carrier->blocked_us = clock_us();
    }
    follow_move(stream, awaited);
    (void)mux_stream_settle(stream);
    return NULL;
}

static const char *take_resume(struct mux_carrier *carrier, struct mux_stream *stream, const struct frame *frame) {
    struct stream_answer answer;
    stream_epoch before = stream->rules.epoch;
    if (stream_carrier_is_exclusive(carrier->id))
        return "RESUME on an exclusive link";
    const char *violation =
        stream_take_resume(&stream->rules, carrier->id, (stream_epoch)frame_get_number(frame->payload, EPOCH_SIZE),
                           frame_get_number(frame->payload + EPOCH_SIZE, NUMBER_SIZE), &answer);
    if (stream->rules.epoch != before)
        mux_stream_note_suspension(stream);
    if (violation)
        return violation;
    if (answer.resume) {
        mux_stream_enlist(stream, &stream->mux->resuming);
        mux_put_epoch(carrier, FRAME_RESUME, stream, stream->rules.taken);
    }
    if (answer.go_on) {
        mux_stream_set_carrier(stream, carrier);
        mux_put_epoch(carrier, FRAME_CONTINUE, stream, stream->rules.next);
    }
    mux_stream_ready(stream); /* the bytes do not wait for the peer's CONTINUE */
    if (answer.opened)
        stream->events->on_repeat_opened(stream);
    if (is_live(carrier->mux, frame->stream, stream))
        (void)mux_stream_settle(stream);
    return NULL;
}

static const char *take_opened(struct mux_stream *stream, const struct frame *frame) {
    bool is_first = stream->rules.phase == STREAM_OPENING;
    const char *violation = stream_take_opened(&stream->rules);
    if (!violation && is_first)
        stream->events->on_opened(stream, frame->payload, frame->length);
    return violation;
}

/* By REFUSED, RESET or ENDED. */
static const char *take_end(struct mux_stream *stream, const struct frame *frame) {
    const char *violation = NULL;
    if (frame->type == FRAME_REFUSED)
        violation = stream_take_refused(&stream->rules);
    else if (frame->type == FRAME_RESET)
        stream_take_reset(&stream->rules);
    else
        violation = stream_take_ended(&stream->rules, (enum stream_outcome_how)frame->payload[0]);
    if (violation)
        return violation;
    bool has_text = frame->type != FRAME_ENDED;
    mux_stream_over(stream, has_text ? frame->payload : NULL, has_text ? frame->length : 0);
    return NULL;
}

static const char *take_live(struct mux_carrier *carrier, struct mux_stream *stream, const struct frame *frame) {
    switch (frame->type) {
    case FRAME_OPENED:
        return take_opened(stream, frame);
    case FRAME_DATA:
    case FRAME_FIN:
        return take_bytes(carrier, stream, frame);
    case FRAME_DATAGRAM:
        return take_datagram(carrier, stream, frame);
    case FRAME_ACK:
        return take_ack(stream, frame);
    case FRAME_CONTINUE:
        return take_continue(carrier, stream, frame);
    case FRAME_RESUME:
        return take_resume(carrier, stream, frame);
    case FRAME_REFUSED:
    case FRAME_RESET:
    case FRAME_ENDED:
        return take_end(stream, frame);
    default:
        return frame->type == FRAME_OPEN ? "OPEN twice" : "a frame that streams do not have";
    }
}

static const char *refuse_open(const struct mux_carrier *carrier) {
    if (!carrier->mux->options.is_agent)
        return "OPEN from the agent";
    return stream_carrier_is_exclusive(carrier->id) ? "OPEN on an exclusive link" : NULL;
}

static const char *take(struct mux_carrier *carrier, const struct frame *frame) {
    const char *violation = frame->type == FRAME_OPEN ? refuse_open(carrier) : NULL;
    if (violation)
        return violation;
    struct mux_stream *stream = number_map_find(&carrier->mux->streams, frame->stream);
    return stream ? take_live(carrier, stream, frame) : take_not_live(carrier, frame);
}

enum mux_taken mux_take_frame(struct mux_carrier *carrier, const struct frame *frame, const char **detail) {
    if (carrier->blocker)
        return MUX_LATER;
    if (frame->type != FRAME_DATA || frame->stream != carrier->mux->gathered.number)
        deliver(carrier->mux, frame->type == FRAME_FIN && frame->stream == carrier->mux->gathered.number);
    *detail = take(carrier, frame);
    if (!*detail && carrier->unread > 0 && carrier->mux->unread > MUX_UNREAD_MOST)
        *detail = "it does not read the answers to what it sends";
    return *detail ? MUX_VIOLATION : MUX_TAKEN;
}
