/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * probe: see probe.h.
 */
#include "config.h"

#include "relay/health/probe.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/net/sock.h"
#include "lib/tls/probe.h"
#include "lib/tls/tls.h"
#include "proto/proxy_protocol.h"
#include "relay/health/http_status.h"
#include "relay/stream/connect.h"

#include <assert.h>
#include <errno.h>
#include <event2/event_struct.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_SIZE = HEALTH_PATH_MAX + HEALTH_HOST_MAX + ENDPOINT_HOST + 160 };

struct http_exchange {
    char request[REQUEST_SIZE];
    size_t length, sent, received;
    char answer[HTTP_STATUS_BYTES_MAX];
};

struct health_probe {
    struct health_probe_order order;
    struct stream_socket socket; /* until it is connected */
    struct connector *dial;
    struct event deadline, io;
    bool has_io; /* `io` was made, of `fd` */
    evutil_socket_t fd;
    SSL *ssl;
    struct http_exchange *http;
    char where[ADDR_TEXT]; /* the address that was reached */
    bool is_done, has_passed;
    char failure[HEALTH_DETAIL_SIZE];
};

static const struct health_check *check_of(const struct health_probe *probe) {
    return &probe->order.service->check;
}

/* ---- the end ---- */

static void drop_connection(struct health_probe *probe) {
    if (probe->has_io)
        event_del(&probe->io);
    probe->has_io = false;
    SSL_free(probe->ssl);
    probe->ssl = NULL;
    sock_close(probe->fd);
    probe->fd = -1;
}

/* In the next turn of the loop, since the caller may be health_probe_start. */
static void finish(struct health_probe *probe) {
    probe->is_done = true;
    drop_connection(probe);
    event_active(&probe->deadline, EV_TIMEOUT, 0);
}

static void pass(struct health_probe *probe) {
    probe->has_passed = true;
    finish(probe);
}

static void fail(struct health_probe *probe, const char *detail) {
    struct strbuf text = strbuf_begin(probe->failure, sizeof probe->failure);
    strbuf_add(&text, probe->where);
    strbuf_add(&text, *probe->where ? ": " : "");
    strbuf_add(&text, detail);
    finish(probe);
}

static void fail_by_status(struct health_probe *probe, unsigned status) {
    char text[HEALTH_STATUS_TEXT_MAX + 96];
    struct strbuf detail = strbuf_begin(text, sizeof text);
    strbuf_add(&detail, "HTTP ");
    strbuf_add_number(&detail, status);
    strbuf_add(&detail, ", expected ");
    strbuf_add(&detail, check_of(probe)->status);
    if (status == 400 && probe->order.service->proxy != PROXY_OFF)
        strbuf_add(&detail, " (it may not expect the PROXY header)");
    fail(probe, text);
}

static void on_deadline(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    struct health_probe *probe = context;
    if (!probe->is_done) {
        char text[64];
        snprintf(text, sizeof text, "no answer within %u s", check_of(probe)->timeout_s);
        if (probe->dial)
            connector_cancel(probe->dial);
        probe->dial = NULL;
        fail(probe, text);
        return;
    }
    probe->order.callback(probe->order.context, probe->has_passed ? NULL : probe->failure);
}

/* ---- TLS and HTTP ---- */

static void await(struct health_probe *probe, short what, event_callback_fn on) {
    if (probe->has_io)
        event_del(&probe->io);
    event_assign(&probe->io, loop_base(probe->order.loop), probe->fd, what, on, probe);
    probe->has_io = true;
    if (event_add(&probe->io, NULL))
        fail(probe, "out of memory");
}

static void shake_hands(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    struct health_probe *probe = context;
    struct error error = {""};
    switch (tls_handshake(probe->ssl)) {
    case TLS_WANTS_TO_READ:
        await(probe, EV_READ, shake_hands);
        break;
    case TLS_WANTS_TO_WRITE:
        await(probe, EV_WRITE, shake_hands);
        break;
    case TLS_DONE:
        (void)SSL_shutdown(probe->ssl); /* close_notify, so that the server logs no error */
        ERR_clear_error();
        pass(probe);
        break;
    case TLS_FAILED:
        (void)tls_explain(probe->ssl, &error);
        fail(probe, error.text);
        break;
    }
}

/* What is asked for by name, without the port. */
static const char *host_of(const struct health_probe *probe, int destination, struct endpoint *endpoint) {
    if (*check_of(probe)->host)
        return check_of(probe)->host;
    bool is_named = !endpoint_parse(endpoint, probe->order.service->to[destination], NULL) && !endpoint->is_unix;
    return is_named ? endpoint->host : "localhost";
}

static void begin_tls(struct health_probe *probe, int destination) {
    struct endpoint endpoint;
    probe->ssl = tls_probe_session(probe->order.tls, host_of(probe, destination, &endpoint));
    if (!probe->ssl || SSL_set_fd(probe->ssl, (int)probe->fd) != 1)
        fail(probe, "out of memory");
    else
        shake_hands(-1, 0, probe);
}

static void receive(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    struct health_probe *probe = context;
    struct http_exchange *http = probe->http;
    unsigned status = 0;
    struct iovec part = {http->answer + http->received, sizeof http->answer - http->received};
    ssize_t count = sock_readv(probe->fd, &part, 1);
    if (count < 0 && sock_would_block(errno)) {
        await(probe, EV_READ, receive);
        return;
    }
    if (count <= 0) {
        fail(probe, count < 0 ? error_text(errno) : "it closed the connection without a whole answer");
        return;
    }
    http->received += (size_t)count;
    int found = http_status_find(http->answer, http->received, &status);
    if (found == 0)
        await(probe, EV_READ, receive);
    else if (found < 0)
        fail(probe, "its answer is not HTTP/1");
    else if (health_status_matches(check_of(probe)->status, status))
        pass(probe);
    else
        fail_by_status(probe, status);
}

static void transmit(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    struct health_probe *probe = context;
    struct http_exchange *http = probe->http;
    struct iovec part = {http->request + http->sent, http->length - http->sent};
    ssize_t count = sock_writev(probe->fd, &part, 1);
    if (count < 0 && !sock_would_block(errno)) {
        fail(probe, error_text(errno));
        return;
    }
    http->sent += count > 0 ? (size_t)count : 0;
    bool is_sent = http->sent == http->length;
    await(probe, is_sent ? EV_READ : EV_WRITE, is_sent ? receive : transmit);
}

/* With the port, unless that is HTTP's own (RFC 9110, 7.2). */
static void write_host(struct strbuf *text, const struct health_probe *probe, int destination) {
    struct endpoint endpoint;
    char name[ADDR_TEXT + ENDPOINT_HOST];
    const char *host = host_of(probe, destination, &endpoint);
    if (host != endpoint.host) {
        strbuf_add(text, host);
        return;
    }
    endpoint_format(&endpoint, name, sizeof name);
    if (endpoint.port == 80)
        *strrchr(name, ':') = '\0';
    strbuf_add(text, name);
}

static void begin_http(struct health_probe *probe, int destination) {
    probe->http = malloc(sizeof *probe->http);
    if (!probe->http) {
        fail(probe, "out of memory");
        return;
    }
    struct strbuf text = strbuf_begin(probe->http->request, sizeof probe->http->request);
    strbuf_add(&text, "GET ");
    strbuf_add(&text, check_of(probe)->path);
    strbuf_add(&text, " HTTP/1.1\r\nHost: ");
    write_host(&text, probe, destination);
    strbuf_add(&text, "\r\nUser-Agent: munnel-agent\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    assert(!text.is_cut);
    probe->http->length = text.length;
    probe->http->sent = probe->http->received = 0;
    transmit(-1, 0, probe);
}

/* ---- the connection ---- */

/* A destination that expects a header of the PROXY protocol gets one without a client. False: it was not taken: a new
 * socket has room for these few bytes. */
static bool put_proxy_header(const struct health_probe *probe) {
    const struct proxy_header header = {.version = probe->order.service->proxy,
                                        .command = PROXY_COMMAND_LOCAL,
                                        .transport = PROXY_STREAM};
    uint8_t bytes[PROXY_WRITTEN_MAX];
    if (header.version == PROXY_OFF)
        return true;
    struct iovec part = {bytes, proxy_write(bytes, &header)};
    size_t length = part.iov_len;
    return sock_writev(probe->fd, &part, 1) == (ssize_t)length;
}

static void on_dialled(void *context, const struct connector_result *result) {
    struct health_probe *probe = context;
    probe->dial = NULL;
    if (!result->is_connected) {
        fail(probe, result->detail);
        return;
    }
    probe->fd = stream_socket_detach(&probe->socket);
    sock_set_reset_on_close(probe->fd, false);
    addr_format(&result->address, probe->where, sizeof probe->where);
    if (!put_proxy_header(probe))
        fail(probe, "it did not take the PROXY header");
    else if (check_of(probe)->type == HEALTH_CHECK_TLS)
        begin_tls(probe, result->destination);
    else if (check_of(probe)->type == HEALTH_CHECK_HTTP)
        begin_http(probe, result->destination);
    else
        pass(probe);
}

struct health_probe *health_probe_start(const struct health_probe_order *order) {
    const struct served_service *service = order->service;
    struct timeval limit = clock_timeval((uint64_t)service->check.timeout_s * 1000000);
    struct health_probe *probe = calloc(1, sizeof *probe);
    if (!probe)
        return NULL;
    probe->order = *order;
    probe->fd = -1;
    stream_socket_init(&probe->socket, order->again, order->rechecks);
    event_assign(&probe->deadline, loop_base(order->loop), -1, 0, on_deadline, probe);
    if (event_add(&probe->deadline, &limit)) {
        free(probe);
        return NULL;
    }
    const struct connector_order dial = {.socket = &probe->socket,
                                         .loop = order->loop,
                                         .resolver = order->resolver,
                                         .allow = order->allow,
                                         .to = service->to,
                                         .to_count = (int)service->to_count,
                                         .timeout_ms = service->check.timeout_s * 1000,
                                         .callback = on_dialled,
                                         .context = probe};
    struct connector *running = connector_start(&dial);
    if (running) /* else it has been called back already */
        probe->dial = running;
    return probe;
}

void health_probe_free(struct health_probe *probe) {
    if (!probe)
        return;
    if (probe->dial)
        connector_cancel(probe->dial);
    drop_connection(probe);
    event_del(&probe->deadline);
    free(probe->http);
    free(probe);
}
