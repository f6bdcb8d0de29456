/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * stream: see stream.h.
 */
#include "config.h"

#include "proto/stream.h"

#include <string.h>

static void forget_carriers(struct stream *stream) {
    stream->out = stream->in = stream->in_next = stream->acked_on = stream->resumed_on = 0;
    stream->in_next_at = 0;
}

void stream_begin(struct stream *stream, enum stream_side side) {
    memset(stream, 0, sizeof *stream);
    stream->side = (uint8_t)side;
}

void stream_begin_datagrams(struct stream *stream) {
    stream->has_datagrams = true;
    stream->got_fin = true;
}

void stream_end(struct stream *stream, enum stream_outcome_how how, stream_carrier carrier) {
    stream_begin(stream, (enum stream_side)stream->side);
    stream->phase = STREAM_OVER;
    stream->outcome.how = (uint8_t)how;
    stream->outcome.last_on = carrier;
}

/* The peer's FIN, too, is with our own reader only when we have acknowledged it. */
static bool has_peers_end(const struct stream *stream) {
    return stream->got_fin && stream->acked_by_us == stream->taken;
}

static bool is_delivered(const struct stream *stream) {
    return has_peers_end(stream) && stream->sent_fin && stream->acked == stream->highest;
}

/* The end of the whole stream: it was delivered both ways, and our ACK of the peer's end is on its way. */
static void end_if_whole(struct stream *stream) {
    if (stream->phase == STREAM_OPEN && !stream->is_suspended && is_delivered(stream) && !stream->repeats_ack)
        stream_end(stream, STREAM_HOW_WHOLE, stream->acked_on);
}

/* Suspended until both halves are there: the peer's RESUME, and CONTINUE for ours. */
static void end_suspension(struct stream *stream) {
    if (stream->is_suspended && stream->got_resume && stream->in)
        stream->is_suspended = stream->got_resume = false;
    end_if_whole(stream);
}

static void suspend(struct stream *stream, stream_epoch epoch) {
    forget_carriers(stream);
    stream->epoch = epoch;
    stream->is_suspended = true;
    stream->got_resume = false;
    stream->repeats_ack = stream->acked_by_us > 0;
}

static void follow_move(struct stream *stream) {
    if (!stream->in_next || stream->in_next_at != stream->taken)
        return;
    stream->in = stream->in_next;
    stream->in_next = 0;
    stream->in_next_at = 0;
}

/* ---- frames of the peer's ---- */

/* Positions are counted by both ends, and not on the wire. What comes by another carrier than the present one is from
 * before a resumption, and is sent again. */
const char *stream_take_bytes(struct stream *stream, stream_carrier carrier, stream_position length, bool is_fin,
                              stream_position window, bool *is_taken) {
    *is_taken = false;
    if (stream->in != carrier)
        return NULL;
    if (stream->got_fin)
        return stream->has_datagrams ? "DATA or FIN on a stream of datagrams" : "DATA or FIN behind FIN";
    if (stream->side == STREAM_SERVER && stream->phase == STREAM_OPENING)
        return "DATA or FIN before OPENED";
    stream_position waiting = (stream_position)(stream->taken - stream->acked_by_us);
    if (waiting > window || length > window - waiting)
        return "more than the window";
    if (stream->in_next && length > (stream_position)(stream->in_next_at - stream->taken))
        return "bytes on a carrier that the stream has left";
    stream->taken = (stream_position)(stream->taken + length);
    stream->got_fin = is_fin;
    *is_taken = true;
    follow_move(stream);
    return NULL;
}

const char *stream_take_datagram(const struct stream *stream, stream_carrier carrier, bool *is_taken) {
    *is_taken = stream->in == carrier;
    if (!stream->has_datagrams)
        return "DATAGRAM on a stream of bytes";
    if (stream_carrier_is_exclusive(carrier))
        return "DATAGRAM on an exclusive link";
    bool is_early = stream->side == STREAM_SERVER && stream->phase == STREAM_OPENING;
    return is_early && *is_taken ? "DATAGRAM before OPENED" : NULL;
}

const char *stream_take_opened(struct stream *stream) {
    if (stream->side == STREAM_AGENT)
        return "OPENED from the server";
    stream->phase = STREAM_OPEN; /* or is open already, and this one repeats what a resumption may have lost */
    return NULL;
}

const char *stream_take_refused(struct stream *stream) {
    return stream_take_ended(stream, STREAM_HOW_REFUSED);
}

void stream_take_reset(struct stream *stream) {
    stream_end(stream, STREAM_HOW_RESET, 0);
}

const char *stream_take_ack(struct stream *stream, stream_position position) {
    if (position > stream->next) /* after a resumption the peer has what it asked to go on from, at most */
        return "ACK of what was not sent";
    if (stream->side == STREAM_SERVER && stream->phase == STREAM_OPENING && position > 0)
        return "ACK before OPENED";
    if (position > stream->acked) /* else it was overtaken by a later one, on another carrier */
        stream->acked = position;
    end_if_whole(stream);
    return NULL;
}

const char *stream_take_continue(struct stream *stream, stream_carrier carrier, stream_epoch epoch,
                                 stream_position position, stream_position window) {
    if (stream->has_datagrams && stream_carrier_is_exclusive(carrier))
        return "CONTINUE of datagrams on an exclusive link";
    if (epoch != stream->epoch)
        return epoch > stream->epoch ? "CONTINUE of a resumption that was not asked for" : NULL;
    if (position < stream->taken)
        return "CONTINUE before what was taken";
    if ((stream_position)(position - stream->acked_by_us) > window)
        return "CONTINUE beyond the window";
    bool is_answer = !stream->in && carrier == stream->resumed_on;
    if (is_answer && position != stream->taken)
        return "CONTINUE elsewhere than RESUME asked for";
    if (!is_answer && (!stream->in || position != stream->taken)) {
        if (!stream_carrier_is_exclusive(carrier))
            return "CONTINUE on a shared link ahead of what it follows";
        stream->in_next = carrier;
        stream->in_next_at = position;
        return NULL;
    }
    stream->in = carrier;
    stream->resumed_on = 0;
    follow_move(stream); /* a move may have overtaken the answer */
    end_suspension(stream);
    return NULL;
}

const char *stream_take_resume(struct stream *stream, stream_carrier carrier, stream_epoch epoch,
                               stream_position position, struct stream_answer *answer) {
    *answer = (struct stream_answer){0};
    if (epoch < stream->epoch)
        return NULL; /* overtaken by a later one, on another carrier */
    if (epoch > stream->epoch)
        suspend(stream, epoch);
    else if (!stream->is_suspended || stream->got_resume)
        return "RESUME twice";
    if (position < stream->acked || position > stream->highest)
        return "RESUME from where there is nothing";
    stream->got_resume = true;
    stream->next = stream->moved_at = position;
    stream->out = carrier;
    answer->resume = stream_must_resume(stream);
    if (answer->resume)
        stream_resume(stream, carrier);
    answer->go_on = true;
    answer->opened = stream->side == STREAM_AGENT && stream->phase == STREAM_OPEN;
    end_suspension(stream);
    return NULL;
}

/* The peer has no such stream any more. What that means depends on what this end knows of it. */
const char *stream_take_ended(struct stream *stream, enum stream_outcome_how how) {
    if (how == STREAM_HOW_NOT) /* the last frame was confirmed: the ACK of the end. Or the peer had no memory for it. */
        how = is_delivered(stream) ? STREAM_HOW_WHOLE : STREAM_HOW_RESET;
    if (how == STREAM_HOW_WHOLE && (!has_peers_end(stream) || !stream->sent_fin))
        return "ENDED whole, but not here";
    bool may_be_unserved = stream->side == STREAM_SERVER && stream->phase == STREAM_OPENING;
    if ((how == STREAM_HOW_UNKNOWN || how == STREAM_HOW_REFUSED) && !may_be_unserved)
        return "refused or unknown, though it was opened";
    if (how > STREAM_HOW_UNKNOWN)
        return "ENDED in a way that there is not";
    stream_end(stream, how == STREAM_HOW_UNKNOWN ? STREAM_HOW_ELSEWHERE : how, 0);
    return NULL;
}

bool stream_reads(const struct stream *stream, stream_carrier carrier) {
    return !carrier || stream->in_next != carrier;
}

/* ---- what this end does ---- */

void stream_open(struct stream *stream, stream_carrier carrier) {
    stream->phase = STREAM_OPENING;
    stream->in = stream->out = carrier;
}

void stream_connected(struct stream *stream) {
    stream->phase = STREAM_OPEN;
}

stream_position stream_may_send(const struct stream *stream, stream_position window) {
    bool is_ready = stream->phase == STREAM_OPEN || (stream->phase == STREAM_OPENING && stream->side == STREAM_SERVER);
    bool has_all_sent = stream->sent_fin && stream->next == stream->highest;
    stream_position under_way = (stream_position)(stream->next - stream->acked);
    return is_ready && stream->out && !has_all_sent && under_way < window ? (stream_position)(window - under_way) : 0;
}

void stream_sent(struct stream *stream, stream_position length, bool is_fin) {
    stream->next = (stream_position)(stream->next + length);
    if (stream->next > stream->highest)
        stream->highest = stream->next;
    stream->sent_fin |= is_fin;
}

bool stream_may_ack(const struct stream *stream) {
    return stream->phase == STREAM_OPEN && stream->out && (stream->acked_by_us != stream->taken || stream->repeats_ack);
}

void stream_acked(struct stream *stream, stream_position position) {
    stream->acked_by_us = position;
    stream->repeats_ack = false;
    stream->acked_on = stream->out;
    end_if_whole(stream);
}

bool stream_may_move(const struct stream *stream, stream_carrier carrier) {
    if (stream->phase != STREAM_OPEN || stream->is_suspended || !stream->out || stream->out == carrier ||
        stream->acked <= stream->moved_at)
        return false;
    return stream_carrier_is_exclusive(carrier) ||
           (stream_carrier_is_exclusive(stream->out) && stream->acked == stream->next);
}

void stream_move(struct stream *stream, stream_carrier carrier) {
    stream->out = carrier;
    stream->moved_at = stream->next;
}

void stream_lose(struct stream *stream, stream_carrier carrier) {
    if (stream->phase != STREAM_OPENING && stream->phase != STREAM_OPEN)
        return;
    if (stream->out == carrier || stream->in == carrier || stream->in_next == carrier ||
        stream->resumed_on == carrier || stream->acked_on == carrier)
        suspend(stream, (stream_epoch)(stream->epoch + 1));
}

bool stream_must_resume(const struct stream *stream) {
    return stream->is_suspended && !stream->resumed_on && !stream->in;
}

void stream_resume(struct stream *stream, stream_carrier carrier) {
    stream->resumed_on = carrier;
}
