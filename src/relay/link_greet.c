/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_greet: a link from its descriptor to the verdict: connect, TLS, HELLO, WELCOME or REJECT.
 *
 * Runs on: the link's thread. The handshake and the greeting are bufferevent_openssl's; one absolute deadline covers
 * TCP, TLS and greeting together.
 * States: new -> (connecting) -> handshake -> greeting -> verdict -> control | idle | leaving.
 */
#include "config.h"

#include "relay/link_priv.h"

#include "lib/clock.h"
#include "lib/sock.h"
#include "lib/tls.h"
#include "proto/message.h"
#include "proto/proof.h"
#include "proto/session_key.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <stdlib.h>
#include <string.h>

enum { LEAVING_MS = 2000 };

static bool is_agent(const struct link *link) {
    return link->worker->options->is_agent;
}

static void fail(struct link *link, const char *why) {
    link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, why);
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

bool link_put_frame(struct link *link, enum frame_type type, const void *payload, size_t length) {
    uint8_t header[FRAME_HEADER];
    struct evbuffer *output = bufferevent_get_output(link->stream);
    frame_write_header(header, type, length);
    if (evbuffer_expand(output, sizeof header + length))
        return false; /* before anything is in: a header without its payload would put all behind it out of step */
    return evbuffer_add(output, header, sizeof header) == 0 && evbuffer_add(output, payload, length) == 0;
}

/* ---- the greeting ---- */

static void say_greeting(struct link *link, const struct frame *frame) {
    uint8_t exporter[SECRET_SIZE];
    if (tls_exporter(link->ssl, exporter)) {
        fail(link, "OpenSSL gives no keying material for the proof");
        return;
    }
    bufferevent_disable(link->stream, EV_READ);
    link_set_state(link, LINK_VERDICT);
    plane_say_greeting(link, frame->type == FRAME_REJECT, (const char *)frame->payload, frame->length, exporter);
    secret_wipe(exporter, sizeof exporter);
}

/* Agent: a data link's WELCOME decides by itself; the session behind it was proved on the control link. */
static void take_welcome(struct link *link, size_t frame_length) {
    char text[ADDR_TEXT];
    evbuffer_drain(bufferevent_get_input(link->stream), frame_length);
    link_set_state(link, LINK_VERDICT);
    link_accept(link, false, link->tag, NULL, addr_format(&link->peer, text, sizeof text), 0, 0);
}

static void take_greeting(struct link *link, const struct frame *frame, size_t frame_length) {
    bool awaited =
        is_agent(link) ? frame->type == FRAME_WELCOME || frame->type == FRAME_REJECT : frame->type == FRAME_HELLO;
    if (!awaited) {
        char why[96];
        snprintf(why, sizeof why, "%s came first instead of a greeting", frame_name(frame->type));
        fail(link, why);
        return;
    }
    if (frame->type == FRAME_WELCOME && !link->is_control) {
        take_welcome(link, frame_length);
        return;
    }
    say_greeting(link, frame);
    if (link->state == LINK_VERDICT)
        evbuffer_drain(bufferevent_get_input(link->stream), frame_length);
}

/* Looks at what has come; a frame longer than a greeting may be is refused by its header alone. */
static void read_greeting(struct link *link) {
    struct evbuffer *input = bufferevent_get_input(link->stream);
    size_t there = evbuffer_get_length(input), taken;
    size_t look = there < FRAME_HEADER + FRAME_GREETING_MAX ? there : FRAME_HEADER + FRAME_GREETING_MAX;
    struct frame frame;
    const uint8_t *bytes = look > 0 ? evbuffer_pullup(input, (ev_ssize_t)look) : NULL;
    if (!bytes)
        return;
    switch (frame_parse(bytes, look, &frame, &taken)) {
    case FRAME_INCOMPLETE:
        if (look >= FRAME_HEADER && taken > FRAME_HEADER + FRAME_GREETING_MAX)
            fail(link, "a first frame longer than a greeting may be");
        return;
    case FRAME_OK:
        take_greeting(link, &frame, taken);
        return;
    default:
        fail(link, "not a Munnel frame");
    }
}

/* ---- the bufferevent ---- */

static void on_stream_read(struct bufferevent *stream, void *context) {
    (void)stream;
    struct link *link = context;
    if (link->state == LINK_GREETING)
        read_greeting(link);
    else if (link->state == LINK_CONTROL)
        link_control_read(link);
    else if (link->state == LINK_LEAVING) /* whatever it says now */
        evbuffer_drain(bufferevent_get_input(link->stream), evbuffer_get_length(bufferevent_get_input(link->stream)));
}

static void send_hello(struct link *link) {
    struct link_order *order = link->order;
    uint8_t exporter[SECRET_SIZE] = {0}, proof[SECRET_SIZE];
    char *hello = NULL;
    enum proof_role role = order->proof_role == DIAL_PROOF_DATA ? PROOF_DATA : PROOF_AGENT;
    if (!order->has_key)
        hello = strdup(order->hello);
    else if (tls_exporter(link->ssl, exporter) == 0 && proof_make(proof, order->key, role, exporter) == 0)
        hello = message_add_proof(order->hello, proof);
    if (!hello || strlen(hello) > FRAME_GREETING_MAX || !link_put_frame(link, FRAME_HELLO, hello, strlen(hello)))
        fail(link, "no HELLO could be made");
    secret_wipe(exporter, sizeof exporter);
    free(hello);
}

static void log_handshake(const struct link *link) {
    struct log *log = link->worker->options->log;
    if (log_enabled(log, LOG_LEVEL_DEBUG))
        log_write(log, LOG_LEVEL_DEBUG, link_who(link), "link %u.%u: handshake by %s", link->ref.thread, link->ref.slot,
                  tls_came_by_key(link->ssl) ? "the session's key" : "certificate");
}

static void on_handshake_done(struct link *link) {
    counter_add(&link->worker->counters->handshakes_done, 1);
    log_handshake(link);
    link->heard_us = clock_us();
    link_set_state(link, LINK_GREETING);
    if (is_agent(link))
        send_hello(link);
}

static void on_stream_event(struct bufferevent *stream, short what, void *context) {
    (void)stream;
    struct link *link = context;
    if (what & BEV_EVENT_CONNECTED)
        on_handshake_done(link);
    else
        link_stream_failed(link, what);
}

static void on_stream_written(struct bufferevent *stream, void *context) {
    (void)stream;
    struct link *link = context;
    if (link->state == LINK_LEAVING && evbuffer_get_length(bufferevent_get_output(link->stream)) == 0) {
        SSL_shutdown(link->ssl);
        sock_half_close(link->fd); /* the peer reads what there is, then closes; sweep ends it otherwise */
    }
}

/* Without it, for want of memory, too, it goes by the server's certificate. */
static void offer_session_key(struct link *link) {
    const struct link_order *order = link->order;
    uint8_t key[SECRET_SIZE];
    if (link->ssl && *order->session && session_key_for_tls(key, order->key) == 0) {
        (void)tls_offer_key(link->ssl, order->session, key);
        secret_wipe(key, sizeof key);
    }
}

static void begin_handshake(struct link *link, SSL_CTX *tls, const char *server_name) {
    link_set_state(link, LINK_HANDSHAKE);
    bool is_server = !is_agent(link);
    link->ssl = tls_session(tls, is_server, server_name);
    offer_session_key(link);
    link->bio = link->ssl ? link_bio_new(link->fd, &link->worker->bio) : NULL;
    if (!link->bio) {
        fail(link, "out of memory");
        return;
    }
    SSL_set_bio(link->ssl, link->bio, link->bio);
    link->stream = bufferevent_openssl_socket_new(worker_base(link->worker), link->fd, link->ssl,
                                                  is_server ? BUFFEREVENT_SSL_ACCEPTING : BUFFEREVENT_SSL_CONNECTING,
                                                  BEV_OPT_DEFER_CALLBACKS);
    if (!link->stream) {
        fail(link, "out of memory");
        return;
    }
    bufferevent_setcb(link->stream, on_stream_read, on_stream_written, on_stream_event, link);
    bufferevent_enable(link->stream, EV_READ | EV_WRITE);
}

/* ---- server: adopted ---- */

static void set_deadline(struct link *link, uint64_t deadline_us) {
    uint64_t usual_us = clock_us() + (uint64_t)link->worker->options->greeting_ms * 1000;
    link->deadline_us = deadline_us ? deadline_us : usual_us;
}

void link_adopt(struct worker *worker, int fd, const struct addr *peer, SSL_CTX *tls, uint64_t tag,
                uint64_t deadline_us, struct saying_gone *words) {
    struct link *link = link_new(worker, fd, peer, tag, words);
    struct link_order *order = link ? calloc(1, sizeof *order) : NULL;
    if (!order) {
        SSL_CTX_free(tls);
        if (link) {
            fail(link, "out of memory");
        }
        return;
    }
    order->tls = tls;
    link->order = order;
    set_deadline(link, deadline_us);
    worker_await_greeting(worker, link);
    worker_start_later(worker, link);
}

void link_start(struct link *link) {
    begin_handshake(link, link->order->tls, link->order->server_name);
    if (link->state != LINK_CLOSED && !is_agent(link)) {
        link_order_free(link->order);
        link->order = NULL;
    }
}

/* ---- agent: dialled ---- */

static void on_connected(evutil_socket_t fd, short what, void *context) {
    (void)what;
    struct link *link = context;
    link->event_is_added = false;
    int error = sock_connect_result(fd);
    if (error == 0) {
        link_start(link);
        return;
    }
    fail(link, strerror(error));
}

static void connect_link(struct link *link, bool done) {
    sock_set_keepalive(link->fd, SOCK_KEEPALIVE_LINK);
    if (done) {
        link_start(link);
        return;
    }
    event_assign(&link->event, worker_base(link->worker), link->fd, EV_WRITE, on_connected, link);
    link->event_is_added = event_add(&link->event, NULL) == 0;
}

void link_dial(struct worker *worker, const struct addr *address, struct link_order *order, bool is_control,
               uint64_t tag, struct saying_gone *words) {
    bool done = false;
    int fd = sock_connect(address, NULL, &done);
    int error = fd < 0 ? errno : 0;
    struct link *link = link_new(worker, fd, address, tag, words);
    if (!link) {
        link_order_free(order);
        return;
    }
    link->order = order;
    link->is_control = is_control;
    set_deadline(link, 0);
    link_set_state(link, LINK_CONNECTING);
    if (fd < 0)
        fail(link, strerror(error));
    else
        connect_link(link, done);
}

/* ---- the verdict ---- */

void link_accept(struct link *link, bool is_control, uint64_t tag, const char *json, const char *who, unsigned ping_s,
                 unsigned dead_after_s) {
    if (link->state != LINK_VERDICT)
        return;
    link->is_control = is_control;
    link->was_accepted = true;
    link->tag = tag;
    link->ping_s = ping_s;
    link->dead_after_s = dead_after_s;
    link->who = who ? strdup(who) : NULL;
    link_order_free(link->order);
    link->order = NULL;
    if (!is_control)
        link_data_take_over(link);
    if (json && is_control && !link_put_frame(link, FRAME_WELCOME, json, strlen(json))) {
        fail(link, "out of memory");
        return;
    }
    if (is_control) {
        link_control_begin(link);
        return;
    }
    if (link->state == LINK_CLOSED)
        return;
    if (json) {
        batch_add(link_batch(link), FRAME_WELCOME, json, strlen(json));
        link_send(link);
    }
    link_become_idle(link);
}

void link_reject(struct link *link, const char *json) {
    if (link->state != LINK_VERDICT)
        return;
    if (!json || !link_put_frame(link, FRAME_REJECT, json, strlen(json))) {
        link_close(link, LINK_CLOSE_POLITELY, REASON_LINK_LOST, "turned away");
        return;
    }
    link_set_state(link, LINK_LEAVING);
    link->deadline_us = clock_us() + LEAVING_MS * 1000;
    bufferevent_enable(link->stream, EV_READ);
}
