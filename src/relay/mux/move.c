/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * move: which streams send by an exclusive carrier: those that send much, as long as they do. See mux.h.
 *
 * On a shared carrier a bulk stream would fill the kernel's buffer in front of all others. Each end decides for what it
 * sends itself; the peer's reader notices nothing.
 */
#include "config.h"

#include "relay/mux/mux_priv.h"

#include "lib/base/clock.h"

enum {
    SECOND_US = 1000000,
    BULK_BYTES = 128 * 1024,  /* within a second: it moves */
    BULK_STARVED = 2,         /* or so often without credit, within a second */
    BULK_LIMITED = 96 * 1024, /* of a stream with a limit only if it has moved more than its first window, too */
    QUIET_US = 3 * SECOND_US, /* it moves back */
    WANT_EACH_US = 100000
};

static void begin_second(struct mux_stream *stream, uint64_t now_us) {
    if (now_us - stream->second_us < SECOND_US)
        return;
    stream->second_us = now_us;
    stream->sent_in_second = 0;
    stream->starved = 0;
}

void mux_note_sent(struct mux_stream *stream, size_t length, uint64_t now_us) {
    begin_second(stream, now_us);
    stream->sent_in_second += (uint32_t)length; /* of a few GiB at most */
    stream->quiet_us = now_us;
}

void mux_note_starved(struct mux_stream *stream, uint64_t now_us) {
    begin_second(stream, now_us);
    if (stream->starved < BULK_STARVED)
        stream->starved++;
}

static void begin_round(struct mux_stream *stream, uint64_t now_us) {
    stream->round_us = now_us;
    stream->round_from = stream->rules.acked;
    stream->round_to = stream->rules.next;
    stream->has_waited = false;
}

/* A wider window is tried where ACKs were waited for, and again only if that was faster: within a machine ACKs are
 * waited for, too, and more bytes on their way would only leave the cache before they are acknowledged. */
static void end_round(struct mux_stream *stream, uint64_t now_us) {
    uint64_t elapsed_us = now_us > stream->round_us ? now_us - stream->round_us : 1;
    uint64_t rate = (stream->rules.acked - stream->round_from) * SECOND_US / elapsed_us;
    bool is_faster = rate >= stream->rate + stream->rate / 4;
    if (stream->has_waited && is_faster && stream->window < MUX_WINDOW_EXCLUSIVE) {
        stream->rate = rate;
        stream->window = stream->window < MUX_WINDOW_EXCLUSIVE / 2 ? 2 * stream->window : MUX_WINDOW_EXCLUSIVE;
    }
    begin_round(stream, now_us);
}

/* If all was sent that the window allows, and there would be more, then it is ACKs that the stream waits for. */
void mux_note_ack(struct mux_stream *stream, uint64_t now_us) {
    bool is_waiting = stream->wants_room && stream->rules.next == stream->out.end;
    if (is_waiting)
        mux_note_starved(stream, now_us);
    stream->has_waited |= is_waiting;
    if (stream_carrier_is_exclusive(stream->rules.out) && stream->rules.acked >= stream->round_to)
        end_round(stream, now_us);
}

static struct mux_carrier *free_exclusive(const struct mux *mux) {
    struct mux_carrier *carrier;
    TAILQ_FOREACH (carrier, &mux->carriers, next) {
        if (stream_carrier_is_exclusive(carrier->id) && !carrier->user)
            return carrier;
    }
    return NULL;
}

static void move_to(struct mux_stream *stream, struct mux_carrier *carrier) {
    stream_move(&stream->rules, carrier->id);
    stream->window = MUX_WINDOW_FIRST;
    stream->rate = 0;
    begin_round(stream, clock_us());
    mux_stream_set_carrier(stream, carrier);
    mux_put_epoch(carrier, FRAME_CONTINUE, stream, stream->rules.next);
    mux_stream_ready(stream);
}

static bool is_starved(const struct mux_stream *stream) {
    return stream->starved >= BULK_STARVED && (!stream->is_limited || stream->sent_in_second > BULK_LIMITED);
}

static bool would_move(const struct mux_stream *stream, uint64_t now_us) {
    bool is_bulk = stream->sent_in_second > BULK_BYTES || is_starved(stream);
    return is_bulk && now_us - stream->second_us <= SECOND_US && !stream_carrier_is_exclusive(stream->rules.out);
}

static void want_exclusive(struct mux *mux, uint64_t now_us) {
    const struct mux_stream *stream;
    unsigned count = 0;
    if (now_us < mux->wanted_us[true] + WANT_EACH_US)
        return;
    mux->wanted_us[true] = now_us;
    TAILQ_FOREACH (stream, &mux->running, listed) {
        count += would_move(stream, now_us);
    }
    if (count > 0)
        mux->options.on_want_carriers(mux->options.context, true, count);
}

/* With nothing left to send nothing would be acknowledged there, which a move back waits for: the stream would hold
 * the carrier for as long as it is quiet. */
void mux_stream_try_move(struct mux_stream *stream, uint64_t now_us) {
    if (stream->rules.next >= stream->out.end || !would_move(stream, now_us))
        return;
    struct mux_carrier *carrier = free_exclusive(stream->mux);
    if (!carrier)
        want_exclusive(stream->mux, now_us);
    else if (stream_may_move(&stream->rules, carrier->id))
        move_to(stream, carrier);
}

void mux_sweep_moves(struct mux_stream *stream, uint64_t now_us) {
    if (!stream_carrier_is_exclusive(stream->rules.out) || now_us < stream->quiet_us + QUIET_US)
        return;
    struct mux_carrier *carrier = mux_shared_carrier(stream->mux);
    if (carrier && stream_may_move(&stream->rules, carrier->id))
        move_to(stream, carrier);
}
