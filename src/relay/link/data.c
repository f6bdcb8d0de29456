/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * data: reading a data link. send.c has its other half, sending.
 *
 * Runs on: the link's thread. Input and room for output are reported by readiness.h; the set of descriptors is
 * not changed while relays come and go. Ciphertext is read ahead (link_bio), complete records are decrypted into the
 * thread's scratch, and frames are taken in place. What is left over is parked in the link's own memory.
 * Neither OpenSSL's nor the BIO's buffers show in epoll: a read that stops early has to be queued again (defer).
 */
#include "config.h"

#include "relay/link/link_priv.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/tls/tls.h"
#include "relay/link/bio.h"
#include "relay/link/carrier.h"

#include <event2/buffer.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_BUDGET = 256 * 1024, /* of plaintext in one turn */
    READ_COST = 4096,         /* the least that a read is charged: records without plaintext cost time, too */
    OPENS_A_TURN = 64         /* each makes a relay and dials a destination: work for other frames by the hundred */
};

/* ---- taking frames ---- */

/* False: it has to wait, and the link is paused; or the link was closed for it. */
static bool take_frame(struct link *link, const struct frame *frame) {
    const char *detail = NULL;
    if (frame->stream == 0) {
        link_carrier_take(link, frame);
        return link->state == LINK_CARRIER;
    }
    enum mux_taken taken = mux_take_frame(link->carrier, frame, &detail);
    link->used_us = link->last_rx_us;
    link->opens += frame->type == FRAME_OPEN;
    if (taken == MUX_LATER)
        link_pause(link);
    else if (taken == MUX_VIOLATION)
        link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, detail);
    return taken == MUX_TAKEN;
}

/* Returns how much of `bytes` is complete frames that were taken. */
static size_t take_frames(struct link *link, const uint8_t *bytes, size_t length) {
    struct frame frame;
    char text[FRAME_TEXT];
    size_t done = 0, taken = 0;
    link->partial_needs = FRAME_HEADER;
    while (link->state == LINK_CARRIER && done < length && link->opens < OPENS_A_TURN) {
        enum frame_status status = frame_parse(bytes + done, length - done, &frame, &taken);
        if (status == FRAME_INCOMPLETE) {
            link->partial_needs = taken;
            break;
        }
        if (status == FRAME_BAD) {
            link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, frame_explain(bytes + done, text));
            break;
        }
        if (status == FRAME_OK && !take_frame(link, &frame))
            break;
        done += taken;
    }
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
    if (fill == FILL_FAILED)
        tls_explain(link->ssl, &error);
    link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, error.text);
}

/* SSL_read writes, too: an alert, the answer to a key update. It must be gone before a frame makes another link send.
 */
static void send_answers(struct link *link) {
    if (link_bio_must_flush(link->bio) && !link_data_flush(link))
        link_break(link, "write failed");
}

/* One scratch full of frames. Returns the state of the socket. */
static enum fill read_once(struct link *link, size_t *budget) {
    size_t length = unpark_partial(link), before = length;
    enum fill fill = fill_plaintext(link, &length);
    send_answers(link);
    size_t cost = length - before > READ_COST ? length - before : READ_COST;
    *budget -= cost < *budget ? cost : *budget;
    if (length > before)
        link->last_rx_us = clock_us();
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

static void read_link(struct link *link) {
    if (link->reading || link->paused || link->state != LINK_CARRIER)
        return;
    link->reading = true;
    link_bio_begin_reading(link->bio, link->rdhup);
    size_t budget = READ_BUDGET;
    enum fill fill = FILL_MORE;
    link->opens = 0;
    while (fill == FILL_MORE && budget > 0 && link->opens < OPENS_A_TURN && !link->paused && link->state != LINK_CLOSED)
        fill = read_once(link, &budget);
    link->reading = false;
    if (link->state == LINK_CLOSED ||
        link_data_output_overflows(link)) /* by key updates, which OpenSSL answers itself */
        return;
    if (!link_bio_end_reading(link->bio) || !link_data_flush(link)) /* sends the answer to a key update */
        link_break(link, "reading failed: out of memory or connection lost");
    if (fill == FILL_DRAINED)
        readiness_await(&link->readiness, EV_READ);
    if (fill == FILL_DRAINED || link->paused)
        recheck_later(link);
    if (link->opens == OPENS_A_TURN && !link->paused)
        defer_add(&link->thread->again, &link->again); /* the rest is parked, and the end comes again behind it */
    else if (fill == FILL_END || fill == FILL_FAILED)
        on_end(link, fill);
    else if (fill == FILL_MORE && !link->paused)
        defer_add(&link->thread->again, &link->again);
}

static void on_again(struct defer_item *item) {
    struct link *link = (struct link *)(void *)((char *)item - offsetof(struct link, again));
    if (link->broken)
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, "connection lost");
    else
        read_link(link);
}

/* While reading is paused no read meets the end of the connection; what came before a FIN is still to be taken. */
static void check_while_paused(struct link *link) {
    int error = sock_connect_result(link->fd);
    if (error != 0)
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, error_text(error));
}

static void on_recheck(struct defer_item *item) {
    struct link *link = (struct link *)(void *)((char *)item - offsetof(struct link, recheck));
    if (link->paused)
        check_while_paused(link);
    else
        read_link(link);
}

static void on_event(struct link *link, short what) {
    if (what & EV_WRITE)
        link_data_send_parked(link);
    if (link->state != LINK_CLOSED && link->paused)
        check_while_paused(link);
    else if (what & (EV_READ | EV_CLOSED))
        read_link(link);
}

/* What comes is reported, or taken in a later turn; what is parked leaves when there is room. */
static void await_what_it_needs(struct link *link) {
    int needed = link->paused || link->again.previous ? 0 : EV_READ;
    if (link_data_is_full(link))
        needed |= EV_WRITE;
    if (readiness_sweep(&link->readiness, (short)needed))
        log_write(link->thread->options->log, LOG_LEVEL_WARNING, link_who(link),
                  "nothing waited for this link, by a fault of this program; it goes on");
}

static void sweep(struct link *link, uint64_t now_us) {
    if (READINESS_IS_ONESHOT && link->is_watched && !link->broken)
        await_what_it_needs(link);
    if (READINESS_IS_ONESHOT && link->paused)
        check_while_paused(link);
    if (link->state == LINK_CARRIER)
        link_carrier_sweep(link, now_us);
}

/* ---- taken over from the bufferevent ---- */

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

void link_data_begin(struct link *link) {
    static const struct link_phase phase = {on_event, sweep, link_carrier_ping, link_carrier_lost};
    link->again.run = on_again;
    link->recheck.run = on_recheck;
    link->write_retry.run = link_data_on_write_retry;
    link_set_phase(link, &phase);
    link_bio_run_ahead(link->bio);
    bool is_kept = true;
    if (link->stream) { /* else it came from another thread */
        bufferevent_disable(link->stream, EV_READ | EV_WRITE);
        is_kept = keep_input(link);
        bufferevent_free(link->stream); /* without BEV_OPT_CLOSE_ON_FREE it leaves SSL and descriptor alone */
        link->stream = NULL;
    }
    if (is_kept && link_watch(link))
        defer_add(&link->thread->again, &link->again); /* what OpenSSL has read already brings no edge */
    else if (!is_kept)
        link_close(link, LINK_CLOSE_RESET, REASON_MEMORY, "out of memory");
}
