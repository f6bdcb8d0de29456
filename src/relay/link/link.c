/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link: its life: made, named, swept, closed, freed. See link.h.
 */
#include "config.h"

#include "relay/link/link_priv.h"

#include "lib/base/clock.h"
#include "relay/link/bio.h"

#include <assert.h>
#include <event2/buffer.h>
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

struct link *link_new(struct relay_thread *thread, evutil_socket_t fd, uint64_t tag, struct close_event *close_event,
                      const struct link_phase *phase) {
    struct link *link = calloc(1, sizeof *link);
    if (!link || !relay_thread_give_slot(thread, link, &link->ref)) {
        free(link);
        sock_close(fd);
        plane_event_failed(thread, close_event, tag, "out of memory");
        return NULL;
    }
    link->close_event = close_event;
    link->thread = thread;
    link->phase = phase;
    link->fd = fd;
    link->tag = tag;
    link->begun_us = link->last_rx_us = clock_us();
    counter_add(&thread->counts.links[LINK_KIND_UNAUTHENTICATED], 1);
    return link;
}

/* By state: the states that may follow it, a bit each. CLOSED may follow all others, and is the last. */
#define NEXT(state) (1u << LINK_##state)
static bool is_legal_step(enum link_state from, enum link_state to) {
    static const unsigned next[LINK_STATE_COUNT] = {
        [LINK_NEW] = NEXT(CONNECTING) | NEXT(HANDSHAKE),
        [LINK_CONNECTING] = NEXT(PROXY) | NEXT(HANDSHAKE),
        [LINK_PROXY] = NEXT(CONNECTING) | NEXT(HANDSHAKE),
        [LINK_HANDSHAKE] = NEXT(GREETING),
        [LINK_GREETING] = NEXT(VERDICT),
        [LINK_VERDICT] = NEXT(CONTROL) | NEXT(CARRIER) | NEXT(LEAVING),
    };
    return (next[from] & 1u << to) || (to == LINK_CLOSED && from != LINK_CLOSED);
}
#undef NEXT

static enum link_kind kind_of(const struct link *link) {
    if (link->state == LINK_CONTROL)
        return LINK_KIND_CONTROL;
    if (link->state == LINK_CARRIER)
        return link->role.is_exclusive ? LINK_KIND_EXCLUSIVE : LINK_KIND_SHARED;
    return LINK_KIND_UNAUTHENTICATED;
}

void link_set_state(struct link *link, enum link_state state) {
    counter *links = link->thread->counts.links;
    assert(is_legal_step((enum link_state)link->state, state));
    if (log_enabled(link->thread->options->log, LOG_LEVEL_DEBUG))
        log_write(link->thread->options->log, LOG_LEVEL_DEBUG, link_who(link), "link %u.%u: %s -> %s", link->ref.thread,
                  link->ref.slot, state_name(link->state), state_name(state));
    counter_subtract(&links[kind_of(link)], 1);
    link->state = (uint8_t)state;
    if (state != LINK_CLOSED)
        counter_add(&links[kind_of(link)], 1);
    if (state >= LINK_VERDICT)
        relay_thread_greeted(link);
    if (state >= LINK_CONTROL) /* the states before share one absolute deadline */
        link->deadline_us = 0;
}

void link_set_phase(struct link *link, const struct link_phase *phase) {
    link->phase = phase;
}

const struct addr *link_peer(const struct link *link) {
    return close_event_peer(link->close_event);
}

void link_order_free(struct link_order *order) {
    if (!order)
        return;
    SSL_CTX_free(order->tls);
    proxy_talk_free(order->talk);
    secret_wipe(order->key, sizeof order->key);
    free(order->server_name);
    free(order->hello);
    free(order);
}

/* ---- what it is watched by, or its bufferevent ---- */

static void on_event(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    struct link *link = context;
    if (what & EV_CLOSED)
        link->rdhup = true;
    if (what & EV_READ)
        link->needs_recheck = true;
    link->phase->on_event(link, what);
}

bool link_watch(struct link *link) {
    link->is_watched = readiness_begin(&link->readiness, relay_thread_base(link->thread), link->fd, on_event, link);
    if (!link->is_watched)
        link_close(link, LINK_CLOSE_RESET, REASON_MEMORY, "out of memory");
    return link->is_watched;
}

void link_unwatch(struct link *link) {
    if (link->is_watched)
        readiness_end(&link->readiness);
    link->is_watched = false;
}

bool link_put_frame(struct link *link, enum frame_type type, const void *payload, size_t length) {
    uint8_t header[FRAME_HEADER];
    struct evbuffer *output = bufferevent_get_output(link->stream);
    frame_write_header(header, type, 0, length);
    if (evbuffer_expand(output, sizeof header + length))
        return false; /* before anything is in: a header without its payload would put all behind it out of step */
    return evbuffer_add(output, header, sizeof header) == 0 && evbuffer_add(output, payload, length) == 0;
}

void link_pause(struct link *link) {
    link->paused = true;
}

void link_resume(struct link *link) {
    if (!link->paused)
        return;
    link->paused = false;
    defer_add(&link->thread->again, &link->again);
}

/* ---- to another thread ---- */

void link_leave_thread(struct link *link) {
    bufferevent_disable(link->stream, EV_READ | EV_WRITE);
    bufferevent_free(link->stream); /* without BEV_OPT_CLOSE_ON_FREE it leaves SSL and descriptor alone */
    link->stream = NULL;
    relay_thread_forget(link->thread, link);
    relay_thread_take_slot(link->thread, link->ref);
}

bool link_enter_thread(struct link *link, struct relay_thread *thread) {
    link->thread = thread;
    link_bio_use(link->bio, &thread->bio);
    if (relay_thread_give_slot(thread, link, &link->ref))
        return true;
    link->ref = (struct link_ref){0, 0, thread->index};
    link_close(link, LINK_CLOSE_RESET, REASON_MEMORY, "out of memory");
    return false;
}

/* ---- the end ---- */

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

void link_close(struct link *link, enum link_close_how how, enum relay_reason reason, const char *detail) {
    struct relay_thread *thread = link->thread;
    if (link->state == LINK_CLOSED)
        return;
    link_set_state(link, LINK_CLOSED);
    plane_event_closed(link, reason == REASON_PROTOCOL, detail); /* before its streams look for another carrier */
    if (link->phase->on_closed)
        link->phase->on_closed(link);
    relay_thread_forget(thread, link);
    close_descriptor(link, how);
    if (link->ref.generation)
        relay_thread_take_slot(thread, link->ref);
    relay_thread_free_link_later(thread, link);
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

/* Bytes that trickle in do not prolong it. */
void link_sweep_deadline(struct link *link, uint64_t now_us) {
    if (link->deadline_us == 0 || now_us < link->deadline_us || link->in_starting)
        return;
    char detail[96];
    link->timed_out = true;
    if (link->state == LINK_HANDSHAKE)
        counter_add(&link->thread->counts.handshakes[HANDSHAKE_TIMEOUT], 1);
    snprintf(detail, sizeof detail, "not ready in time: still %s", state_name(link->state));
    link_close(link, LINK_CLOSE_RESET, REASON_TIMEOUT, detail);
}

void link_sweep(struct link *link, uint64_t now_us) {
    link->phase->sweep(link, now_us);
}
