/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay: what is the same at both ends: two pumps, the ends of the streams, the one exit. See relay.h.
 *
 * Plain side to link: one read of up to 256 KiB straight into frames, one send; stopped while the link is full.
 * Link to plain side: one writev; the link's reading is stopped while something waits.
 */
#include "config.h"

#include "relay/stream/relay_priv.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- the thread's lists ---- */

static void enter_list(struct relay *relay, struct relay **list) {
    relay->list = list;
    relay->previous = NULL;
    relay->next = *list;
    if (*list)
        (*list)->previous = relay;
    *list = relay;
}

static void leave_list(struct relay *relay) {
    if (relay->previous) {
        relay->previous->next = relay->next;
    } else {
        *relay->list = relay->next;
    }
    if (relay->next)
        relay->next->previous = relay->previous;
    relay->next = relay->previous = NULL;
}

/* By state: the states that may follow it, a bit each. */
static void set_state(struct relay *relay, enum relay_state state) {
    static const unsigned next[RELAY_STATE_COUNT] = {
        [RELAY_OPENING] = 1u << RELAY_OPEN | 1u << RELAY_OVER,
        [RELAY_OPEN] = 1u << RELAY_DETACHED | 1u << RELAY_OVER,
        [RELAY_DETACHED] = 1u << RELAY_OVER,
    };
    assert(next[relay->state] & 1u << state);
    relay->state = (uint8_t)state;
}

void relay_set_open(struct relay *relay, uint64_t now_us) {
    set_state(relay, RELAY_OPEN);
    relay->opened_us = now_us;
    leave_list(relay);
    enter_list(relay, &relay->thread->relays);
}

void relay_init(struct relay *relay, struct link *link) {
    struct relay_thread *thread = link_thread(link);
    stream_socket_init(&relay->socket, &thread->again, &thread->rechecks);
    relay->thread = thread;
    relay->link = link;
    relay->link_ref = link_ref_of(link, &relay->tag);
    relay->progress_us = clock_us();
    enter_list(relay, &thread->opening);
    counter_add(&thread->counters->relays, 1);
    link_set_relay(link, relay);
}

void relay_free(struct relay *relay) {
    if (!relay_is_server(relay))
        relay_agent_free(relay);
    free(relay);
}

void relay_move(struct relay *relay, uint64_t now_us) {
    relay->progress_us = now_us;
}

/* ---- from the plain side to the link ---- */

static size_t early_room(const struct relay *relay) {
    if (!relay_is_server(relay) || relay->state != RELAY_OPENING)
        return BATCH_READ;
    if (relay->holds_early)
        return 0;
    return relay->up < RELAY_EARLY_MAX ? RELAY_EARLY_MAX - (size_t)relay->up : 0;
}

void relay_update_reading(struct relay *relay) {
    bool may = relay->link && !link_is_full(relay->link) && early_room(relay) > 0 &&
               (relay_is_server(relay) ? relay->state <= RELAY_OPEN : relay->state == RELAY_OPEN);
    stream_socket_set_reading(&relay->socket, may);
}

static void note_stream_end(struct relay *relay, const char *who) {
    if (!relay->first_end)
        relay->first_end = who;
}

static void add_fin(struct relay *relay, struct batch *batch) {
    struct stream_state *state = link_stream_state(relay->link);
    relay_move(relay, clock_us());
    stream_state_sent(state, FRAME_FIN, 0);
    relay->sent_fin = true;
    note_stream_end(relay, relay_is_server(relay) ? "client" : "destination");
    if (relay_is_server(relay) && !state->busy && batch->length == 0) {
        link_send_deferred(relay->link, FRAME_FIN);
    } else {
        batch_add(batch, FRAME_FIN, state->number, NULL, 0);
    }
}

static void count_taken(struct relay *relay, size_t taken) {
    uint64_t now_us = clock_us();
    relay_move(relay, now_us);
    stream_state_sent(link_stream_state(relay->link), FRAME_DATA, taken);
    if (relay_is_server(relay)) {
        relay->up += taken;
        return;
    }
    relay->down += taken;
    if (relay->first_byte_us == 0)
        relay->first_byte_us = now_us;
}

bool relay_pump(struct relay *relay, struct batch *batch, size_t limit) {
    size_t taken = 0;
    enum stream_socket_read found =
        stream_socket_read(&relay->socket, batch, link_stream_state(relay->link)->number, limit, &taken);
    if (found == STREAM_SOCKET_BROKEN)
        return false;
    if (taken > 0)
        count_taken(relay, taken);
    if (found == STREAM_SOCKET_END || found == STREAM_SOCKET_DATA_AND_END)
        add_fin(relay, batch);
    return true;
}

static struct relay *relay_of(struct stream_socket *socket) {
    return (struct relay *)socket; /* its first member */
}

static void on_readable(struct stream_socket *socket) {
    struct relay *relay = relay_of(socket);
    if (relay_is_server(relay))
        relay_server_readable(relay);
    else
        relay_agent_readable(relay);
}

void relay_on_link_drained(struct relay *relay) {
    relay_update_reading(relay);
}

void relay_on_progress(struct relay *relay) {
    relay_move(relay, clock_us());
}

/* ---- from the link to the plain side ---- */

static void throttle_link(struct relay *relay) {
    if (relay->link && relay->state == RELAY_OPEN && stream_socket_waiting(&relay->socket) > 0)
        link_pause(relay->link);
}

void relay_on_data(struct relay *relay, struct iovec *parts, int count, size_t total, bool is_last) {
    uint64_t now_us = clock_us();
    relay_move(relay, now_us);
    if (relay_is_server(relay)) {
        relay->down += total;
        if (relay->first_byte_us == 0)
            relay->first_byte_us = now_us;
    } else {
        relay->up += total;
        if (relay->state == RELAY_OPENING && relay->up > RELAY_EARLY_MAX) {
            link_close(relay->link, LINK_CLOSE_RESET, REASON_PROTOCOL, "more than 64 KiB before OPENED");
            return;
        }
    }
    if (stream_socket_write(&relay->socket, parts, count, is_last))
        throttle_link(relay);
    else
        relay_plain_events.on_broken(&relay->socket);
}

static void take_fin(struct relay *relay) {
    relay->got_fin = true;
    note_stream_end(relay, relay_is_server(relay) ? "destination" : "client");
    stream_socket_end(&relay->socket);
    relay_check_over(relay);
}

void relay_on_frame(struct relay *relay, const struct frame *frame) {
    relay_move(relay, clock_us());
    if (frame->type == FRAME_FIN)
        take_fin(relay);
    else if (relay_is_server(relay))
        relay_server_on_frame(relay, frame);
    else
        relay_agent_on_frame(relay, frame);
}

static void on_flushed(struct stream_socket *socket) {
    struct relay *relay = relay_of(socket);
    relay_move(relay, clock_us());
    if (relay->link)
        link_resume(relay->link);
    relay_check_over(relay);
}

static void on_broken(struct stream_socket *socket) {
    struct relay *relay = relay_of(socket);
    if (relay_is_server(relay))
        relay_abort(relay, REASON_CLIENT_RESET, "client");
    else
        relay_abort(relay, REASON_DESTINATION_RESET, "destination");
}

const struct stream_socket_events relay_plain_events = {on_readable, on_flushed, on_broken, NULL, NULL};

/* ---- the ends ---- */

void relay_go_on_alone(struct relay *relay) {
    set_state(relay, RELAY_DETACHED);
    counter_add(&relay->thread->counters->lingering, 1);
}

/* How long the other end may take over what it already has. */
static unsigned flush_limit_s(const struct relay *relay) {
    return relay->half_close_timeout_s > RELAY_FLUSH_LEAST_S ? relay->half_close_timeout_s : RELAY_FLUSH_LEAST_S;
}

static void detach(struct relay *relay) {
    struct link *link = relay->link;
    relay->link = NULL;
    relay_agent_await_delivery(relay, link);
    if (!stream_socket_is_done(&relay->socket))
        relay_go_on_alone(relay);
    link_relay_over(link, flush_limit_s(relay));
}

void relay_check_over(struct relay *relay) {
    if (relay->state == RELAY_OVER || !relay->sent_fin || !relay->got_fin)
        return;
    bool is_flushed = stream_socket_is_done(&relay->socket);
    if (!relay_is_server(relay) && relay->link) {
        if (!link_stream_state(relay->link)->busy) { /* free at once: the rest of the destination's is finished alone */
            detach(relay);
        } else if (is_flushed) {
            relay_agent_send_idle(relay);
        }
    }
    if (is_flushed)
        relay_finish(relay, REASON_DONE, relay->first_end);
}

/* Before the client goes back, or the record is written: a program that stops waits for the link from then on. */
static void leave_link(struct relay *relay, enum relay_reason reason) {
    struct link *link = relay->link;
    relay->link = NULL;
    link_set_relay(link, NULL);
    if (!relay_is_server(relay) && reason == REASON_DONE)
        relay_agent_await_delivery(relay, link);
    else
        link_await_delivery(link, NULL);
}

static void count_end(struct relay *relay, bool was_detached) {
    struct plane_counters *counters = relay->thread->counters;
    counter_add(&counters->relays_ended, 1);
    if (was_detached)
        counter_add(&counters->lingering, -1);
    counter_add(&counters->relays, -1);
}

void relay_finish(struct relay *relay, enum relay_reason reason, const char *by) {
    if (relay->state == RELAY_OVER)
        return;
    bool was_detached = relay->state == RELAY_DETACHED;
    set_state(relay, RELAY_OVER);
    if (!relay_is_server(relay))
        relay_agent_let_go(relay);
    stream_socket_close(&relay->socket, reason != REASON_DONE);
    struct link *link = relay->link;
    bool is_recorded = true;
    if (link)
        leave_link(relay, reason);
    if (relay_is_server(relay))
        relay_server_finished(relay, reason, by);
    else
        is_recorded = relay_agent_finished(relay, reason, by);
    leave_list(relay);
    if (link)
        link_relay_over(link, flush_limit_s(relay));
    count_end(relay, was_detached);
    if (is_recorded)
        relay_thread_free_relay_later(relay->thread, relay);
}

static void send_reset(struct relay *relay, enum relay_reason reason) {
    char json[256];
    struct stream_state *state = link_stream_state(relay->link);
    struct batch *batch = link_batch(relay->link);
    if (!relay_is_server(relay) && !state->opened) { /* it reached the destination: not a refusal */
        batch_add(batch, FRAME_OPENED, state->number, NULL, 0);
        stream_state_sent(state, FRAME_OPENED, 0);
    }
    size_t length = reset_format(json, sizeof json, reason_text(reason));
    batch_add(batch, FRAME_RESET, state->number, json, length);
    stream_state_sent(state, FRAME_RESET, 0);
    if (!relay_is_server(relay))
        batch_add(batch, FRAME_IDLE, state->number, NULL, 0);
    link_send(relay->link);
}

static bool may_reset(struct relay *relay) {
    struct stream_state *state = link_stream_state(relay->link);
    return !relay_is_server(relay) ? state->busy : stream_state_may_send(state, FRAME_RESET);
}

void relay_abort(struct relay *relay, enum relay_reason reason, const char *by) {
    if (relay->state == RELAY_OVER)
        return;
    struct link *link = relay->link;
    bool may_notify = link && may_reset(relay);
    bool can_notify = may_notify && !link_is_full(link);
    if (can_notify)
        send_reset(relay, reason);
    if (may_notify && !can_notify) { /* with output queued, RESET would come too late */
        relay->link = NULL;
        link_set_relay(link, NULL);
        relay_finish(relay, reason, by);
        link_close(link, LINK_CLOSE_RESET, reason, "a relay was cut while its output was queued");
        return;
    }
    relay_finish(relay, reason, by);
}

bool relay_has_sent_all(const struct relay *relay) {
    return relay->sent_fin;
}

void relay_on_link_lost(struct relay *relay, enum relay_reason reason) {
    if (!relay_is_server(relay) && relay->sent_fin && relay->got_fin)
        relay_agent_await_delivery(relay, relay->link); /* which ends the waiting itself, or lingers */
    relay->link = NULL;
    if (relay_is_server(relay))
        relay_server_link_lost(relay, reason);
    else
        relay_agent_link_lost(relay, reason);
}

void relay_stop(struct relay *relay) {
    if (!relay_is_server(relay) && relay->state == RELAY_OPENING && !link_is_full(relay->link))
        relay_agent_stop_opening(relay);
    else
        relay_abort(relay, REASON_STOPPED, relay_is_server(relay) ? "server" : "agent");
}
