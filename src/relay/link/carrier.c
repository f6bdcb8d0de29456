/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * carrier: see carrier.h.
 *
 * An agent dials all links, so it must notice by itself that its peer is out of reach, although only the server may
 * have something to send. It pings a link that is silent: soon where streams were busy a moment ago and their people
 * still wait for answers, else rarely, to spare those who pay for each packet.
 */
#include "config.h"

#include "relay/link/carrier.h"

#include "lib/base/clock.h"
#include "relay/link/link_priv.h"
#include "relay/thread_session.h"

#include <string.h>

enum {
    /* No ACK of TCP's for what is out, or no PONG: streams go on by another link. TCP repeats a lost packet three times
     * meanwhile; and with a second of silence before it, two sweeps and a handshake it is less than five in all. */
    LATE_LEAST_MS = 2000,
    LATE_TRIPS = 10,   /* or so many round trips, if that is longer: slow is not dead */
    BUSY_S = 60,       /* after a stream's frame */
    SILENT_BUSY_S = 1, /* then a PING shows whether the other side is there */
    SILENT_S = 30,
    UNUSED_S = 30 /* an exclusive link that no stream uses is closed */
};

/* ---- under the mux ---- */

static bool is_full(void *context) {
    return link_data_is_full(context);
}

static void resume(void *context) {
    link_resume(context);
}

bool link_carrier_make_room(const struct link *link, const struct thread_session *session) {
    void *links[CARRIERS_SHARED_MAX];
    struct link *silent = NULL;
    if (link->role.is_exclusive || mux_shared_links(session->mux, links, CARRIERS_SHARED_MAX) < CARRIERS_SHARED_MAX)
        return true;
    for (int i = 0; i < CARRIERS_SHARED_MAX; i++) {
        struct link *other = links[i];
        if (other->last_rx_us < link->begun_us && !(silent && silent->last_rx_us <= other->last_rx_us))
            silent = other;
    }
    if (silent)
        link_close(silent, LINK_CLOSE_RESET, REASON_LINK_SILENT, "silent while the agent dialled another in its place");
    return silent;
}

bool link_carrier_begin(struct link *link, struct thread_session *session) {
    static const struct mux_link_ops ops = {link_data_write, link_data_flush_written, is_full, resume};
    link->carrier = mux_add_carrier(session->mux, link->role.is_exclusive, &ops, link);
    if (!link->carrier)
        return false;
    link->session = session;
    link->used_us = clock_us();
    link_set_state(link, LINK_CARRIER);
    return true;
}

static void take_pong(struct link *link, const struct frame *frame) {
    uint64_t pinged_us;
    memcpy(&pinged_us, frame->payload, sizeof pinged_us);
    if (!mux_take_pong(link->carrier, frame->payload))
        link_path_note_pong(link, pinged_us);
}

void link_carrier_take(struct link *link, const struct frame *frame) {
    char detail[96];
    if (frame->type == FRAME_PING) {
        link_data_send_frame(link, FRAME_PONG, frame->payload, frame->length);
    } else if (frame->type == FRAME_PONG) {
        take_pong(link, frame);
    } else {
        snprintf(detail, sizeof detail, "%s on a data link", frame_name(frame->type));
        link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, detail);
    }
}

void link_carrier_lost(struct link *link) {
    struct mux_carrier *carrier = link->carrier;
    link->carrier = NULL;
    if (carrier)
        mux_carrier_lost(carrier);
}

/* ---- is the other side there? ---- */

/* By what TCP measured of late: a queue on the way that grows makes the limit longer. */
static bool is_too_long(const struct link *link, uint64_t us) {
    return us > LATE_LEAST_MS * 1000ull && us > LATE_TRIPS * (uint64_t)sock_round_trip_us(link->fd);
}

static bool is_stalled(struct link *link) {
    return is_too_long(link, sock_stalled_ms(link->fd, &link->stall) * 1000ull);
}

static bool is_unused(const struct link *link, uint64_t now_us) {
    return link->role.is_exclusive && link_is_agent(link) && !link->paused &&
           now_us > link->used_us + UNUSED_S * 1000000ull && !mux_carrier_is_used(link->carrier);
}

void link_carrier_ping(struct link *link, uint64_t now_us) {
    if (link->pinged_us == 0)
        link->pinged_us = now_us;
    link_data_send_frame(link, FRAME_PING, &now_us, FRAME_PING_SIZE);
}

static uint64_t silence_us(const struct link *link, uint64_t now_us) {
    bool is_busy = link_is_agent(link) && now_us < link->used_us + BUSY_S * 1000000ull;
    return (is_busy ? SILENT_BUSY_S : SILENT_S) * 1000000ull;
}

/* Neither end of a blocked link reads PING and PONG; that TCP acknowledges is seen all the same. */
void link_carrier_sweep(struct link *link, uint64_t now_us) {
    bool is_read = !link->paused && !mux_carrier_may_be_blocked(link->carrier);
    if (!is_read)
        link->last_rx_us = now_us;
    uint64_t silent_us = now_us > link->last_rx_us ? now_us - link->last_rx_us : 0;
    bool is_awaited = link->pinged_us && now_us > link->pinged_us;
    if (is_stalled(link)) {
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_SILENT, "the other side stopped acknowledging");
    } else if (mux_carrier_is_overdue(link->carrier, now_us)) {
        link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, "it does not answer the PING behind the ends of streams");
    } else if (is_unused(link, now_us)) {
        link_close(link, LINK_CLOSE_POLITELY, REASON_DONE, "no stream uses it any more");
    } else if (!link_path_sweep(link, now_us, is_read)) {
        return;
    } else if (link->pinged_us == 0 && silent_us >= silence_us(link, now_us)) {
        link_carrier_ping(link, now_us);
    } else if (is_awaited && is_too_long(link, now_us - link->pinged_us) && is_too_long(link, silent_us)) {
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_SILENT, "no PONG in time");
    }
}
