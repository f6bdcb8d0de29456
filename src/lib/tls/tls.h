/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tls: contexts and sessions for the two roles by Munnel's policy, and the reasons of their failures as text.
 *
 * TLS 1.3 only (1.2 with extended master secret and ECDHE AEAD suites if asked), X25519MLKEM768 where OpenSSL has it,
 * X25519, P-256, no tickets, no resumption, no renegotiation, no compression, ALPN "munnel/2" required,
 * SSL_MODE_RELEASE_BUFFERS. The peer is known by its certificate or, in TLS 1.3, by a key that both had before; the key
 * exchange is a fresh one in any case.
 *
 * Runs on: contexts are built on the control thread or at start, and may be used by every thread.
 * Owns: nothing; an SSL_CTX is reference-counted, SSL_CTX_free() when done.
 */
#ifndef MUNNEL_LIB_TLS_TLS_H
#define MUNNEL_LIB_TLS_TLS_H

#include "lib/base/error.h"
#include "lib/base/secret.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    TLS_IDENTITY_MAX = 64,
    TLS_ALPN_VERSION = 2 /* of Munnel's protocol: the number in its ALPN */
};

/* The key that goes by this identity, made of the context's secret; false: none does. On any thread, no locks. */
typedef bool (*tls_key_finder)(uint8_t key[SECRET_SIZE], const uint8_t secret[SECRET_SIZE], const char *identity);

struct tls_server_options {
    const char *certificate, *key; /* PEM files; the key may not be readable by others */
    const char *client_ca;         /* NULL: client certificates are not asked for */
    const char *crl;               /* NULL: none */
    bool client_optional;          /* with client_ca: a client without a certificate gets through TLS */
    bool allow_tls12;
    tls_key_finder find_key; /* NULL: no client is authenticated by a key */
    const uint8_t *secret;   /* with find_key: SECRET_SIZE bytes, copied */
};

struct tls_client_options {
    const char *ca;                /* PEM file; NULL with no pins: the system's store */
    const char *const *pins;       /* "sha256:HEX" of the server's public key (SubjectPublicKeyInfo) */
    size_t pin_count;              /* with pins and no ca the chain need not verify: the pin is the proof */
    const char *certificate, *key; /* NULL: none */
    bool allow_tls12;
};

SSL_CTX *tls_server_context(const struct tls_server_options *options, struct error *error);
SSL_CTX *tls_client_context(const struct tls_client_options *options, struct error *error);

/*
 * A session for one connection; `server_name` (client only) is what the certificate must carry: a DNS name or an
 * address, whose zone ("%eth0") is left out of the comparison. No address is sent as SNI. NULL is taken only where a
 * pin alone is the proof. NULL on failure.
 */
SSL *tls_session(SSL_CTX *context, bool is_server, const char *server_name);

/*
 * Client, before the handshake: offers a key that the server may know by this identity (1 to TLS_IDENTITY_MAX
 * characters, sent in clear). If the server takes it, both are proved by it and no certificate is seen; if not, the
 * server's certificate is verified as ever. Copied, and wiped after the handshake. 0, or -1: out of memory.
 */
int tls_offer_psk(SSL *ssl, const char *identity, const uint8_t key[SECRET_SIZE]);
bool tls_used_psk(SSL *ssl); /* after the handshake: by such a key, and without certificates */

enum tls_step {
    TLS_WANTS_TO_READ,
    TLS_WANTS_TO_WRITE,
    /* Server, once: the client has proved a key, and only a holder of it can read what tls_write_early() sends. The
     * client's Finished is still to come, by tls_handshake() or SSL_read(). This ClientHello may be a replay. */
    TLS_IDENTIFIED,
    TLS_DONE,
    TLS_FAILED /* tls_explain() */
};
/* Goes on with the handshake as far as it goes. */
enum tls_step tls_handshake(SSL *ssl);
/* Server, from TLS_IDENTIFIED on: the client's identity, valid as long as the SSL; NULL: no key was used. */
const char *tls_psk_identity(SSL *ssl);
/* Server: as SSL_write, between TLS_IDENTIFIED and the client's Finished. The BIO must take all. */
bool tls_write_early(SSL *ssl, const void *bytes, size_t length);

/* 32 bytes bound to this very channel (label "EXPORTER-munnel-auth"); 0 or -1 before the handshake is over. */
int tls_exporter(SSL *ssl, uint8_t bytes[SECRET_SIZE]);

enum tls_verdict {
    TLS_CUT,     /* neither end refused: the network failed or a program ended; the next attempt may succeed */
    TLS_REFUSED, /* we refused the peer for what may pass: a certificate's dates, its version, not TLS or not Munnel */
    TLS_UNTRUSTED,         /* we refused its identity: its authority, key, name or purpose, or it is revoked */
    TLS_REFUSED_BY_PEER,   /* by an alert that anything on the way may send, or for what may pass */
    TLS_UNTRUSTED_BY_PEER, /* a server that we have verified refused our certificate for what it is */
};

/*
 * Why the handshake or the connection failed, as text ("the certificate has expired", "wrong name: the certificate is
 * for a, b, not for c"). Takes the thread's OpenSSL error queue, but does not need it: libevent may have emptied it.
 */
enum tls_verdict tls_explain(const SSL *ssl, struct error *error);
bool tls_received_nothing(const SSL *ssl); /* not a byte has come */

/* Would a peer with this certificate, let in before, be refused by the context now: revoked, or expired? */
bool tls_certificate_is_revoked(SSL_CTX *context, X509 *certificate, struct error *detail);
/* Does no authority of the context vouch for it any more? `chain`: what the peer sent with it, or NULL. Costs a
 * signature or two. False too when memory lacks. */
bool tls_certificate_is_untrusted(SSL_CTX *context, X509 *certificate, STACK_OF(X509) * chain, struct error *detail);
long tls_days_left(const SSL_CTX *context); /* of the own certificate; negative when over */

#endif
