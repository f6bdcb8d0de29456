/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session_key: what a session is known by, made of one secret of the server's process.
 *
 * In TLS a data link is known by its session's id and a number, of which the agent uses each once: so the server can
 * tell a handshake from a replayed one.
 * An id is 8 random bytes and 8 that say whose it is; the session's key is an HMAC of the id, and the key by which its
 * data links shake hands one of the session's key. So any thread of the server finds the keys by the id alone, without
 * a look into a table, and takes no id that this process has not made. The agent gets id and key with WELCOME.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_SESSION_KEY_H
#define MUNNEL_PROTO_SESSION_KEY_H

#include "lib/base/secret.h"

enum {
    SESSION_ID_BYTES = 16,
    SESSION_ID_HEX = 2 * SESSION_ID_BYTES + 1,
    SESSION_IDENTITY_SIZE = SESSION_ID_HEX + 21 /* ID.NUMBER */
};

/* A new id, hexadecimal; 0, or -1: OpenSSL could not generate random bytes. */
int session_key_name(char id[SESSION_ID_HEX], const uint8_t secret[SECRET_SIZE]);
/* The key of the session of this id; false: not an id of this secret, whatever else it is. */
bool session_key_find(uint8_t key[SECRET_SIZE], const uint8_t secret[SECRET_SIZE], const char *id);

/* The key for TLS, of the session's key: what the agent makes of it; 0 or -1. */
int session_key_for_tls(uint8_t tls_key[SECRET_SIZE], const uint8_t key[SECRET_SIZE]);

/* How a data link names itself in TLS: the session's id, and the number of the link, from 1. */
void session_key_identify(char identity[SESSION_IDENTITY_SIZE], const char *id, uint64_t number);
bool session_key_split(char id[SESSION_ID_HEX], uint64_t *number, const char *identity); /* false: not of that form */
/* For tls_server_options.find_key. */
bool session_key_find_for_tls(uint8_t tls_key[SECRET_SIZE], const uint8_t secret[SECRET_SIZE], const char *identity);

#endif
