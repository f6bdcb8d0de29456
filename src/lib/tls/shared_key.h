/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * shared_key: TLS whose two ends prove themselves by a key that both have, and by nothing else.
 *
 * TLS 1.3 with an external pre-shared key and (EC)DHE (RFC 8446, 2.2): no certificates, no tickets, no early data. The
 * client names the key by the name of what it wants and by the key's id; the server takes each of several keys, but
 * none of another name, so that a key for several names joins nobody to the wrong one. docs/security.md has the why.
 * Runs on: contexts are built on the control thread, and may be used by every thread. Owns: nothing; the keys are a
 * context's, and wiped with it.
 */
#ifndef MUNNEL_LIB_TLS_SHARED_KEY_H
#define MUNNEL_LIB_TLS_SHARED_KEY_H

#include "lib/base/error.h"
#include "lib/base/secret.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SHARED_KEY_NAME_MAX = 255, /* bytes of a name */
    SHARED_KEY_ID_SIZE = 17,   /* with NUL */
    SHARED_KEYS_MOST = 8       /* of a name */
};

typedef uint8_t shared_key[SECRET_SIZE];

/* Of a client: the first key is its key; of a server: it takes each. NULL with `error`. */
SSL_CTX *shared_key_context(bool is_server, const char *name, const shared_key *keys, size_t count,
                            struct error *error);
/* Other keys for the sessions that begin from now on; other threads may begin some meanwhile. The name is as it was.
 * False: out of memory, or OpenSSL failed, and nothing has changed. */
bool shared_key_replace(SSL_CTX *context, const char *name, const shared_key *keys, size_t count);
/* The first 64 bits of its digest: by it people compare keys that they do not show. False: OpenSSL failed. */
bool shared_key_id(char id[SHARED_KEY_ID_SIZE], const shared_key key);

/* The handshake of a tls_session() with such a context is done: has the peer proved that it has a key? */
bool shared_key_is_proven(const SSL *ssl);

enum shared_key_fault {
    SHARED_KEY_DIFFERS, /* the peer has another key, or none */
    SHARED_KEY_CUT,     /* the bytes ended before */
    SHARED_KEY_TLS      /* something else of TLS, or it is none */
};
/* Why the handshake or what followed failed. Takes the thread's OpenSSL error queue. */
enum shared_key_fault shared_key_explain(const SSL *ssl, struct error *error);

#endif
