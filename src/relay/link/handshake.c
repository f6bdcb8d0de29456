/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * handshake: a link from its connection to the end of the TLS handshake.
 *
 * Runs on: the link's thread. On the server one absolute deadline covers TCP, TLS and greeting together, without the
 * time in which the link waits for its turn; the agent gives the server time for that.
 * States: new, or on the agent what precedes (dial.c) -> handshake -> greeting (greeting.c).
 */
#include "config.h"

#include "relay/link/link_priv.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/tls/tls.h"
#include "relay/link/bio.h"

#include <stdlib.h>
#include <string.h>

static void fail(struct link *link, const char *detail) {
    link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, detail);
}

/* ---- the handshake ---- */

static void count_result(struct link *link, enum handshake_result result) {
    counter_add(&link->thread->counts.handshakes[result], 1);
}

static void on_done(struct link *link) {
    struct log *log = link->thread->options->log;
    if (!SSL_has_pending(link->ssl))
        SSL_free_buffers(link->ssl); /* the one for sending would stay, 16 KiB, until a record is sent */
    count_result(link, HANDSHAKE_DONE);
    if (log_enabled(log, LOG_LEVEL_DEBUG))
        log_write(log, LOG_LEVEL_DEBUG, link_who(link), "link %u.%u: handshake done", link->ref.thread, link->ref.slot);
    link->last_rx_us = clock_us();
    link->no_hello = !link_is_agent(link);
    link_set_state(link, LINK_GREETING);
    link_begin_greeting(link);
}

static void on_failed(struct link *link) {
    struct error error = {""};
    enum tls_verdict verdict = tls_explain(link->ssl, &error);
    link->tls_failed = verdict != TLS_CUT;
    link->refused_by_peer = verdict == TLS_REFUSED_BY_PEER || verdict == TLS_UNTRUSTED_BY_PEER;
    link->untrusted = verdict == TLS_UNTRUSTED || verdict == TLS_UNTRUSTED_BY_PEER;
    link->received_nothing = verdict == TLS_CUT && tls_received_nothing(link->ssl);
    count_result(link, !link->tls_failed       ? HANDSHAKE_LOST
                       : link->refused_by_peer ? HANDSHAKE_REFUSED_BY_PEER
                                               : HANDSHAKE_REFUSED);
    fail(link, error.text);
}

static void proceed(struct link *link) {
    switch (tls_handshake(link->ssl)) {
    case TLS_DONE:
        on_done(link);
        break;
    case TLS_FAILED:
        on_failed(link);
        break;
    case TLS_WANTS_TO_READ:
        readiness_await(&link->readiness, EV_READ);
        break;
    case TLS_WANTS_TO_WRITE:
        readiness_await(&link->readiness, EV_WRITE);
        break;
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
    proceed(link);
}

static void on_event(struct link *link, short what) {
    (void)what;
    if (link->state == LINK_HANDSHAKE)
        proceed(link);
}

/* What it needs is known to OpenSSL alone; a call that was forgotten is met by the deadline. */
static void sweep(struct link *link, uint64_t now_us) {
    if (link->is_watched)
        (void)readiness_sweep(&link->readiness, 0);
    link_sweep_deadline(link, now_us);
}

static const struct link_phase handshake_phase = {.on_event = on_event, .sweep = sweep};

/* ---- agent: connected ---- */

/* A server to which many agents come at once does their handshakes one after the other. */
void link_begin_handshake(struct link *link) {
    link_set_phase(link, &handshake_phase);
    link->deadline_us = clock_us() + (uint64_t)LINK_ANSWER_DEADLINES * link->thread->options->greeting_ms * 1000;
    begin_handshake(link);
}

/* ---- server: adopted ---- */

static void set_deadline(struct link *link, uint64_t deadline_us) {
    uint64_t usual_us = clock_us() + (uint64_t)link->thread->options->greeting_ms * 1000;
    link->deadline_us = deadline_us ? deadline_us : usual_us;
}

void link_adopt(struct relay_thread *thread, evutil_socket_t fd, SSL_CTX *tls, uint64_t tag, uint64_t deadline_us,
                struct close_event *close_event) {
    if (thread->stopping) {
        sock_close(fd);
        SSL_CTX_free(tls);
        plane_event_failed(thread, close_event, tag, "this program was stopped");
        return;
    }
    struct link *link = link_new(thread, fd, tag, close_event, &handshake_phase);
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
    plane_event_handshake(link);
    if (link_watch(link))
        begin_handshake(link);
    link_order_free(link->order);
    link->order = NULL;
}
