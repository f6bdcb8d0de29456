/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * first_bytes: see first_bytes.h. A ClientHello is given to OpenSSL once it is whole, so that one that comes in single
 * bytes costs one look.
 */
#include "config.h"

#include "server/service/first_bytes.h"

#include "lib/tls/client_hello.h"
#include "proto/http_requests.h"
#include "server/service/sniff.h"

#include <stdlib.h>

enum { HANDSHAKE = 0x16 };

struct first_bytes_reader {
    struct client_hello_reader *hellos;
};

struct first_bytes_reader *first_bytes_reader_new(void) {
    struct first_bytes_reader *reader = calloc(1, sizeof *reader);

    if (!reader)
        return NULL;
    reader->hellos = client_hello_reader_new();
    if (reader->hellos)
        return reader;
    free(reader);
    return NULL;
}

void first_bytes_reader_free(struct first_bytes_reader *reader) {
    if (!reader)
        return;
    client_hello_reader_free(reader->hellos);
    free(reader);
}

static void set_wrong(struct first_bytes *found, enum first_bytes_kind kind, const char *detail) {
    found->kind = kind;
    found->is_wrong = true;
    found->detail = detail;
}

/* ---- TLS ---- */

static void read_hello(struct first_bytes_reader *reader, const uint8_t *bytes, size_t length,
                       struct first_bytes *found) {
    struct client_hello hello;

    if (client_hello_read(reader->hellos, bytes, length, &hello) != CLIENT_HELLO_READ)
        set_wrong(found, FIRST_BYTES_TLS, "malformed ClientHello");
    else if (*hello.name && !host_name_read(hello.name, found->name))
        set_wrong(found, FIRST_BYTES_TLS, "malformed server name");
    else
        found->kind = hello.is_agent ? FIRST_BYTES_AGENT : FIRST_BYTES_TLS;
}

static void read_tls(struct first_bytes_reader *reader, const uint8_t *bytes, size_t length,
                     struct first_bytes *found) {
    enum sniff_kind kind = sniff(bytes, length, FIRST_BYTES_MOST, &found->needs);

    found->is_tls = true;
    if (kind == SNIFF_TLS) {
        read_hello(reader, bytes, length, found);
    } else if (kind == SNIFF_TLS_PART) {
        found->kind = FIRST_BYTES_PART;
    } else {
        set_wrong(found, FIRST_BYTES_TLS, sniff_name(kind));
        found->is_too_long = kind == SNIFF_TLS_LONG;
    }
}

/* ---- HTTP ---- */

static bool may_be_http(uint8_t first) {
    return (first >= 'A' && first <= 'Z') || first == '\r' || first == '\n';
}

static void take_head(const struct http_requests *requests, struct first_bytes *found) {
    const char *host = http_requests_host(requests);

    found->kind = FIRST_BYTES_HTTP;
    for (size_t i = 0; i < HOST_NAME_SIZE; i++) {
        found->name[i] = host[i];
        if (!host[i])
            break;
    }
}

static void take_part(const struct http_requests *requests, size_t length, struct first_bytes *found) {
    found->kind = FIRST_BYTES_PART;
    found->needs = length + 1;
    if (length < FIRST_BYTES_MOST)
        return;
    set_wrong(found, http_requests_has_begun(requests) ? FIRST_BYTES_HTTP : FIRST_BYTES_OTHER, "head too long");
    found->is_too_long = true;
}

static void read_head(struct http_requests *requests, const uint8_t *bytes, size_t length, struct first_bytes *found) {
    size_t taken;
    enum http_step step = http_requests_read(requests, bytes, length, &taken);

    if (step == HTTP_STEP_HEAD)
        take_head(requests, found);
    else if (step == HTTP_STEP_MORE)
        take_part(requests, length, found);
    else if (http_requests_has_begun(requests))
        set_wrong(found, FIRST_BYTES_HTTP, http_requests_detail(requests));
    else
        found->kind = FIRST_BYTES_OTHER;
}

static void read_http(const uint8_t *bytes, size_t length, struct first_bytes *found) {
    struct http_requests *requests = NULL;

    if (http_is_preface(bytes, length)) {
        found->kind = FIRST_BYTES_HTTP2;
        return;
    }
    requests = http_requests_new();
    if (requests)
        read_head(requests, bytes, length, found);
    else
        set_wrong(found, FIRST_BYTES_OTHER, "out of memory");
    http_requests_free(requests);
}

void first_bytes_read(struct first_bytes_reader *reader, const uint8_t *bytes, size_t length,
                      struct first_bytes *found) {
    *found = (struct first_bytes){.kind = FIRST_BYTES_OTHER};
    if (length == 0)
        found->kind = FIRST_BYTES_NONE;
    else if (bytes[0] == HANDSHAKE)
        read_tls(reader, bytes, length, found);
    else if (may_be_http(bytes[0]))
        read_http(bytes, length, found);
}
