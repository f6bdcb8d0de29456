/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * carrier: see carrier.h.
 */
#include "config.h"

#include "relay/link/carrier.h"

#include "relay/link/link_priv.h"

enum {
    STALLED_LEAST_MS = 4000, /* bytes are out, and no ACK came: streams go on by another link */
    STALLED_TRIPS = 20,      /* or so many round trips, if that is longer: slow is not dead */
    SILENT_S = 30,           /* then a PING shows whether the other side is there */
    PONG_LATE_S = 5
};

/* ---- under the mux ---- */

static void write_to_link(void *context, const uint8_t *bytes, size_t length) {
    link_data_write(context, bytes, length);
}

static void flush_link(void *context) {
    link_data_flush_written(context);
}

static bool is_full(void *context) {
    return link_is_full(context);
}

static void resume(void *context) {
    link_resume(context);
}

bool link_carry(struct link *link, struct mux *mux, bool is_exclusive) {
    static const struct mux_link_ops ops = {write_to_link, flush_link, is_full, resume};
    link->carrier = mux_add_carrier(mux, is_exclusive, &ops, link);
    if (!link->carrier)
        return false;
    link_set_state(link, LINK_CARRIER);
    link->pinged_us = 0;
    return true;
}

bool link_carrier_take(struct link *link, const struct frame *frame) {
    const char *detail = NULL;
    enum mux_taken taken = mux_take_frame(link->carrier, frame, &detail);
    if (taken == MUX_LATER)
        link_pause(link);
    else if (taken == MUX_VIOLATION)
        link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, detail);
    return taken == MUX_TAKEN;
}

void link_carrier_lost(struct link *link) {
    struct mux_carrier *carrier = link->carrier;
    link->carrier = NULL;
    if (carrier)
        mux_carrier_lost(carrier);
}

/* ---- is the other side there? ---- */

static bool is_stalled(struct link *link) {
    unsigned trips_ms = STALLED_TRIPS * (sock_round_trip_us(link->fd) / 1000);
    return link_is_stalled(link, trips_ms > STALLED_LEAST_MS ? trips_ms : STALLED_LEAST_MS);
}

void link_carrier_sweep(struct link *link, uint64_t now_us) {
    uint64_t silent_us = now_us > link->last_rx_us ? now_us - link->last_rx_us : 0;
    if (is_stalled(link)) {
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_SILENT, "the other side stopped acknowledging");
    } else if (silent_us < SILENT_S * 1000000ull || link->paused) {
        link->pinged_us = 0;
    } else if (link->pinged_us == 0) {
        link->pinged_us = now_us;
        link_data_send_frame(link, FRAME_PING, &now_us, FRAME_PING_SIZE);
    } else if (now_us - link->pinged_us > PONG_LATE_S * 1000000ull) {
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_SILENT, "no PONG for 5 s");
    }
}
