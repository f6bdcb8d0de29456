/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mux: its life and its carriers. See mux.h.
 */
#include "config.h"

#include "relay/mux/mux_priv.h"

#include "lib/base/clock.h"

#include <assert.h>
#include <stdlib.h>

struct mux *mux_new(const struct mux_options *options) {
    struct mux *mux = calloc(1, sizeof *mux);
    if (!mux || (options->is_agent && !seen_numbers_reserve(&mux->seen))) {
        free(mux);
        return NULL;
    }
    mux->options = *options;
    mux->next_number = 1;
    TAILQ_INIT(&mux->running);
    TAILQ_INIT(&mux->resuming);
    TAILQ_INIT(&mux->unresumed);
    TAILQ_INIT(&mux->orphans);
    TAILQ_INIT(&mux->carriers);
    return mux;
}

void mux_free(struct mux *mux) {
    if (!mux)
        return;
    assert(TAILQ_EMPTY(&mux->carriers) && mux->streams.count == 0);
    mux_forget_all(mux);
    number_map_clear(&mux->streams);
    number_map_clear(&mux->outcomes);
    seen_numbers_clear(&mux->seen);
    free(mux);
}

void mux_count(const struct mux *mux, struct mux_counts *counts) {
    *counts = (struct mux_counts){.streams = mux->streams.count,
                                  .suspended = mux->suspended,
                                  .carriers = mux->carrier_count,
                                  .outcomes = mux->outcomes.count,
                                  .waiting = mux->waiting};
}

bool mux_accept(struct mux *mux, struct mux_stream *stream, uint32_t number) {
    return mux_stream_enter(mux, stream, number, mux->opening);
}

/* ---- carriers ---- */

struct mux_carrier *mux_add_carrier(struct mux *mux, bool is_exclusive, const struct mux_link_ops *ops, void *link) {
    bool is_possible = mux->carrier_count < MUX_CARRIERS_MOST && mux->last_id < STREAM_EXCLUSIVE - 1;
    struct mux_carrier *carrier = is_possible ? calloc(1, sizeof *carrier) : NULL;
    if (!carrier)
        return NULL;
    carrier->mux = mux;
    carrier->ops = ops;
    carrier->link = link;
    carrier->id = ++mux->last_id | (is_exclusive ? STREAM_EXCLUSIVE : 0);
    carrier->turn.run = mux_on_turn;
    carrier->ends.run = mux_on_ends;
    TAILQ_INIT(&carrier->ready);
    TAILQ_INIT(&carrier->lazy);
    TAILQ_INIT(&carrier->outcomes);
    TAILQ_INSERT_HEAD(&mux->carriers, carrier, next);
    mux->carrier_count++;
    mux_resume_all(mux);
    mux_repeat_outcomes(mux);
    return carrier;
}

static void lose_stream(struct mux_stream *stream, const struct mux_carrier *carrier) {
    stream_epoch before = stream->rules.epoch;
    stream_lose(&stream->rules, carrier->id);
    if (stream->rules.epoch == before)
        return;
    mux_stream_note_suspension(stream);
    stream->events->on_suspended(stream);
}

static void lose_streams(struct mux *mux, struct mux_streams *list, const struct mux_carrier *carrier) {
    struct mux_stream *stream;
    for (mux->next_swept = TAILQ_FIRST(list); (stream = mux->next_swept);) {
        mux->next_swept = TAILQ_NEXT(stream, listed);
        lose_stream(stream, carrier);
    }
}

void mux_carrier_lost(struct mux_carrier *carrier) {
    struct mux *mux = carrier->mux;
    assert(!carrier->is_in_turn);
    mux_frames_end(carrier); /* they were taken, and do not come again */
    TAILQ_REMOVE(&mux->carriers, carrier, next);
    mux->carrier_count--;
    mux_forget_gathered(carrier);
    defer_cancel(mux->options.turns, &carrier->turn);
    defer_cancel(mux->options.ends, &carrier->ends);
    lose_streams(mux, &mux->running, carrier);
    lose_streams(mux, &mux->resuming, carrier);
    mux->unread -= carrier->unread;
    mux_orphan_outcomes(carrier);
    free(carrier);
    mux_resume_all(mux);
    mux_repeat_outcomes(mux);
    if (mux->options.resume_timeout_ms == 0)
        mux_give_up_suspended(mux, clock_us());
    else if (mux->suspended > 0 && !mux_shared_carrier(mux))
        mux_want_shared(mux, clock_us());
}

void mux_carrier_writable(struct mux_carrier *carrier) {
    mux_schedule(carrier);
}

static void sweep_carrier(struct mux_carrier *carrier, uint64_t now_us) {
    static const char blocked[] = "{\"reason\":\"bytes before a change of links did not come\"}";
    if (carrier->blocker && now_us >= carrier->blocked_us + MUX_BLOCKED_MS * 1000ull)
        mux_stream_give_up(carrier->blocker, blocked);
    mux_confirm_outcomes(carrier, now_us);
    if (carrier->user)
        mux_sweep_moves(carrier->user, now_us);
    if (TAILQ_EMPTY(&carrier->lazy))
        return;
    carrier->acknowledges = true;
    mux_schedule(carrier);
}

static void fill_again(struct mux *mux) {
    struct mux_stream *stream;
    mux->lacks_memory = false;
    for (mux->next_swept = TAILQ_FIRST(&mux->running); (stream = mux->next_swept);) {
        mux->next_swept = TAILQ_NEXT(stream, listed);
        mux_stream_tell_room(stream);
    }
}

/* What is idle costs nothing here. */
void mux_sweep(struct mux *mux, uint64_t now_us) {
    struct mux_carrier *carrier;
    TAILQ_FOREACH (carrier, &mux->carriers, next) {
        sweep_carrier(carrier, now_us);
    }
    mux_give_up_suspended(mux, now_us);
    if (mux->lacks_memory)
        fill_again(mux);
    if (mux->suspended > 0 && !mux_shared_carrier(mux))
        mux_want_shared(mux, now_us);
}
