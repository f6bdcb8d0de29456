/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_link: see check_link.h. The socket does not block, sock_wait() does.
 */
#include "config.h"

#include "agent/check/check_link.h"

#include "lib/base/error.h"
#include "lib/net/sock.h"
#include "proto/proxy_io.h"

#include <errno.h>
#include <string.h>

static const char late[] = "no answer in time";

/* 0 or -1: the deadline is over. */
static int wait_until_ready(const struct check_link *link, short events) {
    return sock_wait(link->fd, events, (link->deadline_us + 999) / 1000) ? 0 : -1;
}

static int connect_to(struct check_link *link, const struct addr *addr) {
    bool done = false;

    link->fd = sock_connect(addr, NULL, &done);
    if (link->fd < 0)
        return errno;
    if (!done && wait_until_ready(link, POLLOUT))
        return ETIMEDOUT;
    return done ? 0 : sock_connect_result(link->fd);
}

int check_link_connect(struct check_link *link, const struct addr *addr, struct error *error) {
    link->connect_error = connect_to(link, addr);
    if (!link->connect_error)
        return 0;
    return error_set(error, "%s", link->connect_error == ETIMEDOUT ? late : error_text(link->connect_error));
}

/* ---- a proxy ---- */

static void connect_again(struct check_link *link, const struct addr *addr, struct proxy_talk *talk) {
    struct error error = {""};

    sock_close(link->fd);
    if (check_link_connect(link, addr, &error))
        proxy_talk_note_error(talk, error.text);
    else
        proxy_talk_begin(talk);
}

int check_link_ask_proxy(struct check_link *link, const struct addr *addr, struct proxy_talk *talk,
                         struct error *error) {
    enum proxy_step step;

    proxy_talk_begin(talk);
    while ((step = proxy_io_proceed(talk, link->fd)) != PROXY_IS_OPEN) {
        if (step == PROXY_FAILED)
            return error_set(error, "%s", proxy_talk_detail(talk));
        if (step == PROXY_AGAIN)
            connect_again(link, addr, talk);
        else if (wait_until_ready(link, step == PROXY_SENDS ? POLLOUT : POLLIN))
            proxy_talk_note_late(talk);
    }
    return 0;
}

/* ---- TLS ---- */

static int wait_for(const struct check_link *link, bool is_writing) {
    return wait_until_ready(link, is_writing ? POLLOUT : POLLIN);
}

int check_link_handshake(struct check_link *link, SSL_CTX *tls, const char *server_name, enum tls_verdict *verdict,
                         struct error *error) {
    *verdict = TLS_CUT;
    link->ssl = tls_session(tls, false, server_name);
    if (!link->ssl || !SSL_set_fd(link->ssl, (int)link->fd))
        return error_set(error, "out of memory");
    for (;;) {
        enum tls_step step = tls_handshake(link->ssl);
        if (step == TLS_DONE)
            return 0;
        if (step == TLS_FAILED) {
            *verdict = tls_explain(link->ssl, error);
            return -1;
        }
        if (wait_for(link, step == TLS_WANTS_TO_WRITE))
            return error_set(error, "%s", late);
    }
}

/* After SSL_read or SSL_write has returned `result`: 0 once it may be tried again. */
static int wait_again(struct check_link *link, int result, struct error *error) {
    int why = SSL_get_error(link->ssl, result);

    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
        (void)tls_explain(link->ssl, error);
        return -1;
    }
    return wait_for(link, why == SSL_ERROR_WANT_WRITE) ? error_set(error, "%s", late) : 0;
}

/* ---- frames ---- */

static int write_all(struct check_link *link, const uint8_t *bytes, size_t length, struct error *error) {
    for (size_t sent = 0; sent < length;) {
        int result = SSL_write(link->ssl, bytes + sent, (int)(length - sent));
        if (result > 0)
            sent += (size_t)result;
        else if (wait_again(link, result, error))
            return -1;
    }
    return 0;
}

static int send_frame(struct check_link *link, enum frame_type type, const void *payload, size_t length,
                      struct error *error) {
    uint8_t header[FRAME_HEADER];

    frame_write_header(header, type, 0, length);
    return write_all(link, header, sizeof header, error) || write_all(link, payload, length, error) ? -1 : 0;
}

int check_link_send(struct check_link *link, enum frame_type type, const char *json, struct error *error) {
    return send_frame(link, type, json, strlen(json), error);
}

static int read_more(struct check_link *link, struct error *error) {
    int result = SSL_read(link->ssl, link->bytes + link->used, (int)(sizeof link->bytes - link->used));

    if (result <= 0)
        return wait_again(link, result, error);
    link->used += (size_t)result;
    return 0;
}

static void drop_taken(struct check_link *link) {
    memmove(link->bytes, link->bytes + link->taken, link->used - link->taken);
    link->used -= link->taken;
    link->taken = 0;
}

int check_link_receive(struct check_link *link, struct frame *frame, struct error *error) {
    char text[FRAME_TEXT];

    for (;;) {
        size_t length = 0;
        drop_taken(link);
        enum frame_status status = frame_parse(link->bytes, link->used, frame, &length);
        if (status == FRAME_BAD)
            return error_set(error, "%s", frame_explain(link->bytes, text));
        if (status == FRAME_INCOMPLETE) {
            if (read_more(link, error))
                return -1;
            continue;
        }
        link->taken = length;
        if (status == FRAME_OK && frame->type != FRAME_PING)
            return 0;
        if (status == FRAME_OK && send_frame(link, FRAME_PONG, frame->payload, frame->length, error))
            return -1;
    }
}

void check_link_close(struct check_link *link) {
    if (link->ssl) {
        SSL_shutdown(link->ssl);
        SSL_free(link->ssl);
    }
    sock_close(link->fd);
    link->ssl = NULL;
    link->fd = -1;
}
