/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * resume: streams whose carrier was lost. See mux.h.
 *
 * Suspended streams keep their bytes and take no more than their window from the plain side. Those whose RESUME has not
 * been sent are in a list of their own: while thousands wait for the peer's answers, each turn sees to the few others.
 */
#include "config.h"

#include "relay/mux/mux_priv.h"

#include "lib/base/clock.h"

void mux_stream_note_suspension(struct mux_stream *stream) {
    struct mux *mux = stream->mux;
    if (stream->suspended_us == 0) {
        mux->suspended++;
        counter_add(&mux->options.counts->suspensions, 1);
        stream->suspended_us = clock_us();
    }
    mux_stream_set_carrier(stream, NULL);
    mux_unblock(mux, stream);
    mux_stream_enlist(stream, stream_must_resume(&stream->rules) ? &mux->unresumed : &mux->resuming);
}

/* False: on_room has ended it. */
static bool note_resumption(struct mux_stream *stream) {
    const struct mux *mux = stream->mux;
    uint32_t number = stream->number;
    stream->suspended_us = 0;
    counter_add(&mux->options.counts->resumptions, 1);
    stream->mux->suspended--;
    mux_stream_enlist(stream, &stream->mux->running);
    mux_stream_ready(stream);
    mux_stream_tell_room(stream);
    return number_map_find(&mux->streams, number) == stream;
}

bool mux_stream_settle(struct mux_stream *stream) {
    if (stream->rules.phase == STREAM_OVER) {
        mux_stream_over(stream, NULL, 0);
        return false;
    }
    if (stream->suspended_us != 0 && !stream->rules.is_suspended)
        return note_resumption(stream);
    return true;
}

void mux_resume_all(struct mux *mux) {
    struct mux_carrier *carrier = TAILQ_EMPTY(&mux->unresumed) ? NULL : mux_shared_carrier(mux);
    struct mux_stream *stream;
    while (carrier && (stream = TAILQ_FIRST(&mux->unresumed)) && !carrier->ops->is_full(carrier->link)) {
        stream_resume(&stream->rules, carrier->id);
        mux_put_epoch(carrier, FRAME_RESUME, stream, stream->rules.taken);
        mux_stream_enlist(stream, &mux->resuming);
    }
}

static void give_up(struct mux *mux, struct mux_streams *list, uint64_t now_us) {
    static const char lost[] = "{\"reason\":\"the links to the other side did not come back in time\"}";
    uint64_t timeout_us = mux->options.resume_timeout_ms * 1000ull;
    struct mux_stream *stream;
    for (mux->next_swept = TAILQ_FIRST(list); (stream = mux->next_swept);) {
        mux->next_swept = TAILQ_NEXT(stream, listed);
        if (now_us < stream->suspended_us + timeout_us) /* it may have been suspended later than `now_us` was asked */
            continue;
        counter_add(&mux->options.counts->given_up, 1);
        mux_stream_give_up(stream, lost);
    }
}

void mux_give_up_suspended(struct mux *mux, uint64_t now_us) {
    give_up(mux, &mux->resuming, now_us);
    give_up(mux, &mux->unresumed, now_us);
}
