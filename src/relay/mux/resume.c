/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * resume: streams whose carrier was lost. See mux.h.
 *
 * Suspended streams are at the head of the list of all, those that have still to be resumed among them. They keep
 * their bytes and take no more than their window from the plain side.
 */
#include "config.h"

#include "relay/mux/mux_priv.h"

#include "lib/base/clock.h"

void mux_stream_note_suspension(struct mux_stream *stream) {
    struct mux *mux = stream->mux;
    mux->suspended += stream->suspended_us == 0;
    if (stream->suspended_us == 0)
        stream->suspended_us = clock_us();
    mux_stream_set_carrier(stream, NULL);
    mux_unblock(mux, stream);
    TAILQ_REMOVE(&mux->all, stream, all);
    TAILQ_INSERT_HEAD(&mux->all, stream, all);
}

static void note_resumption(struct mux_stream *stream) {
    stream->suspended_us = 0;
    stream->mux->suspended--;
    TAILQ_REMOVE(&stream->mux->all, stream, all);
    TAILQ_INSERT_TAIL(&stream->mux->all, stream, all);
    mux_stream_ready(stream);
    mux_stream_tell_room(stream);
}

bool mux_stream_settle(struct mux_stream *stream) {
    if (stream->rules.phase == STREAM_OVER) {
        mux_stream_over(stream, NULL, 0);
        return false;
    }
    if (stream->suspended_us != 0 && !stream->rules.is_suspended)
        note_resumption(stream);
    return true;
}

void mux_resume_all(struct mux *mux) {
    struct mux_stream *stream;
    struct mux_carrier *carrier = mux_shared_carrier(mux);
    TAILQ_FOREACH (stream, &mux->all, all) {
        if (!carrier || carrier->ops->is_full(carrier->link) || stream->suspended_us == 0)
            break;
        if (!stream_must_resume(&stream->rules))
            continue;
        stream_resume(&stream->rules, carrier->id);
        mux_put_epoch(carrier, FRAME_RESUME, stream, stream->rules.taken);
    }
}
