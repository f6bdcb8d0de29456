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
#include "relay/http_guard.h"

/* Data unacknowledged for long: the peer is gone. A closed window (a slow reader) is no fault. */
static bool may_be_stalled(struct relay *relay, uint64_t now_us) {
    if (relay->pump.socket.fd < 0 || now_us < relay->stall_check_us)
        return false;
    relay->stall_check_us = now_us + RELAY_STALLED_MS * 1000ull / 6;
    return now_us - relay->progress_us <= RELAY_STALLED_MS * 2000ull || stream_socket_waiting(&relay->pump.socket) > 0;
}

static void sweep_stalled(struct relay *relay, uint64_t now_us) {
    if (may_be_stalled(relay, now_us) && sock_stalled_ms(relay->pump.socket.fd, &relay->stall) > RELAY_STALLED_MS)
        relay_abort(relay, REASON_STALLED, relay->faces_client ? "client" : "destination", NULL);
}

/*
 * A slow reader drains the kernel's send queue without an event. So before silence counts, the length of that queue is
 * compared with the last sweep's.
 */
static bool takes_what_is_queued(struct relay *relay, uint64_t now_us) {
    const struct stream_socket *socket = &relay->pump.socket;
    size_t queued = socket->fd >= 0 ? sock_unsent(socket->fd) + stream_socket_waiting(socket) : 0;
    bool has_moved = queued != relay->queued;
    relay->queued = queued;
    if (has_moved)
        relay_move(relay, now_us);
    return has_moved;
}

static uint32_t rate_since_sweep(const struct relay *relay, uint64_t bytes) {
    uint64_t rate = bytes * 1000000 / relay->thread->sweep_us;
    return rate < UINT32_MAX ? (uint32_t)rate : UINT32_MAX;
}

void relay_note_rates(struct relay *relay) {
    relay->in_rate = rate_since_sweep(relay, relay->pump.in - relay->swept_in);
    relay->out_rate = rate_since_sweep(relay, relay->pump.out - relay->swept_out);
    relay_note_bytes(relay);
}

/* ---- the agent ---- */

/*
 * The server judges for both, and it does not see a slow destination read what its kernel already has: megabytes,
 * perhaps. The agent reports it. A relay at which nothing moves costs no system call.
 */
static void report_progress(struct relay *relay, uint64_t now_us) {
    struct relay_agent *agent = (struct relay_agent *)relay;
    bool has_moved = relay->progress_us > agent->reported_us;
    if (has_moved || relay->queued > 0)
        has_moved = takes_what_is_queued(relay, now_us);
    agent->reported_us = now_us;
    if (has_moved && relay->queued > 0)
        mux_stream_repeat_ack(&relay->pump.stream);
}

/* Clients have it from their listener. Most relays are over before the first sweep, and cost an agent no calls for it.
 */
static void keep_alive(struct relay *relay) {
    if (relay->is_kept_alive || relay->pump.socket.fd < 0)
        return;
    sock_set_keepalive(relay->pump.socket.fd, &sock_keepalive_plain);
    relay->is_kept_alive = true;
}

void relay_sweep_agent(struct relay *relay, uint64_t now_us) {
    relay_note_rates(relay);
    keep_alive(relay);
    report_progress(relay, now_us);
    if (relay->pump.inner)
        pump_sweep_inner(&relay->pump, now_us);
    if (relay->state != RELAY_OVER)
        sweep_stalled(relay, now_us);
}

/* ---- the server ---- */

/* What the agent acknowledges is progress, also when the destination's kernel had it before. While the stream is
 * suspended it has a limit of its own. One that a limit of bandwidth holds back is not idle. */
static void note_progress(struct relay *relay, uint64_t now_us) {
    if (relay->pump.stream.got_ack || mux_stream_is_suspended(&relay->pump.stream) ||
        throttle_is_holding(relay->pump.throttle))
        relay_move(relay, now_us);
    relay->pump.stream.got_ack = false;
}

bool relay_sweep_quiet(struct relay *relay, unsigned limit_s, enum relay_reason reason, uint64_t now_us) {
    uint64_t quiet_us = now_us > relay->progress_us ? now_us - relay->progress_us : 0;
    if (limit_s == 0 || quiet_us <= limit_s * 500000ull || takes_what_is_queued(relay, now_us) ||
        quiet_us <= limit_s * 1000000ull) {
        return false;
    }
    relay_abort(relay, reason, "server", NULL);
    return true;
}

/* An earlier request may never be answered, so there is a bound even where the service has none. */
static bool is_stopped(const struct relay *relay) {
    const struct http_guard *guard = relay->pump.guard;
    return guard && http_guard_state(guard) == HTTP_GUARD_STOPPED;
}

void relay_sweep_server(struct relay *relay, uint64_t now_us) {
    const struct service_terms *terms = ((const struct relay_server *)relay)->client->terms;
    unsigned half_close_s = terms->half_close_timeout_s, idle_s = terms->idle_timeout_s;
    if (relay->pump.lingers > 0) {
        pump_sweep_guarded(&relay->pump);
        return;
    }
    if (relay_is_complete(relay)) { /* how long the other side may take over what it has */
        half_close_s = half_close_s > RELAY_FLUSH_LEAST_S ? half_close_s : RELAY_FLUSH_LEAST_S;
        idle_s = 0;
    } else if (is_stopped(relay)) {
        half_close_s = half_close_s > 0 ? half_close_s : RELAY_FLUSH_LEAST_S;
    } else if (!relay->pump.stream.finished && !relay->pump.got_fin) {
        half_close_s = 0;
    }
    relay_note_rates(relay);
    note_progress(relay, now_us);
    if (!relay_sweep_quiet(relay, half_close_s, REASON_HALF_CLOSE_TIMEOUT, now_us) &&
        !relay_sweep_quiet(relay, idle_s, REASON_IDLE_TIMEOUT, now_us))
        sweep_stalled(relay, now_us);
}

/* ---- both ---- */

static void sweep_list(struct relay *first, uint64_t now_us, bool is_opening) {
    struct relay *next;
    for (struct relay *relay = first; relay; relay = next) {
        next = relay->next; /* none ends another one: what they report is posted */
        if (stream_socket_sweep(&relay->pump.socket))
            (is_opening ? relay->role->sweep_opening : relay->role->sweep)(relay, now_us);
    }
}

void relay_sweep_all(struct relay_thread *thread, uint64_t now_us, bool with_open) {
    if (!thread->options->is_agent)
        sweep_list(thread->opening, now_us, true);
    if (!with_open)
        return;
    thread->sweep_us = now_us > thread->swept_us ? now_us - thread->swept_us : 1;
    thread->swept_us = now_us;
    sweep_list(thread->relays, now_us, false);
}
