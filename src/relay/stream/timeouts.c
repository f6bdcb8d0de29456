/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * timeouts: what no event reports: idle relays, half-closes that last, peers that stopped acknowledging.
 *
 * Runs on: the relay's thread, each half second for relays that are opening, every two seconds for the others.
 */
#include "config.h"

#include "relay/stream/relay_priv.h"

#include "lib/net/sock.h"

/* Data unacknowledged for long: the peer is gone. A closed window (a slow reader) is no fault. */
static bool may_be_stalled(struct relay *relay, uint64_t now_us) {
    if (now_us < relay->stall_check_us)
        return false;
    relay->stall_check_us = now_us + RELAY_STALLED_MS * 1000ull / 6;
    return now_us - relay->progress_us <= RELAY_STALLED_MS * 2000ull || stream_socket_waiting(&relay->socket) > 0 ||
           (relay->link && link_is_full(relay->link));
}

static void sweep_stalled(struct relay *relay, uint64_t now_us) {
    if (!may_be_stalled(relay, now_us))
        return;
    if (relay->link && link_is_stalled(relay->link, RELAY_STALLED_MS)) {
        link_close(relay->link, LINK_CLOSE_RESET, REASON_LINK_SILENT, "the other side stopped acknowledging");
    } else if (relay->socket.fd >= 0 && sock_stalled_ms(relay->socket.fd, &relay->stall) > RELAY_STALLED_MS) {
        relay_abort(relay, REASON_STALLED, relay_is_server(relay) ? "client" : "destination");
    }
}

/*
 * A slow reader drains the kernel's send queue without an event. So before silence counts, the length of that queue, on
 * the server of the link's as well, is compared with the last sweep's.
 */
static bool takes_what_is_queued(struct relay *relay, uint64_t now_us) {
    size_t queued = relay->socket.fd >= 0 ? sock_unsent(relay->socket.fd) + stream_socket_waiting(&relay->socket) : 0;
    if (relay_is_server(relay) && relay->link)
        queued += link_undelivered(relay->link);
    bool moved = queued != relay->queued;
    relay->queued = queued;
    if (moved)
        relay_move(relay, now_us);
    return moved;
}

/*
 * While there is a link the server judges for both, and it does not see a slow destination read what the agent and its
 * kernel already have: megabytes, perhaps. The agent reports it. A relay at which nothing moves costs no system call.
 */
static void report_progress(struct relay *relay, uint64_t now_us) {
    if (relay_is_server(relay) || !relay->link)
        return;
    bool has_moved = relay->progress_us > relay->reported_us;
    if (has_moved || relay->queued > 0)
        has_moved |= takes_what_is_queued(relay, now_us);
    relay->reported_us = now_us;
    if (has_moved && relay->queued > 0)
        link_report_progress(relay->link);
}

static unsigned half_close_limit_s(const struct relay *relay) {
    if (!relay->sent_fin && !relay->got_fin)
        return 0;
    return relay_is_server(relay) || relay->state == RELAY_DETACHED ? relay->half_close_timeout_s : 0;
}

static bool sweep_quiet(struct relay *relay, unsigned limit_s, enum relay_reason reason, uint64_t now_us) {
    uint64_t quiet_us = now_us > relay->progress_us ? now_us - relay->progress_us : 0;
    if (limit_s == 0 || quiet_us <= limit_s * 500000ull || takes_what_is_queued(relay, now_us) ||
        quiet_us <= limit_s * 1000000ull) {
        return false;
    }
    relay_abort(relay, reason, relay_is_server(relay) ? "server" : "agent");
    return true;
}

/* Clients have it from their listener. Most relays are over before the first sweep, and cost an agent no calls for it.
 */
static void keep_alive(struct relay *relay) {
    if (!relay_is_server(relay) && !relay->is_kept_alive && relay->socket.fd >= 0 && relay->state == RELAY_OPEN) {
        sock_set_keepalive(relay->socket.fd, SOCK_KEEPALIVE_PLAIN);
        relay->is_kept_alive = true;
    }
}

static void sweep(struct relay *relay, uint64_t now_us) {
    keep_alive(relay);
    if (relay->state == RELAY_OPENING) {
        if (relay_is_server(relay))
            relay_server_sweep(relay, now_us);
        return;
    }
    if (!sweep_quiet(relay, half_close_limit_s(relay), REASON_HALF_CLOSE_TIMEOUT, now_us) &&
        !sweep_quiet(relay, relay->idle_timeout_s, REASON_IDLE_TIMEOUT, now_us)) {
        sweep_stalled(relay, now_us);
    }
    report_progress(relay, now_us);
}

static void sweep_list(struct relay *first, uint64_t now_us) {
    struct relay *next;
    for (struct relay *relay = first; relay; relay = next) {
        next = relay->next; /* sweeping one relay ends no other: each has its own link */
        sweep(relay, now_us);
    }
}

void relay_sweep_all(struct relay_thread *thread, uint64_t now_us, bool with_open) {
    sweep_list(thread->opening, now_us);
    if (with_open)
        sweep_list(thread->relays, now_us);
}
