/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client_hello: see client_hello.h. OpenSSL calls on_hello once it has parsed a whole ClientHello, before it chooses a
 * version, and is stopped there; so no certificate is needed, and no key is made.
 */
#include "config.h"

#include "lib/tls/client_hello.h"

#include "lib/tls/tls_priv.h"

#include <limits.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_HEADER = 2, NAME_HEADER = 3, HOST_NAME = 0 };

struct client_hello_reader {
    SSL_CTX *context;
};

struct reading {
    struct client_hello *hello;
    bool is_done;
};

static size_t read_number(const unsigned char *bytes) {
    return (size_t)bytes[0] << 8 | bytes[1];
}

/* RFC 6066, 3: a list, of which only host names are defined, and of each type one at most. */
static bool read_name(const unsigned char *bytes, size_t length, char name[CLIENT_HELLO_NAME]) {
    if (length < LIST_HEADER + NAME_HEADER || read_number(bytes) != length - LIST_HEADER)
        return false;
    size_t size = read_number(bytes + LIST_HEADER + 1);
    const unsigned char *text = bytes + LIST_HEADER + NAME_HEADER;
    if (bytes[LIST_HEADER] != HOST_NAME || size != length - LIST_HEADER - NAME_HEADER || size == 0 ||
        size >= CLIENT_HELLO_NAME || memchr(text, '\0', size))
        return false;
    memcpy(name, text, size);
    name[size] = '\0';
    return true;
}

static bool read_protocols(const unsigned char *bytes, size_t length, bool *is_agent) {
    if (length < LIST_HEADER || read_number(bytes) != length - LIST_HEADER)
        return false;
    for (size_t at = LIST_HEADER; at < length; at += 1U + bytes[at]) {
        if (bytes[at] == 0 || bytes[at] > length - at - 1)
            return false;
        *is_agent = *is_agent || tls_alpn_version(bytes + at + 1, bytes[at]);
    }
    return true;
}

static int on_hello(SSL *ssl, int *alert, void *context) {
    struct reading *reading = SSL_get_app_data(ssl);
    const unsigned char *bytes;
    size_t length;

    (void)context;
    *alert = SSL_AD_CLOSE_NOTIFY; /* to a BIO that takes it nowhere */
    reading->is_done = true;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &length) == 1)
        reading->is_done = read_name(bytes, length, reading->hello->name);
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &bytes, &length) == 1 &&
        !read_protocols(bytes, length, &reading->hello->is_agent))
        reading->is_done = false;
    return SSL_CLIENT_HELLO_ERROR;
}

struct client_hello_reader *client_hello_reader_new(void) {
    struct client_hello_reader *reader = calloc(1, sizeof *reader);

    if (!reader)
        return NULL;
    reader->context = SSL_CTX_new(TLS_server_method());
    if (!reader->context) {
        ERR_clear_error();
        free(reader);
        return NULL;
    }
    SSL_CTX_set_client_hello_cb(reader->context, on_hello, NULL);
    return reader;
}

void client_hello_reader_free(struct client_hello_reader *reader) {
    if (!reader)
        return;
    SSL_CTX_free(reader->context);
    free(reader);
}

static enum client_hello_result accept_it(SSL *ssl, const struct reading *reading) {
    int result = SSL_accept(ssl), error = SSL_get_error(ssl, result);

    if (reading->is_done)
        return CLIENT_HELLO_READ;
    return error == SSL_ERROR_WANT_READ ? CLIENT_HELLO_PART : CLIENT_HELLO_WRONG;
}

/* The BIO's end is one for now, not one of the connection. */
static SSL *make_session(const struct client_hello_reader *reader, const uint8_t *bytes, size_t length) {
    SSL *ssl = SSL_new(reader->context);
    BIO *in = BIO_new_mem_buf(bytes, (int)length), *out = BIO_new(BIO_s_null());

    if (ssl && in && out) {
        BIO_set_mem_eof_return(in, -1);
        SSL_set_bio(ssl, in, out);
        return ssl;
    }
    SSL_free(ssl);
    BIO_free(in);
    BIO_free(out);
    return NULL;
}

enum client_hello_result client_hello_read(struct client_hello_reader *reader, const uint8_t *bytes, size_t length,
                                           struct client_hello *hello) {
    struct reading reading = {.hello = hello};
    enum client_hello_result result = CLIENT_HELLO_WRONG;
    SSL *ssl = length <= INT_MAX ? make_session(reader, bytes, length) : NULL;

    *hello = (struct client_hello){.is_agent = false};
    if (ssl) {
        SSL_set_app_data(ssl, &reading);
        result = accept_it(ssl, &reading);
    }
    SSL_free(ssl);
    ERR_clear_error();
    return result;
}
