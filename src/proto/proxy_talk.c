/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy_talk: see proxy_talk.h.
 */
#include "config.h"

#include "proto/proxy_talk.h"

#include "lib/base/secret.h"
#include "proto/http_head.h"
#include "proto/proxy_auth.h"
#include "proto/socks5.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    REQUEST_MAX = PROXY_AUTHORIZATION + 2 * (ENDPOINT_HOST + 16) + 128,
    DETAIL = 400,
    ANSWER_MAX = 8192, /* bytes of heads, interim ones included */
    SHOWN = 16         /* of bytes that make no sense */
};

enum socks_stage { SOCKS_METHOD, SOCKS_USER, SOCKS_CONNECT };

struct proxy_talk {
    struct proxy own;          /* that it goes by */
    const struct proxy *proxy; /* the same */
    struct endpoint server;
    char target[ENDPOINT_HOST + 16]; /* "example.org:10001" */
    enum proxy_step step;
    enum proxy_fault fault;
    enum socks_stage stage;
    unsigned connections;
    bool is_authorized; /* `authorization` is sent */
    char authorization[PROXY_AUTHORIZATION];
    uint8_t output[REQUEST_MAX];
    size_t output_length, sent;
    uint8_t input[ANSWER_MAX];
    size_t received, parsed; /* parsed: HTTP, of them */
    struct http_head head;
    struct proxy_offer offer;
    char detail[DETAIL];
};

static void fail(struct proxy_talk *talk, enum proxy_fault fault, const char *format, ...) PRINTF_LIKE(3, 4);
static void fail(struct proxy_talk *talk, enum proxy_fault fault, const char *format, ...) {
    va_list arguments;
    int length = snprintf(talk->detail, sizeof talk->detail, "proxy %s: ", proxy_where(talk->proxy));
    size_t used = length < 0 ? 0 : (size_t)length < sizeof talk->detail ? (size_t)length : sizeof talk->detail - 1;
    va_start(arguments, format);
    vsnprintf(talk->detail + used, sizeof talk->detail - used, format, arguments);
    va_end(arguments);
    talk->fault = fault;
    talk->step = PROXY_FAILED;
}

static void send_output(struct proxy_talk *talk, size_t length) {
    talk->output_length = length;
    talk->sent = talk->received = talk->parsed = 0;
    talk->step = PROXY_SENDS;
}

static void open_tunnel(struct proxy_talk *talk, size_t answer_length) {
    size_t surplus = talk->received - answer_length;
    if (surplus > 0)
        fail(talk, PROXY_FAULT_MALFORMED,
             "sent %zu bytes behind its answer, but a Munnel server says nothing before the agent has", surplus);
    else
        talk->step = PROXY_IS_OPEN;
}

static void fail_by_bytes(struct proxy_talk *talk, const char *wanted) {
    char shown[SHOWN + 1];
    size_t length = talk->received < SHOWN ? talk->received : SHOWN;
    for (size_t i = 0; i < length; i++)
        shown[i] = talk->input[i] >= ' ' && talk->input[i] < 0x7f ? (char)talk->input[i] : '.';
    shown[length] = '\0';
    fail(talk, PROXY_FAULT_MALFORMED, "answered \"%s\"%s, which is no %s", shown, talk->received > SHOWN ? "..." : "",
         wanted);
}

/* ---- HTTP CONNECT ---- */

static void send_request(struct proxy_talk *talk) {
    int length = snprintf((char *)talk->output, sizeof talk->output,
                          "CONNECT %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: munnel-agent\r\n%s%s%s\r\n", talk->target,
                          talk->target, talk->is_authorized ? "Proxy-Authorization: " : "",
                          talk->is_authorized ? talk->authorization : "", talk->is_authorized ? "\r\n" : "");
    assert(length > 0 && (size_t)length < sizeof talk->output);
    send_output(talk, (size_t)length);
}

static void take_field(void *context, const char *value, size_t length) {
    proxy_offer_add(context, value, length);
}

static void begin_head(struct proxy_talk *talk) {
    talk->offer = (struct proxy_offer){.best = PROXY_SCHEME_NONE};
    http_head_begin(&talk->head, "Proxy-Authenticate", take_field, &talk->offer);
}

static int authorize(struct proxy_talk *talk, const struct proxy_offer *offer, struct error *error) {
    char cnonce[PROXY_CNONCE];
    uint8_t random[(PROXY_CNONCE - 1) / 2];
    talk->is_authorized = true;
    if (offer->best == PROXY_SCHEME_BASIC)
        return proxy_auth_basic(talk->authorization, talk->proxy, error);
    if (secret_random(random, sizeof random))
        return error_set(error, "the system's random generator failed");
    return proxy_auth_digest(talk->authorization, &offer->digest, talk->proxy, talk->target,
                             secret_to_hex(random, sizeof random, cnonce), error);
}

static void take_challenge(struct proxy_talk *talk) {
    const struct proxy *proxy = talk->proxy;
    const struct proxy_offer *offer = &talk->offer;
    struct error error = {""};
    char answer[HTTP_HEAD_REASON + PROXY_OFFERS + 64];
    snprintf(answer, sizeof answer, "answered 407 %s, offers %s", talk->head.reason,
             offer->names[0] ? offer->names : "no way to authenticate");
    bool is_stale = offer->best >= PROXY_SCHEME_DIGEST_MD5 && offer->digest.is_stale;
    if (offer->best == PROXY_SCHEME_NONE)
        fail(talk, PROXY_FAULT_AUTHENTICATION, "%s; munnel-agent knows Basic, and Digest by MD5 or SHA-256", answer);
    else if (!proxy->has_user)
        fail(talk, PROXY_FAULT_AUTHENTICATION, "%s; it wants a user and a password", answer);
    else if (talk->is_authorized && !is_stale)
        fail(talk, PROXY_FAULT_AUTHENTICATION, "%s; it does not accept user \"%s\" with this password", answer,
             proxy->user);
    else if (talk->connections == PROXY_TALK_CONNECTIONS)
        fail(talk, PROXY_FAULT_AUTHENTICATION, "%s, again and again: each nonce of its own is stale", answer);
    else if (authorize(talk, offer, &error))
        fail(talk, PROXY_FAULT_AUTHENTICATION, "%s; %s", answer, error.text);
    else
        talk->step = PROXY_AGAIN;
}

/* tinyproxy answers a wrong user or password so. */
static void take_unauthorized(struct proxy_talk *talk) {
    fail(talk, PROXY_FAULT_AUTHENTICATION, "answered 401 %s; it does not accept user \"%s\" with this password",
         talk->head.reason, talk->proxy->user);
}

/* What a web server answers, which takes CONNECT for a method that it lacks, or its target for a malformed one. */
static bool is_of_web_server(const struct proxy_talk *talk) {
    unsigned status = talk->head.status;
    return status == 400 || status == 401 || status == 404 || status == 405;
}

static void take_status(struct proxy_talk *talk) {
    const struct http_head *head = &talk->head;
    if (head->status >= 200 && head->status < 300) /* RFC 9110, 9.3.6: whatever fields say of a body, it has none */
        open_tunnel(talk, talk->parsed);
    else if (head->status == 407)
        take_challenge(talk);
    else if (head->status == 101)
        fail(talk, PROXY_FAULT_MALFORMED, "answered 101 %s to CONNECT", head->reason);
    else if (head->status == 401 && talk->is_authorized)
        take_unauthorized(talk);
    else if (is_of_web_server(talk))
        fail(talk, PROXY_FAULT_MALFORMED, "answered %u %s to CONNECT %s: it may be no proxy", head->status,
             head->reason, talk->target);
    else
        fail(talk,
             head->status >= 500 || head->status == 408 || head->status == 429 ? PROXY_FAULT_CANNOT_CONNECT
                                                                               : PROXY_FAULT_FORBIDDEN,
             "answered %u %s to CONNECT %s", head->status, head->reason, talk->target);
}

static bool is_interim(const struct http_head *head) { /* 100 Continue, 103 Early Hints: another head follows */
    return head->status < 200 && head->status != 101;
}

static bool is_http(const struct proxy_talk *talk) {
    static const char version[] = "HTTP/1.";
    size_t length = talk->received < sizeof version - 1 ? talk->received : sizeof version - 1;
    return memcmp(talk->input, version, length) == 0;
}

static void fail_by_head(struct proxy_talk *talk) {
    if (is_http(talk))
        fail_by_bytes(talk, "well-formed head of an HTTP answer");
    else
        fail_by_bytes(talk, talk->input[0] == 5 ? "HTTP, but may be SOCKS: write socks5://" : "HTTP");
}

static void take_http(struct proxy_talk *talk) {
    while (talk->step == PROXY_RECEIVES && talk->parsed < talk->received) {
        size_t taken, length = talk->received - talk->parsed;
        enum http_head_state state = http_head_read(&talk->head, talk->input + talk->parsed, length, &taken);
        talk->parsed += state == HTTP_HEAD_WHOLE ? taken : length;
        if (state == HTTP_HEAD_MALFORMED)
            fail_by_head(talk);
        else if (state == HTTP_HEAD_WHOLE && is_interim(&talk->head))
            begin_head(talk);
        else if (state == HTTP_HEAD_WHOLE)
            take_status(talk);
    }
    if (talk->step == PROXY_RECEIVES && talk->received == sizeof talk->input)
        fail(talk, PROXY_FAULT_MALFORMED, "answered more than %d bytes without an end of the head", ANSWER_MAX);
}

/* ---- SOCKS5 ---- */

static void send_socks_connect(struct proxy_talk *talk) {
    talk->stage = SOCKS_CONNECT;
    send_output(talk, socks5_write_connect(talk->output, &talk->server));
}

static void take_method(struct proxy_talk *talk, uint8_t method) {
    const struct proxy *proxy = talk->proxy;
    if (method == SOCKS5_NO_AUTHENTICATION) {
        send_socks_connect(talk);
    } else if (method == SOCKS5_USER_AND_PASSWORD && proxy->has_user) {
        talk->stage = SOCKS_USER;
        send_output(talk, socks5_write_user(talk->output, proxy->user, proxy->password));
    } else if (method == SOCKS5_NO_METHOD) {
        fail(talk, PROXY_FAULT_AUTHENTICATION, "accepts no SOCKS5 authentication that was offered: none%s",
             proxy->has_user ? ", user and password" : "; it may want a user and a password");
    } else {
        fail(talk, PROXY_FAULT_MALFORMED, "chose SOCKS5 authentication %u, which was not offered", method);
    }
}

static void take_code(struct proxy_talk *talk, uint8_t code, size_t length) {
    if (code == 0)
        open_tunnel(talk, length);
    else
        fail(talk, code == SOCKS5_NOT_ALLOWED ? PROXY_FAULT_FORBIDDEN : PROXY_FAULT_CANNOT_CONNECT,
             "answered SOCKS5 %u (%s) to CONNECT %s", code, socks5_code_text(code), talk->target);
}

static int read_socks(const struct proxy_talk *talk, uint8_t *value) {
    switch (talk->stage) {
    case SOCKS_METHOD:
        return socks5_read_method(talk->input, talk->received, value);
    case SOCKS_USER:
        return socks5_read_user(talk->input, talk->received, value);
    case SOCKS_CONNECT:
        break;
    }
    return socks5_read_connect(talk->input, talk->received, value);
}

static void take_socks(struct proxy_talk *talk) {
    uint8_t value = 0;
    int length = read_socks(talk, &value);
    if (length < 0)
        fail_by_bytes(talk, is_http(talk) ? "SOCKS5, but HTTP: write http://" : "SOCKS5");
    else if (length == 0)
        return;
    else if (talk->stage == SOCKS_CONNECT)
        take_code(talk, value, (size_t)length);
    else if (talk->received > (size_t)length)
        fail(talk, PROXY_FAULT_MALFORMED, "sent %zu bytes behind its answer", talk->received - (size_t)length);
    else if (talk->stage == SOCKS_METHOD)
        take_method(talk, value);
    else if (value == 0)
        send_socks_connect(talk);
    else
        fail(talk, PROXY_FAULT_AUTHENTICATION, "does not accept user \"%s\" with this password", talk->proxy->user);
}

/* It closes behind an answer that was cut short; the code is there. */
static bool has_cut_code(const struct proxy_talk *talk) {
    return talk->proxy->kind == PROXY_SOCKS5 && talk->stage == SOCKS_CONNECT && talk->received >= 2 && talk->input[1];
}

/* ---- both ---- */

struct proxy_talk *proxy_talk_new(const struct proxy *proxy, const struct endpoint *server) {
    struct proxy_talk *talk = calloc(1, sizeof *talk);
    if (!talk)
        return NULL;
    talk->own = *proxy;
    talk->proxy = &talk->own;
    talk->server = *server;
    endpoint_format(server, talk->target, sizeof talk->target);
    talk->step = PROXY_AGAIN;
    return talk;
}

void proxy_talk_free(struct proxy_talk *talk) {
    if (!talk)
        return;
    secret_wipe(talk, sizeof *talk);
    free(talk);
}

void proxy_talk_begin(struct proxy_talk *talk) {
    assert(talk->step == PROXY_AGAIN && talk->connections < PROXY_TALK_CONNECTIONS);
    talk->connections++;
    talk->stage = SOCKS_METHOD;
    begin_head(talk);
    if (talk->proxy->kind == PROXY_HTTP)
        send_request(talk);
    else
        send_output(talk, socks5_write_methods(talk->output, talk->proxy->has_user));
}

enum proxy_step proxy_talk_step(const struct proxy_talk *talk) {
    return talk->step;
}

const uint8_t *proxy_talk_output(const struct proxy_talk *talk, size_t *length) {
    assert(talk->step == PROXY_SENDS);
    *length = talk->output_length - talk->sent;
    return talk->output + talk->sent;
}

void proxy_talk_note_sent(struct proxy_talk *talk, size_t length) {
    talk->sent += length;
    assert(talk->sent <= talk->output_length);
    if (talk->sent < talk->output_length)
        return;
    secret_wipe(talk->output, talk->output_length);
    talk->step = PROXY_RECEIVES;
}

uint8_t *proxy_talk_room(struct proxy_talk *talk, size_t *size) {
    assert(talk->step == PROXY_RECEIVES);
    *size = sizeof talk->input - talk->received;
    return talk->input + talk->received;
}

void proxy_talk_note_received(struct proxy_talk *talk, size_t length) {
    assert(talk->step == PROXY_RECEIVES && talk->received + length <= sizeof talk->input);
    talk->received += length;
    if (length == 0 && has_cut_code(talk))
        take_code(talk, talk->input[1], talk->received);
    else if (length == 0)
        fail(talk, PROXY_FAULT_UNREACHABLE,
             talk->received ? "closed the connection within its answer" : "closed the connection without an answer");
    else if (talk->proxy->kind == PROXY_HTTP)
        take_http(talk);
    else
        take_socks(talk);
}

void proxy_talk_note_error(struct proxy_talk *talk, const char *detail) {
    fail(talk, PROXY_FAULT_UNREACHABLE, "%s", detail);
}

void proxy_talk_note_late(struct proxy_talk *talk) {
    if (talk->proxy->kind == PROXY_SOCKS5 && talk->stage == SOCKS_METHOD && talk->received == 0)
        fail(talk, PROXY_FAULT_SILENT,
             "accepted the connection and did not answer SOCKS5: it may be an HTTP proxy; write http://");
    else
        fail(talk, PROXY_FAULT_UNREACHABLE, "no answer in time");
}

enum proxy_fault proxy_talk_fault(const struct proxy_talk *talk) {
    return talk->fault;
}

const char *proxy_talk_detail(const struct proxy_talk *talk) {
    return talk->detail;
}
