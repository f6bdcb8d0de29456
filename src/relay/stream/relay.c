/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay: what is the same at both ends: the thread's lists, what a pump reports, the one exit. See relay.h.
 */
#include "config.h"

#include "relay/stream/relay_priv.h"

#include "lib/base/clock.h"
#include "relay/stream/inner_tls.h"
#include "relay/stream/walk.h"

#include <assert.h>
#include <stdlib.h>

static struct relay *of_pump(struct pump *pump) {
    return (struct relay *)pump; /* its first member */
}

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
    relay_walk_skip(relay->thread, relay);
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
        [RELAY_OPEN] = 1u << RELAY_OVER,
    };
    assert(next[relay->state] & 1u << state);
    relay->state = (uint8_t)state;
}

static uint64_t since(uint64_t from_us, uint64_t now_us) {
    return now_us > from_us ? now_us - from_us : 0;
}

void relay_set_open(struct relay *relay, uint64_t now_us, uint64_t dialled_us) {
    set_state(relay, RELAY_OPEN);
    relay->opened_us = now_us;
    counter_add(&relay->counts->opened, 1);
    histogram_add(&relay->counts->dial, since(dialled_us, now_us));
    relay_move(relay, now_us);
    leave_list(relay);
    enter_list(relay, &relay->thread->relays);
}

void relay_enter(struct relay *relay) {
    enter_list(relay, &relay->thread->opening);
    counter_add(&relay->thread->counts.relays, 1);
}

void relay_free(struct relay *relay) {
    pump_end_inner(&relay->pump);
    if (relay->role->free)
        relay->role->free(relay);
    free(relay);
}

/* ---- what the pump reports ---- */

void relay_move(struct relay *relay, uint64_t now_us) {
    relay->progress_us = now_us;
}

void relay_note_bytes(struct relay *relay) {
    relay->session->in += relay->pump.in - relay->swept_in;
    relay->session->out += relay->pump.out - relay->swept_out;
    relay->swept_in = relay->pump.in;
    relay->swept_out = relay->pump.out;
}

static void note_first_end(struct relay *relay) {
    bool is_client = relay->faces_client ? relay->pump.stream.finished : relay->pump.got_fin;
    relay->first_end = is_client ? "client" : "destination";
}

/* Not inlined: on_moved runs for each read and write, and would save more registers each time. */
static __attribute__((noinline)) void note_first_byte(struct relay *relay, uint64_t now_us) {
    relay->first_byte_us = now_us;
    histogram_add(&relay->counts->first_byte, since(relay->begun_us, now_us));
}

void relay_note_moved(struct relay *relay) {
    const struct pump *pump = &relay->pump;
    uint64_t now_us = clock_us();
    relay_move(relay, now_us);
    if (relay->first_byte_us == 0 && (relay->faces_client ? pump->out : pump->in) > 0)
        note_first_byte(relay, now_us);
    if (!relay->first_end && (pump->stream.finished || pump->got_fin))
        note_first_end(relay);
    if (relay->complete_us == 0 && relay_is_complete(relay))
        relay->complete_us = now_us;
    if (relay->role->on_moved)
        relay->role->on_moved(relay);
}

static void on_moved(struct pump *pump) {
    relay_note_moved(of_pump(pump));
}

static void on_broken(struct pump *pump) {
    of_pump(pump)->role->on_broken(of_pump(pump));
}

static void on_opened(struct pump *pump, const uint8_t *payload, size_t length) {
    of_pump(pump)->role->on_opened(of_pump(pump), payload, length);
}

static void on_repeat_opened(struct pump *pump) {
    of_pump(pump)->role->on_repeat_opened(of_pump(pump));
}

static void on_suspended(struct pump *pump) {
    struct relay *relay = of_pump(pump);
    if (relay->role->on_suspended)
        relay->role->on_suspended(relay);
}

static void on_over(struct pump *pump, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    of_pump(pump)->role->on_over(of_pump(pump), how, payload, length);
}

void relay_init(struct relay *relay, struct thread_session *session, const struct relay_role *role,
                struct service_counts *counts) {
    struct relay_thread *thread = session->thread;
    static const struct pump_events events = {on_opened, on_repeat_opened, on_moved, on_broken, on_suspended, on_over};
    relay->counts = counts ? service_counts_part(counts, thread->index) : &thread->part;
    pump_init(&relay->pump, &thread->again, &thread->rechecks, &events, &relay->counts->bytes);
    relay->role = role;
    relay->thread = thread;
    relay->session = session;
    relay->faces_client = relay_is_server(relay); /* unless it is of a visit */
    relay->begun_us = relay->progress_us = clock_us();
}

/* An agent ends no TLS of clients: their scratch is free. */
bool relay_encrypt(struct relay *relay, SSL_CTX *context, bool is_serving) {
    struct relay_thread *thread = relay->thread;
    return pump_encrypt(&relay->pump, &(struct inner_tls_options){.context = context,
                                                                  .is_serving = is_serving,
                                                                  .scratch = thread->client_bio.in,
                                                                  .scratch_size = sizeof thread->client_bio.in,
                                                                  .pace = &thread->inner_pace,
                                                                  .later = &thread->ends,
                                                                  .counts = thread->counts.end_to_end});
}

/* ---- the end ---- */

void relay_count_end(struct relay *relay, enum relay_reason reason, uint64_t ended_us) {
    counter_add(&relay->counts->ended[reason], 1);
    if (relay->opened_us)
        histogram_add(&relay->counts->duration, since(relay->begun_us, ended_us));
}

void relay_finish(struct relay *relay, enum relay_reason reason, const char *by, const char *detail) {
    struct relay_thread *thread = relay->thread;
    set_state(relay, RELAY_OVER);
    pump_end_throttle(&relay->pump);
    relay->role->on_finished(relay, reason, by, detail);
    if (relay->opened_us)
        relay_note_bytes(relay);
    leave_list(relay);
    counter_add(&thread->counts.relays_ended, 1);
    counter_add_in_order(&thread->counts.relays, (uint64_t)-1);
    relay_thread_free_relay_later(thread, relay);
}

void relay_abort(struct relay *relay, enum relay_reason reason, const char *by, const char *detail) {
    char json[256];
    size_t length = reset_format(json, sizeof json, reason_text(reason));
    if (relay->role->before_abort)
        relay->role->before_abort(relay);
    pump_reset(&relay->pump, (const uint8_t *)json, length);
    relay_finish(relay, reason, by, detail);
}

void relay_abort_broken(struct relay *relay, enum relay_reason reason, const char *by) {
    const char *fault = pump_inner_fault(&relay->pump);
    if (relay->pump.socket.lacks_memory)
        relay_abort(relay, REASON_MEMORY, relay_is_server(relay) ? "server" : "agent", NULL);
    else if (fault)
        relay_abort(relay, REASON_END_TO_END, "agent", fault);
    else
        relay_abort(relay, reason, by, NULL);
}

static void end_list(struct relay *first, const struct thread_session *session, enum relay_reason reason,
                     const char *detail) {
    struct relay *next;
    for (struct relay *relay = first; relay; relay = next) {
        next = relay->next; /* none ends another one: what they report is posted */
        if (!session || relay->session == session)
            relay->role->stop(relay, reason, detail);
    }
}

void relay_end_all(struct relay_thread *thread, const struct thread_session *session, enum relay_reason reason,
                   const char *detail) {
    end_list(thread->opening, session, reason, detail);
    end_list(thread->relays, session, reason, detail);
}
