/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pump_inner: the pump of a stream with TLS of its own, which ends here, see inner_tls.h.
 *
 * A record is acknowledged once the kernel has its plaintext. The socket is read when the handshake is done. The side
 * that serves leaves a stream whose handshake has failed to its peer, which ends it when it has read the alert: a reset
 * would overtake that, and with it the reason.
 */
#include "config.h"

#include "relay/stream/pump_priv.h"

#include "lib/base/clock.h"
#include "relay/stream/inner_tls.h"

#include <string.h>

enum {
    PIECES = 2,
    RECORD = SEND_BUFFER_RUN_MOST - INNER_TLS_OVERHEAD, /* plaintext of one that fills a block */
    READ_MOST = SEND_BUFFER_READ * RECORD
};

static bool send_encrypted(void *context, const uint8_t *bytes, size_t length) {
    struct pump *pump = context;
    if (!mux_stream_append(&pump->stream, bytes, length))
        return false;
    pump->in += length;
    counter_add(&pump->bytes->in, length);
    return true;
}

/* ---- the end ---- */

static bool break_off(struct pump *pump) {
    pump->events->on_broken(pump);
    return false;
}

/* False, as all functions here: it was broken, and may be over. */
static bool end_failed(struct pump *pump) {
    pump->socket.lacks_memory = inner_tls_fault(pump->inner) == END_TO_END_MEMORY;
    return break_off(pump);
}

static bool leave_to_peer(struct pump *pump) {
    stream_socket_close(&pump->socket, true);
    pump_note_move(pump);
    return false;
}

static bool fail(struct pump *pump, enum end_to_end_result fault, const char *detail) {
    inner_tls_fail(pump->inner, fault, detail);
    return end_failed(pump);
}

static bool fail_handshake(struct pump *pump) {
    enum end_to_end_result fault = inner_tls_fault(pump->inner);
    bool is_told = fault == END_TO_END_KEY || fault == END_TO_END_TLS;
    if (inner_tls_is_serving(pump->inner) && is_told && !pump->got_fin)
        return leave_to_peer(pump);
    return end_failed(pump);
}

/* ---- from the stream to the socket ---- */

static bool bring_plain(struct pump *pump, struct iovec *plain) {
    if (plain->iov_len == 0 || pump_write(pump, plain, 1))
        return true;
    return break_off(pump);
}

static bool decrypt(struct pump *pump) {
    struct iovec plain;
    enum inner_tls_found found;
    do {
        found = inner_tls_read(pump->inner, &plain);
        if (found == INNER_TLS_BROKEN)
            return end_failed(pump);
        if (!bring_plain(pump, &plain))
            return false;
    } while (found == INNER_TLS_MORE);
    pump_acknowledge(pump); /* records without plaintext, too */
    return true;
}

static void read_socket(struct pump *pump) {
    if (!pump->stream.finished)
        stream_socket_set_reading(&pump->socket, true);
}

static bool shake(struct pump *pump) {
    if (!inner_tls_shake(pump->inner))
        return fail_handshake(pump);
    pump_note_move(pump);
    if (inner_tls_state(pump->inner) == INNER_TLS_OPEN)
        read_socket(pump);
    return true;
}

static bool proceed(struct pump *pump) {
    if (inner_tls_state(pump->inner) == INNER_TLS_SHAKING) {
        if (!inner_tls_may_shake(pump->inner, clock_us()))
            return true;
        if (!shake(pump))
            return false;
    }
    return inner_tls_state(pump->inner) != INNER_TLS_OPEN || decrypt(pump);
}

static void bring(struct pump *pump, struct iovec *parts, int count) {
    enum inner_tls_state state = inner_tls_state(pump->inner);
    if (state == INNER_TLS_FAILED) {
        pump_acknowledge(pump);
        return;
    }
    inner_tls_take(pump->inner, parts, count);
    if (state != INNER_TLS_WAITING && !proceed(pump))
        return;
    if (!inner_tls_keep(pump->inner))
        (void)fail(pump, END_TO_END_MEMORY, "out of memory");
}

/* A stream that ends without close_notify was cut, by the server or on the way to it. */
static bool end(struct pump *pump) {
    enum inner_tls_state state = inner_tls_state(pump->inner);
    if (state == INNER_TLS_WAITING || (state == INNER_TLS_SHAKING && inner_tls_has_kept(pump->inner)))
        return false; /* what it has not looked at yet may be the end */
    if (state == INNER_TLS_FAILED)
        return end_failed(pump);
    return inner_tls_got_end(pump->inner) || fail(pump, END_TO_END_CUT, "it ended without close_notify");
}

/* The FIN that came before. */
static void end_late(struct pump *pump) {
    if (!end(pump))
        return;
    if (!stream_socket_end(&pump->socket)) {
        (void)break_off(pump);
        return;
    }
    pump_acknowledge(pump);
    pump_note_move(pump);
}

/* A handshake has its turn. Nothing is left to do for a pump that is over. */
static void on_later(void *context) {
    struct pump *pump = context;
    if (pump->socket.fd < 0 || inner_tls_state(pump->inner) != INNER_TLS_SHAKING)
        return;
    inner_tls_take(pump->inner, NULL, 0);
    if (proceed(pump) && pump->got_fin)
        end_late(pump);
}

/* ---- the start ---- */

static void on_readable(struct stream_socket *socket);
static const struct stream_socket_events inner_events = {on_readable, pump_socket_written, pump_socket_broken, NULL,
                                                         pump_socket_written};

/* A handshake cannot be whole when its stream has ended already. */
static void start(struct pump *pump) {
    stream_socket_set_events(&pump->socket, &inner_events, pump->socket.context);
    inner_tls_start(pump->inner, clock_us());
    inner_tls_take(pump->inner, NULL, 0);
    if (proceed(pump) && pump->got_fin)
        end_late(pump);
}

static void settle(struct pump *pump) {
    if (inner_tls_state(pump->inner) == INNER_TLS_WAITING)
        start(pump);
    else if (inner_tls_state(pump->inner) == INNER_TLS_OPEN)
        read_socket(pump);
}

/* ---- from the socket to the stream ---- */

static bool encrypt(struct pump *pump, const uint8_t *bytes, size_t length) {
    for (size_t done = 0, part; done < length; done += part) {
        part = length - done < RECORD ? length - done : RECORD;
        if (!inner_tls_write(pump->inner, bytes + done, part))
            return end_failed(pump);
    }
    return true;
}

static bool finish(struct pump *pump) {
    if (!inner_tls_end(pump->inner))
        return end_failed(pump);
    mux_stream_finish(&pump->stream);
    return true;
}

/* How much may be read: whole blocks of bulk; and where less is kept, as much as there is room, beyond which the last
 * record may be by INNER_TLS_OVERHEAD. */
static size_t allowed(struct pump *pump, size_t most) {
    size_t room = mux_stream_room(&pump->stream);
    if (room >= SEND_BUFFER_RUN_MOST)
        room = room / SEND_BUFFER_RUN_MOST * RECORD;
    room = room < READ_MOST ? room : READ_MOST;
    return room < most ? room : most;
}

/* True: there is more, and it may be read at once. *has_pushed is set if mux_stream_push was called. */
static bool read_piece(struct pump *pump, bool *has_pushed) {
    struct iovec part;
    size_t taken = 0;
    uint8_t *bytes = inner_tls_scratch(pump->inner, &part.iov_len);
    part.iov_base = bytes;
    part.iov_len = allowed(pump, part.iov_len);
    if (part.iov_len == 0) {
        stream_socket_set_reading(&pump->socket, false); /* until on_room */
        return false;
    }
    enum stream_socket_read found = stream_socket_read(&pump->socket, &part, 1, &taken);
    if (found == STREAM_SOCKET_NOTHING)
        return false;
    if (found == STREAM_SOCKET_BROKEN)
        return break_off(pump);
    if (!encrypt(pump, bytes, taken) || (found != STREAM_SOCKET_DATA && !finish(pump)))
        return false;
    pump_note_move(pump);
    if (found != STREAM_SOCKET_DATA || !pump->socket.is_streaming || !pump->socket.may_have_more)
        return false;
    *has_pushed = true;
    return mux_stream_push(&pump->stream);
}

static void on_readable(struct stream_socket *socket) {
    struct pump *pump = pump_of_socket(socket);
    struct mux *mux = pump->stream.mux;
    bool has_pushed = false;
    for (int piece = 0; piece < PIECES && read_piece(pump, &has_pushed); piece++)
        ;
    if (has_pushed)
        mux_send_pushed(mux);
}

/* ---- life ---- */

bool pump_encrypt(struct pump *pump, const struct inner_tls_options *options) {
    static const struct pump_stage stage = {settle, bring, end};
    struct inner_tls_options complete = *options;
    complete.send = send_encrypted;
    complete.send_context = pump;
    complete.on_later = on_later;
    pump->inner = inner_tls_new(&complete);
    if (pump->inner)
        pump->stage = &stage;
    return pump->inner;
}

void pump_end_inner(struct pump *pump) {
    inner_tls_free(pump->inner);
    pump->inner = NULL;
}

const char *pump_inner_fault(const struct pump *pump) {
    bool has_failed = pump->inner && inner_tls_state(pump->inner) == INNER_TLS_FAILED;
    return has_failed ? inner_tls_detail(pump->inner) : NULL;
}

const char *pump_inner_cipher(const struct pump *pump) {
    return pump->inner ? inner_tls_cipher(pump->inner) : NULL;
}

void pump_sweep_inner(struct pump *pump, uint64_t now_us) {
    const char *late = inner_tls_late(pump->inner, now_us);
    if (late)
        (void)fail(pump, END_TO_END_TIMEOUT, late);
}
