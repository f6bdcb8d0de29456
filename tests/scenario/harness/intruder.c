/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * intruder: a peer at the agent port that speaks TLS, and inside it whatever the test sends.
 */
#include "config.h"

#include "harness/intruder.h"

#include "harness/deadline.h"

#include <check.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { STEP_MS = 100 };

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

/* A key of nothing but sevens, under the identity of the plan. */
static int offer_key(SSL *ssl, const EVP_MD *digest, const unsigned char **id, size_t *length, SSL_SESSION **session) {
    static const unsigned char aes_256[] = {0x13, 0x02};
    const char *identity = SSL_get_app_data(ssl);
    unsigned char key[48];
    const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, aes_256);
    *session = NULL;
    if (digest && digest != EVP_sha384()) /* a second time, for another cipher */
        return 1;
    memset(key, 7, sizeof key);
    *session = SSL_SESSION_new();
    *id = (const unsigned char *)identity;
    *length = strlen(identity);
    return *session && SSL_SESSION_set1_master_key(*session, key, sizeof key) &&
           SSL_SESSION_set_cipher(*session, cipher) && SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION);
}

struct intruder *intruder_new(const struct intruder_plan *plan) {
    struct intruder *intruder = calloc(1, sizeof *intruder);
    struct timeval limit = {.tv_sec = 5 * (time_t)slow_factor()};
    ck_assert_ptr_nonnull(intruder);
    intruder->context = SSL_CTX_new(TLS_client_method());
    if (plan->max_version != 0)
        SSL_CTX_set_max_proto_version(intruder->context, plan->max_version);
    intruder->ssl = SSL_new(intruder->context);
    intruder->fd = socket_client(plan->port);
    setsockopt(intruder->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    SSL_set_fd(intruder->ssl, intruder->fd);
    if (plan->alpn)
        set_alpn(intruder->ssl, plan->alpn);
    SSL_set_app_data(intruder->ssl, (void *)(uintptr_t)plan->identity);
    if (plan->identity)
        SSL_set_psk_use_session_callback(intruder->ssl, offer_key);
    if (SSL_connect(intruder->ssl) == 1)
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

bool intruder_send_header(struct intruder *intruder, uint8_t type, uint8_t stream, uint32_t length) {
    const uint8_t header[] = {type, (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, 0, 0, 0, stream};
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

int intruder_read_frame(struct intruder *intruder, char *text, size_t size, unsigned ms) {
    uint64_t deadline = deadline_in(ms);
    unsigned char header[8];
    if (!read_exactly(intruder, (char *)header, sizeof header, deadline))
        return -1;
    size_t length = (size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3];
    if (length >= size || !read_exactly(intruder, text, length, deadline))
        return -1;
    text[length] = '\0';
    return header[0];
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
