/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * socks5: the messages of a SOCKS5 client (RFC 1928, RFC 1929) as bytes.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_SOCKS5_H
#define MUNNEL_PROTO_SOCKS5_H

#include "lib/net/addr.h"

#include <stddef.h>

enum { SOCKS5_MESSAGE_MAX = 3 + 2 * 255 }; /* of both ends */
enum socks5_method { SOCKS5_NO_AUTHENTICATION = 0, SOCKS5_USER_AND_PASSWORD = 2, SOCKS5_NO_METHOD = 255 };

/* Each writes a message and returns its length. user, password: 1 to 255 bytes. */
size_t socks5_write_methods(uint8_t bytes[SOCKS5_MESSAGE_MAX], bool with_user);
size_t socks5_write_user(uint8_t bytes[SOCKS5_MESSAGE_MAX], const char *user, const char *password);
/* A name is sent as it is, and resolved by the proxy. */
size_t socks5_write_connect(uint8_t bytes[SOCKS5_MESSAGE_MAX], const struct endpoint *server);

/*
 * Each reads an answer: its length; 0: more has to come; -1: malformed. Of methods *method is the one that was chosen,
 * of the others *code is 0 if all is well.
 */
int socks5_read_method(const uint8_t *bytes, size_t length, uint8_t *method);
int socks5_read_user(const uint8_t *bytes, size_t length, uint8_t *code);
int socks5_read_connect(const uint8_t *bytes, size_t length, uint8_t *code);

enum { SOCKS5_NOT_ALLOWED = 2 };
const char *socks5_code_text(uint8_t code); /* what a code of CONNECT's answer means */

#endif
