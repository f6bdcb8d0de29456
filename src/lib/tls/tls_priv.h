/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tls_priv: what a context carries for verification, and what a session notes for tls_explain().
 * Runs on: a context's trust is immutable once built; a session's notes belong to the session's thread.
 */
#ifndef MUNNEL_LIB_TLS_TLS_PRIV_H
#define MUNNEL_LIB_TLS_TLS_PRIV_H

#include "lib/base/error.h"
#include "lib/base/secret.h"
#include "lib/tls/tls.h"

#include <openssl/ssl.h>
#include <stdbool.h>

enum { TLS_RECORD_HEADER = 5 };

#define TLS_ALPN "munnel/2" /* with TLS_ALPN_VERSION */

/* A client's advice when what answers is no Munnel server. */
#define TLS_CHECK_ADDRESS "; check the server's address and port, or whether a captive portal answers in its place"

struct tls_trust {   /* of a context; freed with it */
    char *authority; /* the CA file as it was named, or NULL: the system's store */
    uint8_t (*pins)[SECRET_SIZE];
    size_t pin_count;
    bool is_server;
    bool chain_must_verify;
};

struct tls_notes { /* of a session; freed with it */
    char *refusal; /* why we refused the peer, or NULL; allocated, for there are many sessions and few refusals */
    unsigned char first[TLS_RECORD_HEADER]; /* bytes that the peer sent */
    bool has_first, is_open;                /* open: the handshake was finished */
    bool is_untrusted;                      /* the refusal is of its identity, and will be the same next time */
    int alert_received;                     /* description, or -1 */
    unsigned long error; /* OpenSSL's last error of the handshake; libevent may have taken its queue since */
};

/* A context with the policy and an empty trust, or NULL. */
SSL_CTX *tls_context_new(bool is_server, bool allow_tls12, struct tls_trust **trust, struct error *error);
int tls_context_ask_for_client(SSL_CTX *context, struct tls_trust *trust, const struct tls_server_options *options,
                               struct error *error);

struct tls_trust *tls_trust_new(bool is_server);
int tls_trust_attach(SSL_CTX *context, struct tls_trust *trust); /* takes trust over, also when it fails */
const struct tls_trust *tls_trust_of(const SSL_CTX *context);
struct tls_notes *tls_notes_of(const SSL *ssl); /* NULL for a session that tls_session() did not make */
int tls_notes_attach(SSL *ssl);
void tls_note_refusal(const SSL *ssl, const char *detail);
void tls_note_untrusted(const SSL *ssl, const char *detail); /* the same, for the identity of the peer */

void tls_notes_watch(SSL *ssl); /* registers the callbacks that take the notes */

void tls_alpn_require(SSL_CTX *context); /* server: refuses clients that do not offer TLS_ALPN */
/* N of "munnel/N"; 0: another protocol. */
unsigned tls_alpn_version(const unsigned char *name, size_t length);
int tls_alpn_offer(SSL_CTX *context);                    /* client; 0 or -1: out of memory */
int tls_alpn_check(const SSL *ssl, struct error *error); /* client: what the server has selected; 0 or -1 */

int tls_verify(X509_STORE_CTX *store, void *unused); /* for SSL_CTX_set_cert_verify_callback */

#endif
