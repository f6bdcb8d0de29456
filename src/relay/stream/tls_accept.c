/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tls_accept: see tls_accept.h.
 */
#include "config.h"

#include "relay/stream/tls_accept.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/event/readiness.h"
#include "lib/net/sock.h"
#include "lib/tls/tls.h"
#include "relay/stream/socket_tls.h"
#include "relay/stream/tls_tlvs.h"
#include "relay/thread_priv.h"

#include <errno.h>
#include <stdlib.h>

enum { TLS_ACCEPT_MS = 10000, ANSWERED_MS = 2000, ANSWERED_MOST = 65536 };
enum { RECORD_HEADER = 5, RECORD_MOST = 16384, RECORD_HANDSHAKE = 22 }; /* of TLS */

enum state { QUIET, QUEUED, RUNNING, ANSWERED };

struct tls_accept {
    struct readiness readiness;
    struct relay_thread *thread;
    struct client *client;
    struct stream_tls *tls; /* running */
    enum state state;
    uint64_t deadline_us;
    enum client_tls_result result; /* answered, as the next */
    size_t dropped;
    TAILQ_ENTRY(tls_accept) by_age;   /* all: the one whose deadline comes first is the first */
    TAILQ_ENTRY(tls_accept) by_state; /* those that are queued */
};

/* ---- turns ---- */

static void start_if_queued(struct tls_accepts *accepts) {
    static const struct timeval at_once = {0, 0};
    if (TAILQ_EMPTY(&accepts->queued) || event_pending(&accepts->starter, EV_TIMEOUT, NULL))
        return;
    if (event_add(&accepts->starter, &at_once))
        event_active(&accepts->starter, EV_TIMEOUT, 1); /* without memory for a timer */
}

/* ---- the end ---- */

/* The client goes back. `tls`: the handshake was done; else the connection is closed. */
static void leave(struct tls_accept *accept, enum client_tls_result result) {
    struct tls_accepts *accepts = &accept->thread->tls_accepts;
    struct client *client = accept->client;
    readiness_end(&accept->readiness);
    if (accept->state == ANSWERED)
        TAILQ_REMOVE(&accepts->answered, accept, by_age);
    else
        TAILQ_REMOVE(&accepts->all, accept, by_age);
    if (accept->state == QUEUED)
        TAILQ_REMOVE(&accepts->queued, accept, by_state);
    client->tls_result = result;
    client->tls = accept->tls;
    plane_event_client_tls(accept->thread, client);
    free(accept);
}

static void fail(struct tls_accept *accept, enum client_tls_result result, const char *detail) {
    struct client *client = accept->client;
    strbuf_copy(client->detail, sizeof client->detail, detail);
    stream_tls_free(accept->tls);
    accept->tls = NULL;
    evutil_socket_t fd = client->fd;
    client->fd = -1;
    leave(accept, result);
    sock_set_reset_on_close(fd, false); /* a reset could overtake the alert */
    sock_close(fd);
}

/*
 * ---- HTTP without TLS ----
 *
 * People forget the s of https, and see no more than a reset then. What they have sent is read away for a moment: a
 * close with bytes that were not read is a reset, which overtakes the answer.
 */

static void leave_answered(struct tls_accept *accept) {
    char detail[sizeof accept->client->detail];
    strbuf_copy(detail, sizeof detail, accept->client->detail);
    fail(accept, accept->result, detail);
}

static void drop_request(struct tls_accept *accept) {
    char bytes[4096];
    struct iovec part = {bytes, sizeof bytes};
    ssize_t got;
    while ((got = sock_readv(accept->client->fd, &part, 1)) > 0 && accept->dropped < ANSWERED_MOST)
        accept->dropped += (size_t)got;
    if (got < 0 && sock_would_block(errno))
        readiness_await(&accept->readiness, EV_READ);
    else
        leave_answered(accept);
}

static void answer_http(struct tls_accept *accept, enum client_tls_result result, const char *detail) {
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 63\r\n"
                                 "Connection: close\r\n\r\n"
                                 "This port speaks HTTPS: write https:// in front of its address\n";
    struct tls_accepts *accepts = &accept->thread->tls_accepts;
    struct iovec part = {(void *)(uintptr_t)answer, sizeof answer - 1};
    strbuf_copy(accept->client->detail, sizeof accept->client->detail, detail);
    stream_tls_free(accept->tls);
    accept->tls = NULL;
    (void)sock_writev(accept->client->fd, &part, 1);
    (void)sock_half_close(accept->client->fd);
    TAILQ_REMOVE(&accepts->all, accept, by_age);
    TAILQ_INSERT_TAIL(&accepts->answered, accept, by_age);
    accept->state = ANSWERED;
    accept->result = result;
    accept->deadline_us = clock_us() + ANSWERED_MS * 1000ull;
    drop_request(accept);
}

/* ---- the end of a handshake ---- */

static void fail_handshake(struct tls_accept *accept) {
    static const enum client_tls_result results[] = {
        [TLS_CUT] = CLIENT_TLS_CUT,
        [TLS_REFUSED] = CLIENT_TLS_REFUSED,
        [TLS_UNTRUSTED] = CLIENT_TLS_CERTIFICATE,
        [TLS_REFUSED_BY_PEER] = CLIENT_TLS_ALERT,
        [TLS_UNTRUSTED_BY_PEER] = CLIENT_TLS_ALERT,
    };
    struct error error = {""};
    const SSL *ssl = stream_tls_ssl(accept->tls);
    enum client_tls_result result = results[tls_explain(ssl, &error)];
    if (tls_is_no_tls(ssl))
        result = CLIENT_TLS_NONE;
    else if (result == CLIENT_TLS_REFUSED && tls_is_wrong_version(ssl))
        result = CLIENT_TLS_VERSION;
    if (tls_is_http(ssl))
        answer_http(accept, result, error.text);
    else
        fail(accept, result, error.text);
}

/* ---- the handshake ---- */

/* Without memory the destination gets its header without them, or with those of the balancer. */
static void note_facts(struct client *client, const SSL *ssl) {
    struct proxy_tlvs *tlvs = client->terms->sends_tlvs ? tls_tlvs_new(ssl, client->tlvs) : NULL;
    if (!tlvs)
        return;
    free(client->tlvs);
    client->tlvs = tlvs;
}

static void done(struct tls_accept *accept) {
    SSL *ssl = stream_tls_ssl(accept->tls);
    if (!SSL_has_pending(ssl))
        SSL_free_buffers(ssl); /* the one for sending would stay, 16 KiB, until a record is sent */
    note_facts(accept->client, ssl);
    stream_tls_leave(accept->tls);
    leave(accept, CLIENT_TLS_DONE);
}

static void proceed(struct tls_accept *accept) {
    switch (tls_handshake(stream_tls_ssl(accept->tls))) {
    case TLS_DONE:
        done(accept);
        break;
    case TLS_FAILED:
        fail_handshake(accept);
        break;
    case TLS_WANTS_TO_READ:
        readiness_await(&accept->readiness, EV_READ);
        break;
    case TLS_WANTS_TO_WRITE:
        readiness_await(&accept->readiness, EV_WRITE);
        break;
    }
}

static void start(struct tls_accepts *accepts, uint64_t now_us) {
    struct tls_accept *accept = TAILQ_FIRST(&accepts->queued);
    struct client *client = accept->client;
    TAILQ_REMOVE(&accepts->queued, accept, by_state);
    accept->state = RUNNING;
    accept->deadline_us = now_us + TLS_ACCEPT_MS * 1000ull; /* it has waited for others: the time begins anew */
    TAILQ_REMOVE(&accepts->all, accept, by_age);
    TAILQ_INSERT_TAIL(&accepts->all, accept, by_age);
    accept->tls = stream_tls_new(client->tls_context, client->fd, &accept->thread->client_bio, client->early);
    if (client->early)
        evbuffer_free(client->early);
    client->early = NULL;
    if (accept->tls)
        proceed(accept);
    else
        fail(accept, CLIENT_TLS_SERVER, "out of memory");
}

static void on_starter(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    struct tls_accepts *accepts = &((struct relay_thread *)context)->tls_accepts;
    uint64_t now_us = clock_us();
    for (int i = 0; i < RELAY_THREAD_HANDSHAKES_PER_TURN && !TAILQ_EMPTY(&accepts->queued); i++)
        start(accepts, now_us);
    start_if_queued(accepts);
}

static void enqueue(struct tls_accept *accept) {
    struct tls_accepts *accepts = &accept->thread->tls_accepts;
    accept->state = QUEUED;
    TAILQ_INSERT_TAIL(&accepts->queued, accept, by_state);
    start_if_queued(accepts);
}

/* How many bytes the first record has in all, as far as its beginning tells: what is no TLS is whole as it is. */
static size_t record_length(const struct evbuffer *early) {
    uint8_t header[RECORD_HEADER];
    ev_ssize_t got = evbuffer_copyout((struct evbuffer *)(uintptr_t)early, header, sizeof header);
    if (got < 1 || header[0] != RECORD_HANDSHAKE)
        return (size_t)(got > 0 ? got : 0);
    return got < RECORD_HEADER ? RECORD_HEADER : RECORD_HEADER + (size_t)(header[3] << 8 | header[4]);
}

/* Reads up to the end of the first record. True: it is there, or will not come. */
static bool gather(struct client *client) {
    uint8_t bytes[RECORD_HEADER + RECORD_MOST];
    size_t there = client->early ? evbuffer_get_length(client->early) : 0;
    if (!client->early && !(client->early = evbuffer_new()))
        return true; /* the handshake fails for want of memory */
    struct iovec part = {bytes, sizeof bytes - there};
    ssize_t got = sock_readv(client->fd, &part, 1);
    if (got < 0 && sock_would_block(errno))
        return false;
    if (got <= 0 || evbuffer_add(client->early, bytes, (size_t)got))
        return true;
    there += (size_t)got;
    return there == sizeof bytes || there >= record_length(client->early);
}

/* A turn is for whom has sent a whole record: of clients that send a byte and no more there may be thousands. */
static void read_first(struct tls_accept *accept) {
    if (gather(accept->client))
        enqueue(accept);
    else
        readiness_await(&accept->readiness, EV_READ);
}

/* What comes while it is queued is read in its turn. */
static void on_event(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    struct tls_accept *accept = context;
    if (accept->state == RUNNING)
        proceed(accept);
    else if (accept->state == ANSWERED)
        drop_request(accept);
    else if (accept->state == QUIET && (what & (EV_READ | EV_CLOSED)))
        read_first(accept);
}

/* ---- life ---- */

void tls_accept_refuse(struct relay_thread *thread, struct client *client, const char *detail) {
    strbuf_copy(client->detail, sizeof client->detail, detail);
    sock_close_reset(client->fd);
    client->fd = -1;
    client->tls_result = CLIENT_TLS_SERVER;
    plane_event_client_tls(thread, client);
}

void tls_accept_begin(struct relay_thread *thread, struct client *client) {
    struct tls_accept *accept = thread->stopping ? NULL : calloc(1, sizeof *accept);
    if (!accept || !readiness_begin(&accept->readiness, relay_thread_base(thread), client->fd, on_event, accept)) {
        free(accept);
        tls_accept_refuse(thread, client, thread->stopping ? "the program was stopped" : "out of memory");
        return;
    }
    accept->thread = thread;
    accept->client = client;
    accept->deadline_us = clock_us() + TLS_ACCEPT_MS * 1000ull;
    TAILQ_INSERT_TAIL(&thread->tls_accepts.all, accept, by_age);
    if (client->early)
        enqueue(accept);
    else
        readiness_await(&accept->readiness, EV_READ);
}

void tls_accept_sweep(struct relay_thread *thread, uint64_t now_us) {
    static const char *const late_details[] = {
        [QUIET] = "it sent no whole record within 10 seconds",
        [QUEUED] = "too many others set up TLS for 10 seconds",
        [RUNNING] = "TLS was not set up within 10 seconds",
        [ANSWERED] = "",
    };
    struct tls_accept *next;
    for (struct tls_accept *accept = TAILQ_FIRST(&thread->tls_accepts.all); accept && now_us >= accept->deadline_us;
         accept = next) {
        next = TAILQ_NEXT(accept, by_age);
        fail(accept, CLIENT_TLS_TIMEOUT, late_details[accept->state]);
    }
    while ((next = TAILQ_FIRST(&thread->tls_accepts.answered)) && now_us >= next->deadline_us)
        leave_answered(next);
}

void tls_accept_end_all(struct relay_thread *thread) {
    struct tls_accept *accept;
    while ((accept = TAILQ_FIRST(&thread->tls_accepts.all)))
        fail(accept, CLIENT_TLS_SERVER, "the program was stopped");
    while ((accept = TAILQ_FIRST(&thread->tls_accepts.answered)))
        leave_answered(accept);
    event_del(&thread->tls_accepts.starter);
}

void tls_accepts_init(struct relay_thread *thread) {
    struct tls_accepts *accepts = &thread->tls_accepts;
    TAILQ_INIT(&accepts->all);
    TAILQ_INIT(&accepts->queued);
    TAILQ_INIT(&accepts->answered);
    event_assign(&accepts->starter, relay_thread_base(thread), -1, 0, on_starter, thread);
}
