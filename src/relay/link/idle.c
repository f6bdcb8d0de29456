/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * idle: a data link between two relays: idle and pinged, or waiting for the agent's IDLE n.
 *
 * Runs on: the link's thread. Only the server closes idle links.
 * States: busy -> (waiting) -> idle -> busy.
 */
#include "config.h"

#include "relay/link/link_priv.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"

enum {
    NUMBER_MOST = 1 << 30, /* of a link's relays: far from where the number would begin again */
    IDLE_PING_S = 30,
    PONG_LATE_S = 5,
    WAIT_RESET_S = 5, /* for IDLE n after an abort */
    SILENT_S = 120    /* agent: the server pings an idle link about every half minute */
};

static void ping_later(struct link *link, uint64_t now_us) {
    /* spread by the address of the link, so that links that came together do not ping together */
    link->next_ping_us = now_us + IDLE_PING_S * 1000000ull - (uint64_t)((uintptr_t)link >> 6) % 8000000;
}

void link_become_idle(struct link *link) {
    link_set_state(link, LINK_IDLE);
    if (link->close_when_idle || link->stream_state.number >= NUMBER_MOST) {
        link_close(link, LINK_CLOSE_POLITELY, REASON_DONE, "no longer needed");
        return;
    }
    link->pinged_us = 0;
    ping_later(link, link->last_rx_us);
    if (!link->reported_idle || !link_is_agent(link)) /* an agent's control plane only counts its links */
        plane_event_idle(link);
    link->reported_idle = true;
    /* While the verdict was awaited, edges were ignored: read what followed the handshake. */
    if (link->partial_length > 0 || SSL_has_pending(link->ssl) || link->is_half_open)
        defer_add(&link->thread->again, &link->again);
}

static bool was_aborted(const struct link *link) {
    return link->stream_state.sent_reset || link->stream_state.got_end;
}

void link_relay_over(struct link *link, unsigned flush_s) {
    link->relay = NULL;
    link->flush_s = flush_s;
    link->expects_ping = false;
    link_resume(link);
    if (!link->stream_state.busy) {
        link_become_idle(link);
        return;
    }
    link_set_state(link, LINK_WAITING);
    link->deadline_us = clock_us() + (was_aborted(link) ? WAIT_RESET_S : flush_s) * 1000000ull;
}

void link_extend_wait(struct link *link, uint64_t now_us) {
    if (link->state == LINK_WAITING && !was_aborted(link))
        link->deadline_us = now_us + link->flush_s * 1000000ull;
}

bool link_is_stalled(struct link *link, unsigned limit_ms) {
    return sock_stalled_ms(link->fd, &link->stall) > limit_ms;
}

static void sweep_idle(struct link *link, uint64_t now_us) {
    /*
     * Only the server closes idle links, unless there is none any more. After a relay it may be busy with a slow client
     * for any time, in which it neither reads nor pings; until it has pinged once more, the kernel's keepalive has to
     * find a server that is gone.
     */
    if (link_is_agent(link)) {
        if (link->expects_ping && now_us - link->last_rx_us > SILENT_S * 1000000ull)
            link_close(link, LINK_CLOSE_RESET, REASON_LINK_SILENT, "no PING from the server for 120 s");
        return;
    }
    if (link->pinged_us > 0 && now_us - link->pinged_us > PONG_LATE_S * 1000000ull) {
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_SILENT, "no PONG on an idle link for 5 s");
        return;
    }
    if (link->pinged_us == 0 && now_us >= link->next_ping_us && !link->is_delivering) { /* or PONG would come late */
        link->pinged_us = now_us;
        ping_later(link, now_us);
        link_data_send_frame(link, FRAME_PING, &now_us, FRAME_PING_SIZE);
    }
}

static void sweep_waiting(struct link *link, uint64_t now_us) {
    if (link->deadline_us == 0 || now_us < link->deadline_us)
        return;
    link_close(link, was_aborted(link) || link_is_full(link) ? LINK_CLOSE_RESET : LINK_CLOSE_POLITELY, REASON_DONE,
               "no IDLE from the agent after a relay, and no progress");
}

void link_data_sweep(struct link *link, uint64_t now_us) {
    if (link->is_half_open && now_us - link->last_rx_us > link->thread->options->greeting_ms * 1000ull)
        link_close(link, LINK_CLOSE_RESET, REASON_TIMEOUT, "the TLS handshake was not completed in time");
    else if (link->state == LINK_IDLE)
        sweep_idle(link, now_us);
    else if (link->state == LINK_WAITING)
        sweep_waiting(link, now_us);
}
