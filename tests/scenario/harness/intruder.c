/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * intruder: see intruder.h.
 */
#include "config.h"

#include "harness/intruder.h"

#include "harness/deadline.h"

#include <arpa/inet.h>
#include <check.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { STEP_MS = 100, LIMIT_S = 5 };

struct intruder {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
};

static void set_alpn(SSL *ssl, const char *alpn) {
    unsigned char wire[64];
    size_t length = strlen(alpn);
    wire[0] = (unsigned char)length;
    memcpy(wire + 1, alpn, length);
    SSL_set_alpn_protos(ssl, wire, (unsigned)length + 1);
}

static void use_socket(struct intruder *intruder, int fd) {
    struct timeval limit = {.tv_sec = LIMIT_S * (time_t)slow_factor()};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    SSL_set_fd(intruder->ssl, fd);
    intruder->fd = fd;
}

struct intruder *intruder_new(const struct intruder_plan *plan) {
    struct intruder *intruder = calloc(1, sizeof *intruder);
    ck_assert_ptr_nonnull(intruder);
    intruder->context = SSL_CTX_new(TLS_client_method());
    if (plan->max_version != 0)
        SSL_CTX_set_max_proto_version(intruder->context, plan->max_version);
    intruder->ssl = SSL_new(intruder->context);
    use_socket(intruder, socket_client(plan->port));
    if (plan->alpn)
        set_alpn(intruder->ssl, plan->alpn);
    if (SSL_connect(intruder->ssl) == 1)
        return intruder;
    intruder_free(intruder);
    return NULL;
}

static int select_alpn(SSL *ssl, const unsigned char **selected, unsigned char *length, const unsigned char *offered,
                       unsigned int size, void *context) {
    static const unsigned char own[] = "\x08munnel/2";
    (void)ssl, (void)context;
    int found =
        SSL_select_next_proto((unsigned char **)(uintptr_t)selected, length, own, sizeof own - 1, offered, size);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

struct intruder *intruder_accept(int listener, const char *certificate, const char *key, unsigned ms) {
    struct intruder *intruder = calloc(1, sizeof *intruder);
    ck_assert_ptr_nonnull(intruder);
    intruder->context = SSL_CTX_new(TLS_server_method());
    ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(intruder->context, certificate), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(intruder->context, key, SSL_FILETYPE_PEM), 1);
    SSL_CTX_set_num_tickets(intruder->context, 0);
    SSL_CTX_set_alpn_select_cb(intruder->context, select_alpn, NULL);
    intruder->ssl = SSL_new(intruder->context);
    ck_assert_msg(poll(&(struct pollfd){.fd = listener, .events = POLLIN}, 1, (int)(ms * slow_factor())) == 1,
                  "the agent does not connect");
    use_socket(intruder, accept(listener, NULL, NULL));
    if (SSL_accept(intruder->ssl) == 1)
        return intruder;
    intruder_free(intruder);
    return NULL;
}

void intruder_free(struct intruder *intruder) {
    if (!intruder)
        return;
    SSL_free(intruder->ssl);
    SSL_CTX_free(intruder->context);
    close(intruder->fd);
    free(intruder);
}

bool intruder_send(struct intruder *intruder, const void *data, size_t size) {
    const char *at = data;
    while (size > 0) {
        int sent = SSL_write(intruder->ssl, at, size < 16384 ? (int)size : 16384);
        if (sent <= 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

static void write_header(uint8_t header[8], uint8_t type, uint32_t stream, uint32_t length) {
    uint32_t words[] = {htonl((uint32_t)type << 24 | length), htonl(stream)};
    memcpy(header, words, sizeof words);
}

bool intruder_send_header(struct intruder *intruder, uint8_t type, uint32_t stream, uint32_t length) {
    uint8_t header[8];
    write_header(header, type, stream, length);
    return intruder_send(intruder, header, sizeof header);
}

bool intruder_send_frame(struct intruder *intruder, uint8_t type, uint32_t length, const void *payload, size_t size) {
    bool is_of_a_relay = type >= 0x10 && type < 0x80;
    return intruder_send_header(intruder, type, is_of_a_relay, length) &&
           (size == 0 || intruder_send(intruder, payload, size));
}

/* As many bytes as there are, up to `size`: 0 at the end, -1 when nothing came in time. */
static int read_some(struct intruder *intruder, char *at, size_t size, uint64_t deadline) {
    struct timeval step = {.tv_usec = STEP_MS * 1000};
    setsockopt(intruder->fd, SOL_SOCKET, SO_RCVTIMEO, &step, sizeof step);
    do {
        int got = SSL_read(intruder->ssl, at, (int)size);
        int why = SSL_get_error(intruder->ssl, got);
        if (got > 0)
            return got;
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
            return 0;
    } while (deadline_left(deadline) > 0);
    return -1;
}

bool intruder_is_closed(struct intruder *intruder, char *text, size_t size, unsigned ms) {
    uint64_t deadline = deadline_in(ms);
    size_t used = 0;
    char more[1024];
    int got;
    while ((got = read_some(intruder, more, sizeof more, deadline)) > 0) {
        size_t part = (size_t)got < size - 1 - used ? (size_t)got : size - 1 - used;
        memcpy(text + used, more, part);
        used += part;
    }
    text[used] = '\0';
    return got == 0;
}

static bool read_exactly(struct intruder *intruder, char *at, size_t size, uint64_t deadline) {
    while (size > 0) {
        int got = read_some(intruder, at, size, deadline);
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

static int read_frame(struct intruder *intruder, uint32_t *stream, char *text, size_t size, unsigned ms) {
    uint64_t deadline = deadline_in(ms);
    unsigned char header[8];
    if (!read_exactly(intruder, (char *)header, sizeof header, deadline))
        return -1;
    size_t length = (size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3];
    if (length >= size || !read_exactly(intruder, text, length, deadline))
        return -1;
    text[length] = '\0';
    memcpy(stream, header + 4, sizeof *stream);
    *stream = ntohl(*stream);
    return header[0];
}

int intruder_read_frame(struct intruder *intruder, char *text, size_t size, unsigned ms) {
    uint32_t stream;
    return read_frame(intruder, &stream, text, size, ms);
}

void intruder_prove(struct intruder *intruder, const char *role, const char *key, char proof[65]) {
    static const char channel[] = "EXPORTER-munnel-auth";
    unsigned char bytes[32], text[64 + 32], digest[32];
    size_t label = strlen(role) + 1; /* with its end */
    ck_assert_uint_le(label, sizeof text - 32);
    for (int i = 0; i < 32; i++)
        ck_assert_int_eq(sscanf(key + 2 * i, "%2hhx", &bytes[i]), 1);
    memcpy(text, role, label);
    ck_assert_int_eq(SSL_export_keying_material(intruder->ssl, text + label, 32, channel, sizeof channel - 1, NULL, 0,
                                                0),
                     1);
    ck_assert_ptr_nonnull(HMAC(EVP_sha256(), bytes, sizeof bytes, text, label + 32, digest, NULL));
    for (int i = 0; i < 32; i++)
        snprintf(proof + 2 * i, 3, "%02x", digest[i]);
}

/* ---- frames of streams ---- */

void intruder_add(struct intruder_frames *frames, uint8_t type, uint32_t stream, const void *payload, size_t size) {
    ck_assert_uint_le(frames->length + 8 + size, sizeof frames->bytes);
    write_header(frames->bytes + frames->length, type, stream, (uint32_t)size);
    if (size > 0)
        memcpy(frames->bytes + frames->length + 8, payload, size);
    frames->length += 8 + size;
}

static void write_number(uint8_t *at, uint64_t number, size_t size) {
    while (size > 0) {
        at[--size] = (uint8_t)number;
        number >>= 8;
    }
}

void intruder_add_ack(struct intruder_frames *frames, uint32_t stream, uint64_t position) {
    uint8_t payload[8];
    write_number(payload, position, 8);
    intruder_add(frames, INTRUDER_ACK, stream, payload, sizeof payload);
}

void intruder_add_epoch(struct intruder_frames *frames, uint8_t type, uint32_t stream, uint32_t epoch,
                        uint64_t position) {
    uint8_t payload[12];
    write_number(payload, epoch, 4);
    write_number(payload + 4, position, 8);
    intruder_add(frames, type, stream, payload, sizeof payload);
}

static void add_open(struct intruder_frames *frames, uint32_t stream, uint64_t service, uint32_t flags) {
    enum { SERVICE_AT = 8, BUDGET_AT = 12, FLAGS_AT = 16, BUDGET_MS = 10000 };
    uint8_t payload[54] = {0};
    write_number(payload + SERVICE_AT, service, 4);
    write_number(payload + BUDGET_AT, BUDGET_MS, 4);
    write_number(payload + FLAGS_AT, flags, 2);
    intruder_add(frames, INTRUDER_OPEN, stream, payload, sizeof payload);
}

void intruder_add_part(struct intruder_frames *frames, const struct intruder_part *part, uint32_t stream) {
    static const uint8_t zeros[UINT16_MAX];
    const uint8_t how = (uint8_t)part->position;
    stream += part->higher;
    if (part->type == INTRUDER_ACK)
        intruder_add_ack(frames, stream, part->position);
    else if (part->type == INTRUDER_CONTINUE || part->type == INTRUDER_RESUME)
        intruder_add_epoch(frames, part->type, stream, part->epoch, part->position);
    else if (part->type == INTRUDER_ENDED)
        intruder_add(frames, part->type, stream, &how, 1);
    else if (part->type == INTRUDER_OPEN)
        add_open(frames, stream, part->position, part->epoch);
    else
        intruder_add(frames, part->type, stream, zeros, part->size);
}

bool intruder_send_frames(struct intruder *intruder, struct intruder_frames *frames) {
    size_t length = frames->length;
    frames->length = 0;
    return intruder_send(intruder, frames->bytes, length);
}

uint32_t intruder_await(struct intruder *intruder, uint8_t type, unsigned ms) {
    static char payload[65537];
    uint64_t deadline = deadline_in(ms);
    uint32_t stream;
    int found;
    do
        found = read_frame(intruder, &stream, payload, sizeof payload, deadline_left(deadline) / slow_factor() + 1);
    while (found >= 0 && found != type);
    return found == type ? stream : 0;
}
