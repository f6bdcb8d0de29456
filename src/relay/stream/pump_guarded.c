/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pump_guarded: the pump of a client whose requests are judged one by one, see relay/http_guard.h. Its socket is read
 * into the guard, and from there into the stream. What is never passed on is not counted.
 */
#include "config.h"

#include "relay/stream/pump_priv.h"

#include "proto/frame.h"
#include "relay/http_guard.h"

enum { PIECES = 8, DISCARDS = 16, LINGER_SWEEPS = 2 };

/* False: the socket is closed, and the relay may be over. */
static bool bring(struct pump *pump, struct iovec *parts, int count) {
    if (!pump_write(pump, parts, count))
        pump->events->on_broken(pump);
    return pump->socket.fd >= 0;
}

/* ---- an answer ---- */

static void finish(struct pump *pump) {
    mux_stream_finish(&pump->stream);
    pump_note_move(pump);
}

/*
 * Behind it comes the end in both directions. The client is read on for a while: with bytes left close() would send
 * RST, which takes the answer with it. False: as above.
 */
static bool answer(struct pump *pump) {
    struct iovec part;
    part.iov_base = (void *)(uintptr_t)http_guard_answer(pump->guard, &part.iov_len);
    pump->is_answered = true;
    pump->lingers = pump->socket.got_end ? 0 : LINGER_SWEEPS;
    if (!bring(pump, &part, 1))
        return false;
    if (!stream_socket_end(&pump->socket)) {
        pump->events->on_broken(pump);
        return false;
    }
    if (!pump->stream.finished)
        mux_stream_finish(&pump->stream);
    pump_note_move(pump);
    stream_socket_set_reading(&pump->socket, true);
    return true;
}

static void end_when_due(struct pump *pump) {
    enum http_guard_step step = http_guard_next(pump->guard);
    if (step == HTTP_GUARD_ANSWER && !pump->got_fin)
        (void)answer(pump);
    else if (step != HTTP_GUARD_WAIT)
        finish(pump);
}

static bool end(struct pump *pump) {
    if (pump->is_answered)
        return true;
    http_guard_end(pump->guard);
    if (http_guard_state(pump->guard) != HTTP_GUARD_STOPPED)
        return true;
    enum http_guard_step step = http_guard_next(pump->guard);
    if (step == HTTP_GUARD_ANSWER)
        return answer(pump);
    if (step == HTTP_GUARD_FINISH && !pump->stream.finished)
        finish(pump);
    return true;
}

/* The client's end, or enough of waiting for it. */
static void end_linger(struct pump *pump) {
    pump->lingers = 0;
    pump_acknowledge(pump);
    pump_note_move(pump);
}

void pump_sweep_guarded(struct pump *pump) {
    if (pump->lingers > 1)
        pump->lingers--;
    else
        end_linger(pump);
}

/* ---- from the guard to the stream ---- */

/* False: some has to wait for room. */
static bool pass(struct pump *pump) {
    size_t length, room;
    const uint8_t *bytes;
    while ((bytes = http_guard_passable(pump->guard, &length)) && length > 0) {
        room = mux_stream_room(&pump->stream);
        length = length < room ? length : room;
        if (length == 0 || !mux_stream_append(&pump->stream, bytes, length))
            return false;
        http_guard_passed(pump->guard, length);
        pump->in += length;
        counter_add(&pump->bytes->in, length);
    }
    return true;
}

static void read_or_finish(struct pump *pump) {
    if (pump->socket.got_end)
        finish(pump);
    else
        stream_socket_set_reading(&pump->socket, true);
}

/* From now on as any other one. */
static void open_up(struct pump *pump) {
    http_guard_clear(pump->guard);
    pump->guard = NULL;
    pump->stage = NULL;
    stream_socket_set_events(&pump->socket, &pump_socket_events, pump->socket.context);
    read_or_finish(pump);
}

static void settle(struct pump *pump) {
    if (pump->stream.finished)
        return;
    enum http_guard_state state = pass(pump) ? http_guard_state(pump->guard) : HTTP_GUARD_HOLDING;
    if (state == HTTP_GUARD_READING) {
        read_or_finish(pump);
    } else if (state == HTTP_GUARD_OPEN) {
        open_up(pump);
    } else {
        stream_socket_set_reading(&pump->socket, false);
        if (state == HTTP_GUARD_STOPPED)
            end_when_due(pump);
    }
}

/* ---- from the socket to the guard ---- */

static enum stream_socket_read read_allowed(struct pump *pump, struct iovec *part, size_t *taken) {
    size_t allowed = part->iov_len;
    if (pump->throttle)
        allowed = throttle_take(pump->throttle, BANDWIDTH_IN, allowed);
    if (allowed == 0) {
        stream_socket_set_reading(&pump->socket, false); /* until on_due */
        return STREAM_SOCKET_NOTHING;
    }
    part->iov_len = allowed;
    enum stream_socket_read found = stream_socket_read(&pump->socket, part, 1, taken);
    if (pump->throttle)
        throttle_moved(pump->throttle, BANDWIDTH_IN, allowed, *taken);
    return found;
}

/* True: there is more, and it may be read at once. */
static bool read_piece(struct pump *pump) {
    struct iovec part;
    size_t taken = 0;
    part.iov_base = http_guard_room(pump->guard, &part.iov_len);
    pump->socket.lacks_memory = !part.iov_base;
    enum stream_socket_read found = part.iov_base ? read_allowed(pump, &part, &taken) : STREAM_SOCKET_BROKEN;
    http_guard_take(pump->guard, taken);
    if (found == STREAM_SOCKET_NOTHING)
        return false;
    if (found == STREAM_SOCKET_BROKEN) {
        pump->events->on_broken(pump);
        return false;
    }
    pump_note_move(pump);
    settle(pump);
    return pump->guard && pump->socket.reading && pump->socket.may_have_more;
}

/* What comes behind a request that was not passed on. It is no progress. */
static void discard(struct pump *pump) {
    uint8_t bytes[FRAME_DATA_MAX] = {0}; /* for cppcheck, which does not see who fills it; rarely done */
    enum stream_socket_read found = STREAM_SOCKET_DATA;
    for (int i = 0; i < DISCARDS && found == STREAM_SOCKET_DATA && pump->socket.may_have_more; i++) {
        struct iovec part = {bytes, sizeof bytes};
        size_t taken = 0;
        found = stream_socket_read(&pump->socket, &part, 1, &taken);
    }
    if (found == STREAM_SOCKET_BROKEN)
        pump->events->on_broken(pump);
    else if (found == STREAM_SOCKET_END || found == STREAM_SOCKET_DATA_AND_END)
        end_linger(pump);
}

static void on_readable(struct stream_socket *socket) {
    struct pump *pump = pump_of_socket(socket);
    if (pump->is_answered) {
        discard(pump);
        return;
    }
    for (int piece = 0; piece < PIECES && !pump->is_answered && read_piece(pump); piece++)
        ;
}

/* ---- from the stream to the socket ---- */

static void bring_response(struct pump *pump, struct iovec *parts, int count) {
    if (pump->is_answered) { /* no response to anything that was passed on */
        pump_acknowledge(pump);
        return;
    }
    http_guard_respond(pump->guard, parts, count);
    if (bring(pump, parts, count))
        settle(pump);
}

/* ---- life ---- */

static const struct stream_socket_events guarded_events = {on_readable, pump_socket_written, pump_socket_broken, NULL,
                                                           pump_socket_written};

static const struct pump_stage stage = {settle, bring_response, end};

void pump_guard(struct pump *pump, struct http_guard *guard) {
    pump->guard = guard;
    pump->stage = &stage;
    stream_socket_set_events(&pump->socket, &guarded_events, pump->socket.context);
}
