/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client_hello: the name (SNI) and the protocols (ALPN) of a ClientHello, read by OpenSSL without a handshake.
 *
 * With Encrypted ClientHello it is the outer name, which is all that can be seen of it.
 * Runs on: the thread that owns the reader. Owns: its context.
 */
#ifndef MUNNEL_LIB_TLS_CLIENT_HELLO_H
#define MUNNEL_LIB_TLS_CLIENT_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLIENT_HELLO_NAME = 256 };

struct client_hello {
    char name[CLIENT_HELLO_NAME]; /* as it was sent; "": none */
    bool is_agent;                /* "munnel/" and a number is among its protocols, whichever version it is */
};

enum client_hello_result {
    CLIENT_HELLO_READ,
    CLIENT_HELLO_PART,  /* more bytes are needed */
    CLIENT_HELLO_WRONG, /* no ClientHello, or a malformed one; or out of memory */
};

struct client_hello_reader;

struct client_hello_reader *client_hello_reader_new(void); /* NULL when out of memory */
void client_hello_reader_free(struct client_hello_reader *reader);
/* From the first record on, of which a message may take several. Nothing is sent, and nothing of it is kept. */
enum client_hello_result client_hello_read(struct client_hello_reader *reader, const uint8_t *bytes, size_t length,
                                           struct client_hello *hello);

#endif
