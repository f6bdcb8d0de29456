/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_begin_greeting: a link from the end of its handshake to the verdict: HELLO, WELCOME or REJECT.
 *
 * Runs on: the link's thread. The greeting is bufferevent_openssl's.
 * States: greeting -> verdict -> control | carrier | leaving.
 */
#include "config.h"

#include "proto/hello.h"
#include "relay/link/link_priv.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "lib/tls/tls.h"
#include "proto/auth_proof.h"
#include "proto/limits.h"
#include "relay/link/carrier.h"
#include "relay/thread_session.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)PROTO_VERSION == (int)TLS_ALPN_VERSION, "HELLO and ALPN name one version");

enum { LEAVING_MS = 2000 };

static void fail(struct link *link, const char *detail) {
    link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, detail);
}

/* ---- the greeting ---- */

static void report_greeting(struct link *link, const struct frame *frame) {
    uint8_t exporter[SECRET_SIZE];
    if (tls_exporter(link->ssl, exporter)) {
        fail(link, "OpenSSL cannot export keying material for the proof");
        return;
    }
    bufferevent_disable(link->stream, EV_READ);
    link->no_hello = false;
    link_set_state(link, LINK_VERDICT);
    link->deadline_us = clock_us() + (uint64_t)link->thread->options->greeting_ms * 1000; /* of our own control plane */
    plane_event_greeting(link, frame->type == FRAME_REJECT, (const char *)frame->payload, frame->length, exporter);
    secret_wipe(exporter, sizeof exporter);
}

/*
 * Agent: a certificate proves only its own key. The server of a session also has the session's key, which the thief of
 * a certificate's key has not.
 */
static bool server_has_session_key(struct link *link, const struct frame *frame, struct error *error) {
    const struct link_order *order = link->order;
    uint8_t exporter[SECRET_SIZE], proof[SECRET_SIZE];
    if (welcome_parse_data(proof, (const char *)frame->payload, frame->length, error) != 0)
        return false;
    bool is_proved = order->has_key && tls_exporter(link->ssl, exporter) == 0 &&
                     auth_proof_check(proof, order->key, AUTH_PROOF_DATA_SERVER, exporter);
    secret_wipe(exporter, sizeof exporter);
    if (!is_proved)
        error_set(error, "the proof is wrong");
    return is_proved;
}

/* Agent: a data link's WELCOME decides by itself; the session behind it was proved on the control link. */
static void take_data_welcome(struct link *link, const struct frame *frame, size_t frame_length) {
    char text[ADDR_TEXT];
    struct error error, detail;
    struct carrier_role role = link->role;
    unsigned resume_ms = link->order->resume_ms;
    if (!server_has_session_key(link, frame, &error)) {
        error_set(&detail, "the server showed its certificate, but did not prove that it has the session's key: %s",
                  error.text);
        link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, detail.text);
        return;
    }
    evbuffer_drain(bufferevent_get_input(link->stream), frame_length);
    link_set_state(link, LINK_VERDICT);
    link_accept_data(link, &role, NULL, addr_format(link_peer(link), text, sizeof text), resume_ms);
}

/* Server: frames of a link that is not accepted; nothing is read between HELLO and the verdict. */
static bool has_more(const struct link *link, size_t frame_length) {
    return evbuffer_get_length(bufferevent_get_input(link->stream)) > frame_length;
}

/* `frame_length`: what it takes in the bufferevent. */
static void take_greeting(struct link *link, const struct frame *frame, size_t frame_length) {
    bool awaited =
        link_is_agent(link) ? frame->type == FRAME_WELCOME || frame->type == FRAME_REJECT : frame->type == FRAME_HELLO;
    if (!awaited) {
        char detail[96];
        snprintf(detail, sizeof detail, "expected a greeting, got %s", frame_name(frame->type));
        fail(link, detail);
    } else if (frame->type == FRAME_HELLO && has_more(link, frame_length)) {
        link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, "more than HELLO before WELCOME");
    } else if (frame->type == FRAME_WELCOME && !link->is_control) {
        take_data_welcome(link, frame, frame_length);
    } else {
        report_greeting(link, frame);
        if (link->state == LINK_VERDICT)
            evbuffer_drain(bufferevent_get_input(link->stream), frame_length);
    }
}

/* Parses what has come; a frame longer than a greeting may be is refused by its header alone. */
static void read_greeting(struct link *link) {
    struct evbuffer *input = bufferevent_get_input(link->stream);
    size_t there = evbuffer_get_length(input), taken;
    size_t length = there < FRAME_HEADER + FRAME_GREETING_MAX ? there : FRAME_HEADER + FRAME_GREETING_MAX;
    struct frame frame;
    char text[FRAME_TEXT];
    const uint8_t *bytes = length > 0 ? evbuffer_pullup(input, (ev_ssize_t)length) : NULL;
    if (!bytes)
        return;
    switch (frame_parse(bytes, length, &frame, &taken)) {
    case FRAME_INCOMPLETE:
        if (length >= FRAME_HEADER && taken > FRAME_HEADER + FRAME_GREETING_MAX)
            fail(link, "first frame longer than a greeting (4096 bytes)");
        return;
    case FRAME_OK:
        take_greeting(link, &frame, taken);
        return;
    case FRAME_SKIP:
        fail(link, "expected a greeting, got a frame of a type that is not known here");
        return;
    case FRAME_BAD:
        fail(link, frame_explain(bytes, text));
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
    else if (link->state == LINK_LEAVING) /* ignored behind our REJECT */
        evbuffer_drain(bufferevent_get_input(link->stream), evbuffer_get_length(bufferevent_get_input(link->stream)));
}

static void send_hello(struct link *link) {
    struct link_order *order = link->order;
    uint8_t exporter[SECRET_SIZE] = {0}, proof[SECRET_SIZE];
    char *hello = NULL;
    enum auth_proof_role role = order->proof_role == DIAL_PROOF_DATA ? AUTH_PROOF_DATA : AUTH_PROOF_AGENT;
    if (!order->has_key)
        hello = strdup(order->hello);
    else if (tls_exporter(link->ssl, exporter) == 0 && auth_proof_make(proof, order->key, role, exporter) == 0)
        hello = hello_add_proof(order->hello, proof);
    if (!hello || strlen(hello) > FRAME_GREETING_MAX || !link_put_frame(link, FRAME_HELLO, hello, strlen(hello)))
        fail(link, "cannot make HELLO: out of memory, or longer than 4096 bytes");
    secret_wipe(exporter, sizeof exporter);
    free(hello);
}

static void on_stream_event(struct bufferevent *stream, short what, void *context) {
    (void)stream;
    link_stream_failed(context, what);
}

static void on_stream_written(struct bufferevent *stream, void *context) {
    (void)stream;
    struct link *link = context;
    if (link->state == LINK_LEAVING && evbuffer_get_length(bufferevent_get_output(link->stream)) == 0) {
        SSL_shutdown(link->ssl);
        sock_half_close(link->fd); /* the peer reads what there is, then closes; sweep ends it otherwise */
    }
}

static bool make_stream(struct link *link) {
    link_unwatch(link);
    link->stream = bufferevent_openssl_socket_new(relay_thread_base(link->thread), link->fd, link->ssl,
                                                  BUFFEREVENT_SSL_OPEN, BEV_OPT_DEFER_CALLBACKS);
    if (!link->stream) {
        fail(link, "out of memory");
        return false;
    }
    bufferevent_setcb(link->stream, on_stream_read, on_stream_written, on_stream_event, link);
    bufferevent_enable(link->stream, EV_READ | EV_WRITE);
    return true;
}

void link_begin_greeting(struct link *link) {
    if (make_stream(link) && link_is_agent(link))
        send_hello(link);
}

/* ---- the verdict ---- */

static void begin_control(struct link *link, const char *json) {
    if (json && !link_put_frame(link, FRAME_WELCOME, json, strlen(json)))
        fail(link, "out of memory");
    else
        link_control_begin(link);
}

static void note_accepted(struct link *link, bool is_control, uint64_t tag, const char *who) {
    link->is_control = is_control;
    link->was_accepted = true;
    link->tag = tag;
    link->who = who ? strdup(who) : NULL;
    link_order_free(link->order);
    link->order = NULL;
}

void link_accept_control(struct link *link, uint64_t tag, const char *json, const char *who, unsigned ping_s,
                         unsigned dead_after_s) {
    if (link->state != LINK_VERDICT)
        return;
    note_accepted(link, true, tag, who);
    link->ping_s = ping_s;
    link->dead_after_s = dead_after_s;
    begin_control(link, json);
}

/* WELCOME leaves before the streams that have waited for a carrier. */
bool link_accept_data(struct link *link, const struct carrier_role *role, const char *json, const char *who,
                      unsigned resume_ms) {
    struct thread_session *session = thread_session_get(link->thread, role, who, resume_ms);
    link->role = *role;
    note_accepted(link, false, link_is_agent(link) ? link->tag : role->session, who);
    if (!session) {
        fail(link, "out of memory, or its session is over");
        return false;
    }
    link_data_begin(link);
    if (link->state == LINK_VERDICT && !link_is_agent(link) && !link_carrier_make_room(link, session))
        fail(link, "all shared links that its session may have are in use");
    if (json && link->state == LINK_VERDICT)
        link_data_send_frame(link, FRAME_WELCOME, json, strlen(json));
    if (link->state == LINK_VERDICT && !(plane_event_carrier(link) && link_carrier_begin(link, session)))
        fail(link, "out of memory, or too many links of its session");
    return link->is_carrier;
}

void link_reject(struct link *link, const char *json) {
    if (link->state != LINK_VERDICT)
        return;
    if (!json || !link_put_frame(link, FRAME_REJECT, json, strlen(json))) {
        link_close(link, LINK_CLOSE_POLITELY, REASON_LINK_LOST, "rejected");
        return;
    }
    bufferevent_enable(link->stream, EV_READ);
    link_set_state(link, LINK_LEAVING);
    link->deadline_us = clock_us() + LEAVING_MS * 1000;
}
