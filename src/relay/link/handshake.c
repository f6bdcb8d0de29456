/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * handshake: a link from its descriptor to the end of the TLS handshake, on the event that a data link keeps.
 *
 * Runs on: the link's thread. One absolute deadline covers TCP, TLS and greeting together.
 * States: new -> (connecting) -> handshake -> greeting (greeting.c) | verdict (server: identified by the session's
 * key).
 */
#include "config.h"

#include "relay/link/link_priv.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "lib/tls/tls.h"
#include "proto/session_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void fail(struct link *link, const char *detail) {
    link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, detail);
}

void link_order_free(struct link_order *order) {
    if (!order)
        return;
    SSL_CTX_free(order->tls);
    secret_wipe(order->key, sizeof order->key);
    free(order->server_name);
    free(order->hello);
    free(order);
}

/* ---- the handshake ---- */

void link_note_handshake(struct link *link) {
    struct log *log = link->thread->options->log;
    link->is_half_open = false;
    link->thread->sleeping[link->ref.slot] = link->state == LINK_BUSY;
    if (!SSL_has_pending(link->ssl))
        SSL_free_buffers(link->ssl); /* the one for sending would stay, 16 KiB, until a record is sent */
    counter_add(&link->thread->counters->handshakes_done, 1);
    if (log_enabled(log, LOG_LEVEL_DEBUG))
        log_write(log, LOG_LEVEL_DEBUG, link_who(link), "link %u.%u: handshake by %s", link->ref.thread, link->ref.slot,
                  tls_used_psk(link->ssl) ? "the session's key" : "certificate");
}

static void on_done(struct link *link) {
    link_note_handshake(link);
    link->last_rx_us = clock_us();
    link->no_hello = !link_is_agent(link);
    link_set_state(link, LINK_GREETING);
    link_begin_greeting(link);
}

/* Server: the verdict need not wait for the client's Finished, which is read along with its first frame. */
static void on_known(struct link *link) {
    link->is_half_open = true;
    link->last_rx_us = clock_us();
    link_set_state(link, LINK_VERDICT);
    plane_event_identified(link, tls_psk_identity(link->ssl));
}

static void on_failed(struct link *link) {
    struct error error = {""};
    enum tls_verdict verdict = tls_explain(link->ssl, &error);
    link->tls_failed = verdict != TLS_CUT;
    link->refused_by_peer = verdict == TLS_REFUSED_BY_PEER || verdict == TLS_UNTRUSTED_BY_PEER;
    link->untrusted = verdict == TLS_UNTRUSTED || verdict == TLS_UNTRUSTED_BY_PEER;
    link->received_nothing = verdict == TLS_CUT && tls_received_nothing(link->ssl);
    fail(link, error.text);
}

static void shake(struct link *link) {
    switch (tls_handshake(link->ssl)) {
    case TLS_IDENTIFIED:
        on_known(link);
        break;
    case TLS_DONE:
        if (!link_is_agent(link) && tls_psk_identity(link->ssl)) /* by way of a HelloRetryRequest */
            on_known(link);
        else
            on_done(link);
        break;
    case TLS_FAILED:
        on_failed(link);
        break;
    case TLS_WANTS_TO_READ:
    case TLS_WANTS_TO_WRITE: /* EPOLLOUT follows */
        break;
    }
}

/* Without it, for want of memory, too, it goes by the server's certificate. */
static void offer_session_key(struct link *link) {
    const struct link_order *order = link->order;
    uint8_t key[SECRET_SIZE];
    if (*order->identity && session_key_for_tls(key, order->key) == 0) {
        (void)tls_offer_psk(link->ssl, order->identity, key);
        secret_wipe(key, sizeof key);
    }
}

static void begin_handshake(struct link *link) {
    BIO *bio = NULL;
    link_set_state(link, LINK_HANDSHAKE);
    link->ssl = tls_session(link->order->tls, !link_is_agent(link), link->order->server_name);
    link->bio = link->ssl ? link_bio_new(link->fd, &link->thread->bio, &bio) : NULL;
    if (!link->bio) {
        fail(link, "out of memory");
        return;
    }
    SSL_set_bio(link->ssl, bio, bio);
    offer_session_key(link);
    shake(link);
}

/* ---- the event ---- */

static void on_connected(struct link *link) {
    int error = sock_connect_result(link->fd);
    link->received_nothing = error == ECONNRESET; /* the peer accepted the connection and then reset it */
    if (error == 0)
        begin_handshake(link);
    else
        fail(link, strerror(error));
}

static void on_event(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    struct link *link = context;
    if (what & EV_CLOSED)
        link->rdhup = true;
    if (what & EV_READ)
        link->needs_recheck = true;
    if (link->state == LINK_CONNECTING && (what & EV_WRITE))
        on_connected(link);
    else if (link->state == LINK_HANDSHAKE)
        shake(link);
    else if (link->state != LINK_CONNECTING &&
             link->state != LINK_VERDICT) /* ignored until the verdict; link_become_idle re-reads */
        link_data_on_event(link, what);
}

bool link_watch(struct link *link) {
    event_assign(&link->event, relay_thread_base(link->thread), link->fd,
                 EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, on_event, link);
    link->event_is_added = event_add(&link->event, NULL) == 0;
    if (!link->event_is_added)
        fail(link, "out of memory");
    return link->event_is_added;
}

void link_unwatch(struct link *link) {
    if (link->event_is_added)
        event_del(&link->event);
    link->event_is_added = false;
}

/* ---- server: adopted ---- */

static void set_deadline(struct link *link, uint64_t deadline_us) {
    uint64_t usual_us = clock_us() + (uint64_t)link->thread->options->greeting_ms * 1000;
    link->deadline_us = deadline_us ? deadline_us : usual_us;
}

void link_adopt(struct relay_thread *thread, int fd, SSL_CTX *tls, uint64_t tag, uint64_t deadline_us,
                struct close_event *close_event) {
    if (thread->stopping) {
        sock_close(fd);
        SSL_CTX_free(tls);
        plane_event_failed(thread, close_event, tag, "this program was stopped");
        return;
    }
    struct link *link = link_new(thread, fd, tag, close_event);
    struct link_order *order = link ? calloc(1, sizeof *order) : NULL;
    if (!order) {
        SSL_CTX_free(tls);
        if (link)
            fail(link, "out of memory");
        return;
    }
    order->tls = tls;
    link->order = order;
    set_deadline(link, deadline_us);
    relay_thread_await_greeting(thread, link);
    relay_thread_start_later(thread, link);
}

void link_start(struct link *link) {
    if (link_watch(link))
        begin_handshake(link);
    link_order_free(link->order);
    link->order = NULL;
}

/* ---- agent: dialled ---- */

void link_dial(struct relay_thread *thread, struct link_order *order, bool is_control, uint64_t tag,
               struct close_event *close_event) {
    if (thread->stopping) {
        link_order_free(order);
        plane_event_failed(thread, close_event, tag, "this program was stopped");
        return;
    }
    bool done = false;
    int fd = sock_connect(close_event_peer(close_event), NULL, &done);
    int error = fd < 0 ? errno : 0;
    struct link *link = link_new(thread, fd, tag, close_event);
    if (!link) {
        link_order_free(order);
        return;
    }
    link->order = order;
    link->session = order->session;
    link->is_control = is_control;
    set_deadline(link, 0);
    link_set_state(link, LINK_CONNECTING);
    if (fd < 0) {
        fail(link, strerror(error));
        return;
    }
    sock_set_keepalive(fd, SOCK_KEEPALIVE_LINK);
    if (link_watch(link) && done)
        begin_handshake(link);
}
