/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * data: a data link once it works: the fast path. send.c has its other half, sending.
 *
 * Runs on: the link's thread. One edge-triggered event reports input and room for output; the set of descriptors is
 * not changed while relays come and go. Ciphertext is read ahead (link_bio), complete
 * records are decrypted into the thread's scratch, frames are taken in place, and the payloads of neighbouring DATA
 * frames leave in one writev. What is left over is parked in the link's own memory.
 * Neither OpenSSL's nor the BIO's buffers show in epoll: a read that stops early has to be queued again (defer).
 */
#include "config.h"

#include "relay/link/link_priv.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "lib/tls/tls.h"
#include "relay/link/carrier.h"
#include "relay/stream/relay.h"

#include <errno.h>
#include <event2/buffer.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_BUDGET = 256 * 1024, /* of plaintext in one turn */
    READ_COST = 4096,         /* the least that a read is charged: records without plaintext cost time, too */
    GATHER = 64               /* DATA payloads in one writev */
};

/* ---- taking frames ---- */

struct gathered { /* payloads of DATA frames that follow each other */
    struct iovec parts[GATHER];
    int count;
    size_t total;
};

static void deliver(struct link *link, struct gathered *gathered, bool is_last) {
    if (gathered->count > 0 && link->relay)
        relay_on_data(link->relay, gathered->parts, gathered->count, gathered->total, is_last);
    gathered->count = 0;
    gathered->total = 0;
}

static void violate(struct link *link, enum frame_type type) {
    char detail[96];
    snprintf(detail, sizeof detail, "%s out of order", frame_name(type));
    link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, detail);
}

static void answer_idle(struct link *link) {
    if (link_data_output_overflows(link))
        return;
    struct batch *batch = link_batch(link);
    batch_add(batch, FRAME_IDLE, link->stream_state.number, NULL, 0);
    link_send(link);
}

/* The server opens the next relay when it has got the last one's FIN. */
static void take_open(struct link *link, const struct frame *frame) {
    if (link->is_delivering)
        link_end_delivery(link, REASON_DONE);
    relay_open(link, frame);
}

static void take_ping(struct link *link, const struct frame *frame) {
    link->expects_ping = true;
    link_data_send_frame(link, FRAME_PONG, frame->payload, frame->length);
}

/* The answer to a PING, or link_report_progress: the relay's destination, maybe of one that is over here, reads. */
static void take_pong(struct link *link, const struct frame *frame) {
    if (link->carrier && mux_take_pong(link->carrier, frame->payload))
        return;
    link->pinged_us = 0;
    link_extend_wait(link, clock_us());
    if (link->relay)
        relay_on_progress(link->relay);
}

static void act_on(struct link *link, const struct frame *frame) {
    if (frame->type == FRAME_OPEN)
        take_open(link, frame);
    else if (frame->type == FRAME_IDLE && link->state == LINK_WAITING)
        link_become_idle(link);
    else if (link->relay)
        relay_on_frame(link->relay, frame);
    else if (frame->type == FRAME_RESET && link->is_delivering)
        link_end_delivery(link, REASON_PEER_RESET);
}

static void take_relay_frame(struct link *link, const struct frame *frame, struct gathered *gathered) {
    enum stream_verdict verdict = stream_state_take(&link->stream_state, frame->type, frame->stream, frame->length);
    if (verdict == STREAM_STATE_ACT && frame->type == FRAME_DATA) {
        gathered->parts[gathered->count++] = (struct iovec){(void *)frame->payload, frame->length};
        gathered->total += frame->length;
        if (gathered->count == GATHER)
            deliver(link, gathered, false);
        return;
    }
    deliver(link, gathered, verdict == STREAM_STATE_ACT && frame->type == FRAME_FIN);
    if (link->state == LINK_CLOSED)
        return;
    if (verdict == STREAM_STATE_VIOLATION) {
        violate(link, frame->type);
        return;
    }
    if (verdict == STREAM_STATE_IGNORE)
        return;
    act_on(link, frame);
    if (verdict == STREAM_STATE_ACT_IDLE && link->state != LINK_CLOSED)
        answer_idle(link);
}

/* Frames before the link is accepted; those behind a REJECT or our close are ignored. */
static void take_early(struct link *link, const struct frame *frame) {
    if (link->state == LINK_GREETING)
        link_take_greeting(link, frame, 0);
}

static void take_frame(struct link *link, const struct frame *frame, struct gathered *gathered) {
    if (link->state < LINK_IDLE || link->state >= LINK_LEAVING) {
        take_early(link, frame);
        return;
    }
    switch ((int)frame->type) {
    case FRAME_PING:
        take_ping(link, frame);
        return;
    case FRAME_PONG:
        take_pong(link, frame);
        return;
    case FRAME_OPEN:
    case FRAME_OPENED:
    case FRAME_REFUSED:
    case FRAME_DATA:
    case FRAME_FIN:
    case FRAME_RESET:
    case FRAME_IDLE:
        take_relay_frame(link, frame, gathered);
        return;
    default:
        violate(link, frame->type);
    }
}

/* Takes the complete frames at `bytes`; returns their length. */
static size_t take_frames(struct link *link, const uint8_t *bytes, size_t length) {
    struct gathered gathered = {.count = 0, .total = 0};
    struct frame frame;
    char text[FRAME_TEXT];
    size_t done = 0, taken = 0;
    link->partial_needs = FRAME_HEADER;
    while (link->state != LINK_CLOSED && done < length) {
        enum frame_status status = frame_parse(bytes + done, length - done, &frame, &taken);
        if (status == FRAME_INCOMPLETE) {
            link->partial_needs = taken;
            break;
        }
        if (status == FRAME_BAD) {
            link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, frame_explain(bytes + done, text));
            break;
        }
        bool is_of_stream = status == FRAME_OK && frame.stream != 0 && link->carrier;
        if (is_of_stream && !link_carrier_take(link, &frame))
            break;
        done += taken;
        if (status == FRAME_OK && !is_of_stream)
            take_frame(link, &frame, &gathered);
    }
    if (link->state != LINK_CLOSED)
        deliver(link, &gathered, false);
    if (link->carrier)
        mux_frames_end(link->carrier);
    return done;
}

/* ---- receiving ---- */

enum fill { FILL_MORE, FILL_DRAINED, FILL_END, FILL_FAILED };

static enum fill fill_status(struct link *link, int result) {
    switch (SSL_get_error(link->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return link_bio_is_drained(link->bio) ? FILL_DRAINED : FILL_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return FILL_END;
    default:
        return FILL_FAILED;
    }
}

/* Decrypts records behind the `*length` bytes that are there until the scratch has no room for another. */
static enum fill fill_plaintext(struct link *link, size_t *length) {
    uint8_t *plaintext = link->thread->plaintext;
    while (RELAY_THREAD_PLAINTEXT - *length >= SSL3_RT_MAX_PLAIN_LENGTH) {
        ERR_clear_error();
        int n = SSL_read(link->ssl, plaintext + *length, (int)(RELAY_THREAD_PLAINTEXT - *length));
        if (n <= 0)
            return fill_status(link, n);
        *length += (size_t)n;
        if (link_bio_is_drained(link->bio) && !SSL_has_pending(link->ssl))
            return FILL_DRAINED; /* saves a read that would return EAGAIN */
    }
    return FILL_MORE;
}

static size_t unpark_partial(struct link *link) {
    size_t length = link->partial_length;
    if (length == 0)
        return 0;
    memcpy(link->thread->plaintext, link->partial, length);
    free(link->partial);
    link->partial = NULL;
    link->partial_length = 0;
    return length;
}

static bool park_partial(struct link *link, const uint8_t *bytes, size_t length) {
    if (length == 0)
        return true;
    link->partial = malloc(length);
    if (!link->partial)
        return false;
    memcpy(link->partial, bytes, length);
    link->partial_length = length;
    return true;
}

static void on_end(struct link *link, enum fill fill) {
    struct error error = {"closed by the other side"};
    if (link->state == LINK_LEAVING) {
        link_close(link, LINK_CLOSE_POLITELY, REASON_LINK_LOST, "rejected");
        return;
    }
    if (link->state == LINK_LINGERING && fill == FILL_END && !link_has_delivered(link)) { /* it lingers, too */
        link->peer_is_done = true;
        return;
    }
    if (fill == FILL_FAILED)
        tls_explain(link->ssl, &error);
    link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, error.text);
}

/* One scratch full of frames. Returns the state of the socket. */
static enum fill read_once(struct link *link, size_t *budget) {
    size_t length = unpark_partial(link), before = length;
    enum fill fill = fill_plaintext(link, &length);
    size_t cost = length - before > READ_COST ? length - before : READ_COST;
    *budget -= cost < *budget ? cost : *budget;
    if (length > before)
        link->last_rx_us = clock_us();
    if (link->is_half_open && SSL_is_init_finished(link->ssl))
        link_note_handshake(link);
    size_t done = length >= link->partial_needs ? take_frames(link, link->thread->plaintext, length) : 0;
    if (link->state != LINK_CLOSED && !park_partial(link, link->thread->plaintext + done, length - done))
        link_close(link, LINK_CLOSE_RESET, REASON_MEMORY, "out of memory");
    return fill;
}

/* An RST may be behind what was read (see on_short_read in socket.c): read once more in a moment. */
static void recheck_later(struct link *link) {
    if (link_bio_is_empty(link->bio))
        link->needs_recheck = false;
    else if (link->needs_recheck)
        defer_add(&link->thread->rechecks, &link->recheck);
}

void link_data_read(struct link *link) {
    if (link->reading || link->paused || link->peer_is_done || link->state == LINK_CLOSED)
        return;
    link->reading = true;
    link_bio_begin_reading(link->bio, link->rdhup);
    size_t budget = READ_BUDGET;
    enum fill fill = FILL_MORE;
    while (fill == FILL_MORE && budget > 0 && !link->paused && link->state != LINK_CLOSED)
        fill = read_once(link, &budget);
    link->reading = false;
    if (link->state == LINK_CLOSED ||
        link_data_output_overflows(link)) /* by key updates, which OpenSSL answers itself */
        return;
    if (!link_bio_end_reading(link->bio) || !link_data_flush(link)) /* sends the answer to a key update */
        link_break(link, "reading failed: out of memory or connection lost");
    if (fill == FILL_DRAINED || link->paused)
        recheck_later(link);
    if (fill == FILL_END || fill == FILL_FAILED)
        on_end(link, fill);
    else if (fill == FILL_MORE && !link->paused)
        defer_add(&link->thread->again, &link->again);
}

void link_data_on_resume(struct defer_item *item) {
    struct link *link = (struct link *)(void *)((char *)item - offsetof(struct link, again));
    if (link->broken) {
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, "connection lost");
    } else {
        link_data_read(link);
    }
}

/*
 * While reading is paused no read meets the end of the connection. The server closes at FIN, so that its client does
 * not wait in vain, unless only the answer is still to come, which may be complete in the socket. An agent may have a
 * complete stream to deliver yet, and closes only on an error.
 */
static void check_while_paused(struct link *link) {
    int error = sock_connect_result(link->fd);
    if (error != 0)
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, strerror(error));
    else if (link->rdhup && !link_is_agent(link) && !(link->relay && relay_has_sent_all(link->relay)))
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, "closed by the other side");
}

void link_data_on_recheck(struct defer_item *item) {
    struct link *link = (struct link *)(void *)((char *)item - offsetof(struct link, recheck));
    if (link->paused) {
        check_while_paused(link);
    } else {
        link_data_read(link);
    }
}

void link_pause(struct link *link) {
    link->paused = true;
}

void link_resume(struct link *link) {
    if (!link->paused)
        return;
    link->paused = false;
    defer_add(&link->thread->again, &link->again);
}

void link_data_on_event(struct link *link, short what) {
    if (what & EV_WRITE)
        link_data_send_parked(link);
    if (link->state == LINK_CLOSED)
        return;
    if (link->paused)
        check_while_paused(link);
    else if (what & (EV_READ | EV_CLOSED))
        link_data_read(link);
}

/* ---- from the bufferevent to the own event ---- */

static bool keep_input(struct link *link) {
    struct evbuffer *input = bufferevent_get_input(link->stream);
    size_t length = evbuffer_get_length(input);
    if (length == 0)
        return true;
    link->partial = malloc(length);
    if (!link->partial || length > FRAME_HEADER + FRAME_JSON_MAX)
        return false;
    link->partial_length = (size_t)evbuffer_remove(input, link->partial, length);
    return true;
}

void link_data_take_over(struct link *link) {
    link_bio_run_ahead(link->bio);
    if (!link->stream)
        return;
    bufferevent_disable(link->stream, EV_READ | EV_WRITE);
    bool kept = keep_input(link);
    bufferevent_free(link->stream); /* without BEV_OPT_CLOSE_ON_FREE it leaves SSL and descriptor alone */
    link->stream = NULL;
    if (kept)
        link_watch(link);
    else
        link_close(link, LINK_CLOSE_RESET, REASON_MEMORY, "out of memory");
}
