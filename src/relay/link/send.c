/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * send: sending on a data link: what a mux has gathered, and answers.
 *
 * Runs on: the link's thread. Everything is written at once; what the kernel does not take is parked by link_bio, and
 * the link counts as full until it is gone. Owns: nothing.
 *
 * Linux reports room when a third of its buffer is free. On a path where the buffer, and not the network, is
 * what limits a stream, a sender that waits for EPOLLOUT has five sixths of it in flight on average. So at a high
 * round-trip time a full link retries its write every few milliseconds, as long as the retries make progress.
 */
#include "config.h"

#include "relay/link/link_priv.h"

#include "lib/tls/tls.h"
#include "relay/link/bio.h"

#include <assert.h>
#include <openssl/err.h>
#include <stddef.h>
#include <string.h>

enum {
    PARKED_MOST = 512 * 1024,   /* of answers to a peer that does not read */
    RECORD_COST = 3,            /* how many times its length a short frame has as a record, at most */
    HIGH_RTT_US = 10000,        /* below this round-trip time the buffer is no limit */
    RETRY_PROGRESS = 16 * 1024, /* bytes that a retry must write to count as progress */
    FRUITLESS_RETRIES_MOST = 16
};

/* `before` and `left`: parked bytes before and after a write. A peer that reads nothing is not retried for long. */
static void retry_write_later(struct link *link, size_t before, size_t left) {
    if (before == 0)
        link->high_rtt = sock_round_trip_us(link->fd) >= HIGH_RTT_US;
    if (before == 0 || left + RETRY_PROGRESS <= before)
        link->write_retries = 0;
    if (link->high_rtt && link->write_retries < FRUITLESS_RETRIES_MOST)
        defer_add(&link->thread->write_retries, &link->write_retry);
}

void link_data_on_write_retry(struct defer_item *item) {
    struct link *link = (struct link *)(void *)((char *)item - offsetof(struct link, write_retry));
    link->write_retries++;
    link_data_send_parked(link);
}

/* Tells the mux whenever parked bytes are gone: an edge for the room that is there may not come again. */
bool link_data_flush(struct link *link) {
    size_t before = link_bio_parked(link->bio);
    ptrdiff_t left = link_bio_flush(link->bio);
    if (left > 0) {
        readiness_await(&link->readiness, EV_WRITE);
        retry_write_later(link, before, (size_t)left);
    } else if (before > 0 && left == 0 && link->carrier) {
        mux_carrier_writable(link->carrier);
    }
    return left >= 0;
}

static void break_writing(struct link *link) {
    ERR_clear_error();
    link->thread->bio.out_length = 0; /* the scratch is shared: the bytes must not leave on another link */
    link_break(link, "write failed");
}

void link_data_write(void *context, const uint8_t *bytes, size_t length) {
    struct link *link = context;
    if (length == 0 || link->state == LINK_CLOSED || link->broken)
        return;
    tls_renew_key(link->ssl, &link->records);
    link->records += length / FRAME_DATA_MAX + 1;
    if (SSL_write(link->ssl, bytes, (int)length) != (int)length)
        break_writing(link);
}

void link_data_flush_written(void *context) {
    struct link *link = context;
    if (link->state != LINK_CLOSED && !link->broken && !link_data_flush(link))
        break_writing(link);
}

bool link_data_is_full(const struct link *link) {
    return link_bio_parked(link->bio) > 0;
}

void link_data_send_parked(struct link *link) {
    if (link_data_is_full(link) && !link_data_flush(link))
        link_break(link, "write failed");
}

/* Answers are not held back by a full link, as streams are: this bounds them for a peer that does not read. The mux
 * bounds its own itself: thousands of streams that are opened or resumed at once are more than PARKED_MOST. */
bool link_data_output_overflows(struct link *link) {
    size_t unread = link->carrier ? mux_carrier_unread(link->carrier) : 0;
    if (link_bio_parked(link->bio) <= PARKED_MOST + RECORD_COST * unread)
        return false;
    link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, "the other side requests answers and does not read them");
    return true;
}

void link_data_send_frame(struct link *link, enum frame_type type, const void *payload, size_t length) {
    uint8_t frame[FRAME_HEADER + FRAME_GREETING_MAX];
    assert(length <= FRAME_GREETING_MAX);
    if (link_data_output_overflows(link))
        return;
    mux_flush(&link->thread->gather); /* links share the memory that they encrypt into */
    frame_write_header(frame, type, 0, length);
    memcpy(frame + FRAME_HEADER, payload, length);
    link_data_write(link, frame, FRAME_HEADER + length);
    link_data_flush_written(link);
}
