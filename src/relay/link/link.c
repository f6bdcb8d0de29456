/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link: its life: made, named, swept, closed, freed. See link.h.
 */
#include "config.h"

#include "relay/link/link_priv.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "relay/link/carrier.h"
#include "relay/stream/relay.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

static const char *state_name(enum link_state state) {
    static const char *const names[] = {
#define LINK_STATE_NAME(name, text) text,
        LINK_STATES(LINK_STATE_NAME)
#undef LINK_STATE_NAME
    };
    return names[state];
}

struct link *link_new(struct relay_thread *thread, int fd, uint64_t tag, struct close_event *close_event) {
    struct link *link = calloc(1, sizeof *link);
    if (!link || !relay_thread_give_slot(thread, link, &link->ref)) {
        free(link);
        sock_close(fd);
        plane_event_failed(thread, close_event, tag, "out of memory");
        return NULL;
    }
    link->close_event = close_event;
    link->thread = thread;
    link->again.run = link_data_on_resume;
    link->recheck.run = link_data_on_recheck;
    link->write_retry.run = link_data_on_write_retry;
    link->deferred.run = link_data_on_deferred;
    link->delivery.run = link_data_on_delivery;
    link->fd = fd;
    link->tag = tag;
    link->last_rx_us = clock_us();
    stream_state_init(&link->stream_state, thread->options->is_agent ? STREAM_STATE_AGENT : STREAM_STATE_SERVER);
    counter_add(&thread->counters->links, 1);
    return link;
}

/* By state: the states that may follow it, a bit each. CLOSED may follow all others, and is the last. */
#define NEXT(state) (1u << LINK_##state)
static bool is_legal_step(enum link_state from, enum link_state to) {
    static const unsigned next[LINK_STATE_COUNT] = {
        [LINK_NEW] = NEXT(CONNECTING) | NEXT(HANDSHAKE),
        [LINK_CONNECTING] = NEXT(HANDSHAKE),
        [LINK_HANDSHAKE] = NEXT(GREETING) | NEXT(VERDICT), /* VERDICT: the session's key identified the peer */
        [LINK_GREETING] = NEXT(VERDICT),
        [LINK_VERDICT] = NEXT(CONTROL) | NEXT(IDLE) | NEXT(LEAVING),
        [LINK_IDLE] = NEXT(BUSY) | NEXT(CARRIER) | NEXT(LINGERING),
        [LINK_BUSY] = NEXT(IDLE) | NEXT(WAITING),
        [LINK_WAITING] = NEXT(IDLE) | NEXT(LINGERING),
    };
    return (next[from] & 1u << to) || (to == LINK_CLOSED && from != LINK_CLOSED);
}
#undef NEXT

void link_set_state(struct link *link, enum link_state state) {
    assert(is_legal_step((enum link_state)link->state, state));
    if (log_enabled(link->thread->options->log, LOG_LEVEL_DEBUG))
        log_write(link->thread->options->log, LOG_LEVEL_DEBUG, link_who(link), "link %u.%u: %s -> %s", link->ref.thread,
                  link->ref.slot, state_name(link->state), state_name(state));
    link->state = (uint8_t)state;
    link->thread->sleeping[link->ref.slot] = state == LINK_BUSY && !link->is_half_open;
    if (state >= LINK_VERDICT)
        relay_thread_greeted(link);
    if (state >= LINK_CONTROL) /* the states before share one absolute deadline */
        link->deadline_us = 0;
}

const struct addr *link_peer(const struct link *link) {
    return close_event_peer(link->close_event);
}

struct relay_thread *link_thread(const struct link *link) {
    return link->thread;
}

const struct service_table *link_services(const struct link *link) {
    return relay_thread_services(link->thread, link->session);
}

struct link_ref link_ref_of(const struct link *link, uint64_t *tag) {
    *tag = link->tag;
    return link->ref;
}

struct batch *link_batch(struct link *link) {
    struct batch *batch = &link->thread->batch;
    batch_begin(batch);
    if (link->deferred_frame) {
        bool is_fin = link->deferred_frame == FRAME_FIN;
        batch_add(batch, (enum frame_type)link->deferred_frame, is_fin ? link->stream_state.number : 0,
                  is_fin ? NULL : "{}", is_fin ? 0 : 2);
        defer_cancel(&link->thread->deferred, &link->deferred); /* or the next one would leave when this one was due */
    }
    link->deferred_frame = 0;
    return batch;
}

struct stream_state *link_stream_state(struct link *link) {
    return &link->stream_state;
}

void link_set_relay(struct link *link, struct relay *relay) {
    link->relay = relay;
    if (relay)
        link_set_state(link, LINK_BUSY);
}

/* Flushes frames queued in this turn, such as REJECT: the bufferevent would write them only in the next one. */
static void write_last_frames(struct link *link) {
    struct evbuffer *output = bufferevent_get_output(link->stream);
    size_t length = evbuffer_get_length(output);
    const uint8_t *bytes = length > 0 ? evbuffer_pullup(output, -1) : NULL;

    if (bytes && length <= INT_MAX && SSL_write(link->ssl, bytes, (int)length) <= 0)
        ERR_clear_error(); /* the socket buffer is full: the frames are lost */
}

static void close_descriptor(struct link *link, enum link_close_how how) {
    bool politely = how != LINK_CLOSE_RESET && link->ssl && !link->tls_failed && SSL_is_init_finished(link->ssl);

    if (link->stream) {
        if (politely)
            write_last_frames(link);
        bufferevent_disable(link->stream, EV_READ | EV_WRITE); /* event_del() before close() of its descriptor */
        bufferevent_free(link->stream);
    }
    link->stream = NULL;
    link_unwatch(link);
    if (link->ssl) {
        if (politely) {
            SSL_shutdown(link->ssl); /* close_notify is lost if the socket buffer is full; a FIN follows anyway */
            link_bio_flush(link->bio);
        }
        SSL_free(link->ssl);
    }
    link->ssl = NULL;
    if (how == LINK_CLOSE_RESET)
        sock_close_reset(link->fd);
    else
        sock_close(link->fd);
    link->fd = -1;
}

static bool may_linger(const struct link *link) {
    return (link->state == LINK_IDLE || link->state == LINK_WAITING) && !link->broken && !link->is_half_open &&
           !link->thread->stopping && !link_has_delivered(link);
}

static void lose_relay(struct link *link, enum relay_reason reason) {
    struct relay *relay = link->relay;
    link->relay = NULL;
    if (relay)
        relay_on_link_lost(relay, reason);
}

void link_close(struct link *link, enum link_close_how how, enum relay_reason reason, const char *detail) {
    bool was_lingering = link->state == LINK_LINGERING;
    if (link->state == LINK_CLOSED || (was_lingering && how == LINK_CLOSE_POLITELY))
        return;
    if (link->deferred_frame && how != LINK_CLOSE_RESET)
        link_data_send_deferred(link);
    bool lingers = how == LINK_CLOSE_POLITELY && may_linger(link);
    link_set_state(link, lingers ? LINK_LINGERING : LINK_CLOSED);
    lose_relay(link, reason);
    link_carrier_lost(link);
    if (!was_lingering)
        plane_event_closed(link, reason == REASON_PROTOCOL, detail);
    if (lingers) {
        link_linger(link);
        return;
    }
    if (link->is_delivering)
        link_end_delivery(link, link_has_delivered(link) ? REASON_DONE : reason);
    relay_thread_forget(link->thread, link);
    close_descriptor(link, how);
    relay_thread_take_slot(link->thread, link->ref);
    counter_add(&link->thread->counters->links, -1);
    relay_thread_free_link_later(link->thread, link);
}

void link_break(struct link *link, const char *detail) {
    if (link->broken || link->state == LINK_CLOSED)
        return;
    if (log_enabled(link->thread->options->log, LOG_LEVEL_DEBUG))
        log_write(link->thread->options->log, LOG_LEVEL_DEBUG, link_who(link), "link broken: %s", detail);
    link->broken = true;
    defer_add(&link->thread->again, &link->again);
}

void link_free(struct link *link) {
    link_order_free(link->order);
    free(link->close_event);
    free(link->partial);
    free(link->who);
    free(link);
}

/* An absolute deadline: bytes that trickle in do not prolong it. */
static void sweep_greeting(struct link *link, uint64_t now_us) {
    if (link->deadline_us == 0 || now_us < link->deadline_us)
        return;
    char detail[96];
    snprintf(detail, sizeof detail, "not ready in time: still %s", state_name(link->state));
    link_close(link, LINK_CLOSE_RESET, REASON_TIMEOUT, detail);
}

void link_sweep(struct link *link, uint64_t now_us) {
    if (link->state == LINK_CONTROL)
        link_control_sweep(link, now_us);
    else if (link->state == LINK_CARRIER)
        link_carrier_sweep(link, now_us);
    else if (link->state == LINK_IDLE || link->state == LINK_BUSY || link->state == LINK_WAITING)
        link_data_sweep(link, now_us);
    else if (link->state != LINK_LINGERING) /* link_data_on_delivery has its own timer */
        sweep_greeting(link, now_us);
}
