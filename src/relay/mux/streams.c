/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * streams: what a relay asks of its stream: opened, filled, read, ended. See mux.h.
 */
#include "config.h"

#include "relay/mux/mux_priv.h"

#include "lib/base/clock.h"

#include <assert.h>
#include <string.h>

enum { ACK_EACH = 2 * SEND_BUFFER_BURST }; /* on an exclusive carrier: half of what its sender keeps at first */

stream_position mux_window(stream_carrier carrier) {
    return stream_carrier_is_exclusive(carrier) ? MUX_WINDOW_EXCLUSIVE : MUX_WINDOW_SHARED;
}

stream_position mux_send_window(const struct mux_stream *stream) {
    if (!stream_carrier_is_exclusive(stream->rules.out))
        return MUX_WINDOW_SHARED;
    return stream->window > 0 ? stream->window : MUX_WINDOW_FIRST; /* 0: a peer resumed it on that carrier */
}

stream_position mux_stream_end(const struct mux_stream *stream) {
    return stream->out.end + stream->finished;
}

void mux_stream_enlist(struct mux_stream *stream, struct mux_streams *list) {
    if (stream->mux->next_swept == stream)
        stream->mux->next_swept = TAILQ_NEXT(stream, listed);
    if (stream->list)
        TAILQ_REMOVE(stream->list, stream, listed);
    stream->list = list;
    if (list)
        TAILQ_INSERT_TAIL(list, stream, listed);
}

/* An ACK that waits is forgotten where none could be sent: before OPENED, and without a carrier. */
static void owe_ack(struct mux_stream *stream) {
    if (stream->consumed > stream->rules.acked_by_us)
        mux_stream_lazy(stream, false);
}

void mux_stream_set_carrier(struct mux_stream *stream, struct mux_carrier *carrier) {
    if (stream->carrier == carrier)
        return;
    mux_stream_not_ready(stream);
    if (stream->carrier && stream->carrier->user == stream)
        stream->carrier->user = NULL;
    stream->carrier = carrier;
    if (carrier && stream_carrier_is_exclusive(carrier->id))
        carrier->user = stream;
    owe_ack(stream);
}

/* ---- life ---- */

bool mux_stream_enter(struct mux *mux, struct mux_stream *stream, uint32_t number, struct mux_carrier *carrier) {
    if (!number_map_add(&mux->streams, number, stream))
        return false;
    stream->mux = mux;
    stream->number = number;
    stream_begin(&stream->rules, mux->options.is_agent ? STREAM_AGENT : STREAM_SERVER);
    if (stream->datagrams) {
        stream_begin_datagrams(&stream->rules);
        mux->sessions++;
    }
    send_buffer_init(&stream->out, mux->options.memory);
    stream_open(&stream->rules, carrier->id);
    mux_stream_set_carrier(stream, carrier);
    mux_stream_enlist(stream, &mux->running);
    return true;
}

static void leave(struct mux_stream *stream) {
    struct mux *mux = stream->mux;
    mux_stream_set_carrier(stream, NULL);
    mux_unblock(mux, stream);
    if (mux->gathered.stream == stream)
        mux->gathered.stream = NULL;
    number_map_remove(&mux->streams, stream->number);
    mux_stream_enlist(stream, NULL);
    mux->suspended -= stream->suspended_us != 0;
    mux->waiting -= stream->waiting;
    if (!stream->datagrams)
        return;
    mux->sessions--;
    datagram_queue_end(stream->datagrams);
}

void mux_stream_over(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    if (stream->rules.outcome.last_on)
        mux_remember(stream->mux, stream->number, stream->rules.outcome);
    leave(stream);
    stream->events->on_over(stream, (enum stream_outcome_how)stream->rules.outcome.how, payload, length);
    send_buffer_clear(&stream->out);
}

static bool has_room(const struct mux *mux, const struct mux_stream *stream) {
    if (stream->datagrams && mux->sessions + mux->outcomes.count >= MUX_SESSIONS_MOST)
        return false;
    return mux->streams.count + mux->outcomes.count < MUX_STREAMS_MOST;
}

bool mux_open(struct mux *mux, struct mux_stream *stream, const uint8_t *payload, size_t length) {
    struct mux_carrier *carrier = mux_shared_carrier(mux);
    bool may_open = mux->next_number < UINT32_MAX && has_room(mux, stream);
    if (!carrier || !may_open || !mux_stream_enter(mux, stream, mux->next_number, carrier))
        return false;
    mux->next_number++;
    mux_put(carrier, FRAME_OPEN, stream->number, payload, length);
    return true;
}

void mux_stream_opened(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    stream_connected(&stream->rules);
    if (stream->carrier) /* else it is sent again behind the answer to RESUME */
        mux_put(stream->carrier, FRAME_OPENED, stream->number, payload, length);
    owe_ack(stream);
    mux_stream_ready(stream);
}

/* Without a carrier the outcome waits for one, without its payload. */
static void end_here(struct mux_stream *stream, enum stream_outcome_how how, enum frame_type type,
                     const uint8_t *payload, size_t length) {
    struct mux_carrier *carrier = stream->carrier ? stream->carrier : mux_shared_carrier(stream->mux);
    if (carrier)
        mux_put(carrier, type, stream->number, payload, length);
    stream_end(&stream->rules, how, carrier ? carrier->id : 0);
    mux_remember(stream->mux, stream->number, stream->rules.outcome);
    leave(stream);
    send_buffer_clear(&stream->out);
}

void mux_stream_refuse(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    end_here(stream, STREAM_HOW_REFUSED, FRAME_REFUSED, payload, length);
}

void mux_stream_reset(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    end_here(stream, STREAM_HOW_RESET, FRAME_RESET, payload, length);
}

void mux_stream_give_up(struct mux_stream *stream, const char *detail) {
    const uint8_t *payload = (const uint8_t *)detail;
    end_here(stream, STREAM_HOW_RESET, FRAME_RESET, payload, strlen(detail));
    stream->events->on_over(stream, STREAM_HOW_LOST, payload, strlen(detail));
}

/* ---- datagrams ---- */

void mux_stream_send_datagram(struct mux_stream *stream, const uint8_t *bytes, size_t length) {
    datagram_queue_add(stream->datagrams, bytes, length, clock_us());
    mux_stream_ready(stream);
}

/* ---- filled ---- */

/* No ACK may ever come that makes room: mux_sweep asks for it. */
static void note_lack(struct mux_stream *stream) {
    stream->wants_room = true;
    stream->mux->lacks_memory = true;
}

/* Of bulk: reads that end within a block make two small records of it. It waits for more room, which an ACK brings. */
static size_t whole_blocks(const struct mux_stream *stream, size_t room) {
    if (!stream_carrier_is_exclusive(stream->rules.out))
        return room;
    if (room >= SEND_BUFFER_RUN_MOST)
        return room - room % SEND_BUFFER_RUN_MOST;
    return send_buffer_kept(&stream->out) >= SEND_BUFFER_RUN_MOST ? 0 : room;
}

size_t mux_stream_room(struct mux_stream *stream) {
    size_t window = (size_t)mux_send_window(stream);
    size_t room = stream->finished ? 0 : send_buffer_room(&stream->out, window);
    if (room == 0 && !stream->finished && send_buffer_kept(&stream->out) < window)
        note_lack(stream);
    room = whole_blocks(stream, room);
    stream->wants_room = room == 0;
    return room;
}

void mux_stream_tell_room(struct mux_stream *stream) {
    if (stream->wants_room && mux_stream_room(stream) > 0)
        stream->events->on_room(stream);
}

int mux_stream_reserve(struct mux_stream *stream, struct iovec *parts, int most) {
    size_t room = mux_stream_room(stream);
    int count = send_buffer_reserve(&stream->out, room, parts, most);
    if (count == 0 && room > 0)
        note_lack(stream);
    return count;
}

void mux_stream_commit(struct mux_stream *stream, size_t length) {
    send_buffer_commit(&stream->out, length);
    mux_stream_ready(stream);
}

bool mux_stream_append(struct mux_stream *stream, const uint8_t *bytes, size_t length) {
    if (!send_buffer_append(&stream->out, bytes, length)) {
        note_lack(stream);
        return false;
    }
    mux_stream_ready(stream);
    return true;
}

void mux_stream_finish(struct mux_stream *stream) {
    stream->finished = true;
    mux_stream_ready(stream);
}

/* ---- read ---- */

static bool is_all_consumed(const struct mux_stream *stream) {
    return stream->rules.got_fin && stream->consumed == stream->rules.taken;
}

/* Not for each message: a sender frees what it kept, and has waited for nothing. */
bool mux_ack_is_due(const struct mux_stream *stream) {
    bool is_exclusive = stream_carrier_is_exclusive(stream->rules.in);
    stream_position owed = stream->consumed - stream->rules.acked_by_us;
    return stream->rules.repeats_ack || owed >= (is_exclusive ? ACK_EACH : SEND_MEMORY_FLOOR);
}

/* The last one of a stream, for which the sender does not wait; or of bulk: a sender that is short of memory keeps no
 * more than SEND_MEMORY_FLOOR, and then waits. */
bool mux_ack_goes_along(const struct mux_stream *stream) {
    return is_all_consumed(stream) || stream->consumed - stream->rules.acked_by_us >= SEND_MEMORY_FLOOR;
}

static void note_consumed(struct mux_stream *stream, stream_position length) {
    stream->consumed += length;
    if (mux_ack_is_due(stream) && !is_all_consumed(stream)) {
        mux_stream_ready(stream);
        return;
    }
    bool goes_along = mux_ack_goes_along(stream);
    mux_stream_lazy(stream, goes_along);
    if (goes_along && stream->carrier)
        defer_add(stream->mux->options.ends, &stream->carrier->ends);
}

void mux_stream_consumed(struct mux_stream *stream, size_t length) {
    assert(length <= stream->waiting);
    stream->waiting -= length;
    stream->mux->waiting -= length;
    note_consumed(stream, length);
}

void mux_stream_consumed_fin(struct mux_stream *stream) {
    note_consumed(stream, 1);
}

void mux_stream_repeat_ack(struct mux_stream *stream) {
    if (stream->rules.phase != STREAM_OPEN)
        return;
    stream->rules.repeats_ack = true;
    mux_stream_ready(stream);
}

bool mux_stream_is_suspended(const struct mux_stream *stream) {
    return stream->suspended_us != 0;
}
