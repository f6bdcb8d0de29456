/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * stream_rules: see stream_rules.h.
 */
#include "config.h"

#include "stream_rules.h"

#include <string.h>

static struct carried_frame frame_of(enum carried_type type, uint8_t epoch, uint8_t value) {
    return (struct carried_frame){(uint8_t)type, epoch, value};
}

static void reply(struct carried_replies *replies, enum carried_type type, uint8_t epoch, uint8_t value) {
    replies->frames[replies->count++] = frame_of(type, epoch, value);
}

static void forget_carriers(struct stream *stream) {
    stream->out = stream->in = stream->in_next = stream->acked_on = stream->resumed_on = NO_CARRIER;
    stream->in_next_at = 0;
}

void stream_begin(struct stream *stream, enum stream_side side) {
    memset(stream, 0, sizeof *stream);
    stream->side = (uint8_t)side;
    forget_carriers(stream);
    stream->last_on = NO_CARRIER;
}

void stream_end(struct stream *stream, enum stream_how how, int carrier) {
    stream_begin(stream, stream->side);
    stream->state = STREAM_OVER;
    stream->how = (uint8_t)how;
    stream->last_on = (int8_t)carrier;
}

static bool has_all(const struct stream *stream) {
    return stream->got_fin && stream->sent_fin && stream->acked == stream->highest;
}

/* The end of the whole stream: ours was acknowledged, the peer's was taken, and our ACK of that is on its way. */
static void settle(struct stream *stream) {
    if (stream->is_suspended && stream->got_resume && stream->in != NO_CARRIER)
        stream->is_suspended = stream->got_resume = false;
    if (stream->state == STREAM_OPEN && !stream->is_suspended && has_all(stream) &&
        stream->acked_by_us == stream->taken)
        stream_end(stream, HOW_WHOLE, stream->acked_on);
}

static void suspend(struct stream *stream, uint8_t epoch) {
    forget_carriers(stream);
    stream->epoch = epoch;
    stream->is_suspended = true;
    stream->got_resume = false;
}

static void follow(struct stream *stream) {
    if (stream->in_next == NO_CARRIER || stream->in_next_at != stream->taken)
        return;
    stream->in = stream->in_next;
    stream->in_next = NO_CARRIER;
    stream->in_next_at = 0;
}

/* ---- frames ---- */

static const char *take_bytes(struct stream *stream, int carrier, struct carried_frame frame) {
    if (stream->in != carrier)
        return NULL; /* from before a resumption: it is sent again */
    if (frame.value != stream->taken)
        return "a byte is missing or came twice"; /* positions are counted by both ends, and not on the wire */
    if (stream->got_fin)
        return "DATA after FIN";
    stream->taken++;
    stream->got_fin = frame.type == CARRIED_FIN;
    follow(stream);
    return NULL;
}

static const char *take_ack(struct stream *stream, uint8_t position) {
    if (position > stream->highest)
        return "ACK of what was never sent";
    if (position > stream->acked)
        stream->acked = position;
    return NULL;
}

static const char *take_continue(struct stream *stream, int carrier, struct carried_frame frame) {
    if (frame.epoch != stream->epoch)
        return frame.epoch > stream->epoch ? "CONTINUE of a resumption that was not asked for" : NULL;
    if (frame.value < stream->taken)
        return "CONTINUE before what was taken";
    bool is_answer = stream->in == NO_CARRIER && carrier == stream->resumed_on;
    if (is_answer && frame.value != stream->taken)
        return "CONTINUE elsewhere than RESUME asked for";
    if (is_answer || (stream->in != NO_CARRIER && frame.value == stream->taken)) {
        stream->in = (int8_t)carrier;
        stream->resumed_on = NO_CARRIER;
        follow(stream); /* a move may have overtaken the answer */
        return NULL;
    }
    if (carrier != EXCLUSIVE)
        return "CONTINUE on a shared link ahead of what it follows";
    stream->in_next = (int8_t)carrier;
    stream->in_next_at = frame.value;
    return NULL;
}

static const char *take_resume(struct stream *stream, int carrier, struct carried_frame frame,
                               struct carried_replies *replies) {
    if (frame.epoch < stream->epoch)
        return NULL; /* overtaken by a later one, on another carrier */
    if (frame.epoch > stream->epoch)
        suspend(stream, frame.epoch);
    else if (!stream->is_suspended || stream->got_resume)
        return "RESUME twice";
    if (frame.value < stream->acked || frame.value > stream->highest)
        return "RESUME from where there is nothing";
    stream->got_resume = true;
    stream->next = stream->moved_at = frame.value;
    stream->out = (int8_t)carrier;
    if (stream_must_resume(stream)) {
        stream->resumed_on = (int8_t)carrier;
        reply(replies, CARRIED_RESUME, stream->epoch, stream->taken);
    }
    reply(replies, CARRIED_CONTINUE, stream->epoch, stream->next);
    return NULL;
}

/* The peer has no such stream any more. What that means depends on what this end knows of it. */
static const char *take_ended(struct stream *stream, int carrier, enum stream_how how) {
    if (how == HOW_NOT ||
        how == HOW_WHOLE) { /* not known: our last frame was confirmed, so it was the ACK of the end */
        if (!stream->got_fin || !stream->sent_fin || (how == HOW_NOT && !has_all(stream)))
            return "ended whole, but not here";
        stream_end(stream, HOW_WHOLE, carrier);
        return NULL;
    }
    if (how == HOW_UNKNOWN && (stream->side == AGENT || stream->state != STREAM_OPENING))
        return "not known, though it was opened";
    if (how == HOW_REFUSED && stream->state != STREAM_OPENING)
        return "refused, though it was opened";
    stream_end(stream, how == HOW_UNKNOWN ? HOW_ELSEWHERE : how, carrier);
    return NULL;
}

/* An OPEN that comes later, by another carrier, is not served: the server may have given the client to another agent.
 */
static void take_when_new(struct stream *stream, int carrier, struct carried_frame frame,
                          struct carried_replies *replies) {
    if (frame.type == CARRIED_OPEN) {
        stream->state = STREAM_OPENING;
        stream->in = stream->out = (int8_t)carrier;
    } else if (frame.type == CARRIED_RESUME || frame.type == CARRIED_RESET || frame.type == CARRIED_ENDED) {
        stream_end(stream, HOW_UNKNOWN, carrier);
        if (frame.type == CARRIED_RESUME)
            reply(replies, CARRIED_ENDED, 0, HOW_UNKNOWN);
    }
}

static void take_when_over(struct stream *stream, int carrier, struct carried_frame frame,
                           struct carried_replies *replies) {
    if (frame.type == CARRIED_RESUME)
        reply(replies, CARRIED_ENDED, 0, stream->is_confirmed && stream->how != HOW_UNKNOWN ? HOW_NOT : stream->how);
    if (frame.type == CARRIED_PONG && carrier == stream->last_on)
        stream->is_confirmed = true;
}

static const char *take_when_open(struct stream *stream, int carrier, struct carried_frame frame,
                                  struct carried_replies *replies) {
    switch (frame.type) {
    case CARRIED_OPEN:
        return "OPEN twice";
    case CARRIED_OPENED:
        stream->state = STREAM_OPEN;
        return NULL;
    case CARRIED_REFUSED:
        return take_ended(stream, carrier, HOW_REFUSED);
    case CARRIED_RESET:
        stream_end(stream, HOW_RESET, carrier);
        return NULL;
    case CARRIED_ENDED:
        return take_ended(stream, carrier, frame.value);
    case CARRIED_DATA:
    case CARRIED_FIN:
        return take_bytes(stream, carrier, frame);
    case CARRIED_ACK:
        return take_ack(stream, frame.value);
    case CARRIED_CONTINUE:
        return take_continue(stream, carrier, frame);
    case CARRIED_RESUME:
        return take_resume(stream, carrier, frame, replies);
    default:
        return NULL;
    }
}

const char *stream_take(struct stream *stream, int carrier, struct carried_frame frame,
                        struct carried_replies *replies) {
    const char *violation = NULL;
    replies->count = 0;
    if (frame.type == CARRIED_PING)
        reply(replies, CARRIED_PONG, 0, 0);
    else if (stream->state == STREAM_NEW)
        take_when_new(stream, carrier, frame, replies);
    else if (stream->state == STREAM_OVER)
        take_when_over(stream, carrier, frame, replies);
    else
        violation = take_when_open(stream, carrier, frame, replies);
    settle(stream);
    return violation;
}

bool stream_reads(const struct stream *stream, int carrier) {
    return stream->in_next != carrier;
}

/* ---- what this end does ---- */

void stream_open(struct stream *stream, int carrier) {
    stream->state = STREAM_OPENING;
    stream->in = stream->out = (int8_t)carrier;
}

struct carried_frame stream_connected(struct stream *stream) {
    stream->state = STREAM_OPEN;
    return frame_of(CARRIED_OPENED, 0, 0);
}

bool stream_may_send(const struct stream *stream, unsigned window) {
    bool is_ready = stream->state == STREAM_OPEN || (stream->state == STREAM_OPENING && stream->side == SERVER);
    return is_ready && stream->out != NO_CARRIER && stream->next < stream->acked + window &&
           !(stream->sent_fin && stream->next == stream->highest);
}

struct carried_frame stream_send(struct stream *stream, bool is_fin) {
    struct carried_frame frame = frame_of(is_fin ? CARRIED_FIN : CARRIED_DATA, 0, stream->next++);
    if (stream->next > stream->highest)
        stream->highest = stream->next;
    stream->sent_fin |= is_fin;
    return frame;
}

bool stream_may_ack(const struct stream *stream) {
    return stream->state == STREAM_OPEN && stream->out != NO_CARRIER && stream->acked_by_us != stream->taken;
}

struct carried_frame stream_ack(struct stream *stream) {
    struct carried_frame frame = frame_of(CARRIED_ACK, 0, stream->taken);
    stream->acked_by_us = stream->taken;
    stream->acked_on = stream->out;
    settle(stream);
    return frame;
}

bool stream_may_move(const struct stream *stream, int carrier) {
    if (stream->state != STREAM_OPEN || stream->is_suspended || stream->out == NO_CARRIER || stream->out == carrier ||
        stream->acked <= stream->moved_at)
        return false;
    return carrier == EXCLUSIVE || (stream->out == EXCLUSIVE && stream->acked == stream->next);
}

struct carried_frame stream_move(struct stream *stream, int carrier) {
    stream->out = (int8_t)carrier;
    stream->moved_at = stream->next;
    return frame_of(CARRIED_CONTINUE, stream->epoch, stream->next);
}

void stream_lose(struct stream *stream, int carrier) {
    if (stream->state != STREAM_OPENING && stream->state != STREAM_OPEN)
        return;
    if (stream->out == carrier || stream->in == carrier || stream->in_next == carrier ||
        stream->resumed_on == carrier || stream->acked_on == carrier)
        suspend(stream, (uint8_t)(stream->epoch + 1));
}

bool stream_must_resume(const struct stream *stream) {
    return stream->is_suspended && stream->resumed_on == NO_CARRIER && stream->in == NO_CARRIER;
}

struct carried_frame stream_resume(struct stream *stream, int carrier) {
    stream->resumed_on = (int8_t)carrier;
    return frame_of(CARRIED_RESUME, stream->epoch, stream->taken);
}

bool stream_must_repeat_end(const struct stream *stream, const bool lost[CARRIERS]) {
    return stream->state == STREAM_OVER && !stream->is_confirmed && stream->last_on != NO_CARRIER &&
           lost[stream->last_on];
}

struct carried_frame stream_repeat_end(struct stream *stream, int carrier) {
    stream->last_on = (int8_t)carrier;
    return frame_of(CARRIED_ENDED, 0, stream->how);
}
