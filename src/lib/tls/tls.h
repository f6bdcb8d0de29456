/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tls: contexts and sessions for the two roles by Munnel's policy, and the reasons of their failures as text.
 *
 * TLS 1.3 only (1.2 with extended master secret and ECDHE AEAD suites if asked), X25519MLKEM768 where OpenSSL has it,
 * X25519, P-256, no tickets, no resumption, no renegotiation, no compression, ALPN "munnel/2" required,
 * SSL_MODE_RELEASE_BUFFERS.
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
    TLS_ALPN_VERSION = 2,          /* of Munnel's protocol: the number in its ALPN */
    TLS_RECORDS_PER_KEY = 1 << 22, /* AES-GCM is good for 2^24.5 full ones (RFC 8446, 5.5) */
};

struct tls_server_options {
    const char *certificate, *key; /* PEM files; the key may not be readable by others */
    const char *client_ca;         /* NULL: client certificates are not asked for */
    const char *crl;               /* NULL: none */
    bool client_optional;          /* with client_ca: a client without a certificate gets through TLS */
    bool allow_tls12;
};

struct tls_client_options {
    const char *ca;                /* PEM file; NULL with no pins: the system's store */
    const char *const *pins;       /* "sha256:HEX" of the server's public key (SubjectPublicKeyInfo) */
    size_t pin_count;              /* with pins and no ca the chain need not verify: the pin is the proof */
    const char *certificate, *key; /* NULL: none */
    bool allow_tls12;
};

struct tls_service_options { /* of a service that ends its clients' TLS */
    /* PEM files. The first certificate is for names of none. Those for just the same names, with keys of several types,
     * are one: what the client can verify decides. */
    const char *const *certificates, *const *keys;
    size_t count, key_count; /* one key, or as many as certificates */
    const char *client_ca;   /* NULL: client certificates are not asked for */
    const char *crl;         /* with client_ca; NULL: none */
    bool client_optional;    /* with client_ca */
    bool allow_tls12;
    const char *const *alpn; /* what is offered, the best first */
    size_t alpn_count;       /* 0: ALPN is not answered */
};

SSL_CTX *tls_server_context(const struct tls_server_options *options, struct error *error);
SSL_CTX *tls_service_context(const struct tls_service_options *options, struct error *error);
SSL_CTX *tls_client_context(const struct tls_client_options *options, struct error *error);

/*
 * A session for one connection; `server_name` (client only) is what the certificate must carry: a DNS name or an
 * address, whose zone ("%eth0") is left out of the comparison. No address is sent as SNI. NULL is taken only where a
 * pin alone is the proof. NULL on failure.
 */
SSL *tls_session(SSL_CTX *context, bool is_server, const char *server_name);

enum tls_step { TLS_WANTS_TO_READ, TLS_WANTS_TO_WRITE, TLS_DONE, TLS_FAILED /* tls_explain() */ };
enum tls_step tls_handshake(SSL *ssl); /* goes on with the handshake as far as it goes */
/* Before a record is written: OpenSSL never changes the key by itself. `records`: written since the last change. */
void tls_renew_key(SSL *ssl, uint64_t *records);

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
/* Of a handshake that failed: what came is no TLS; or the peer knows only older versions than are allowed. */
bool tls_is_no_tls(const SSL *ssl);
bool tls_is_http(const SSL *ssl); /* no TLS, but a request by HTTP/1 */
bool tls_is_wrong_version(const SSL *ssl);

/* Would a peer with this certificate, let in before, be refused by the context now: revoked, or expired? */
bool tls_certificate_is_revoked(SSL_CTX *context, X509 *certificate, struct error *detail);
/* Does no authority of the context vouch for it any more? `chain`: what the peer sent with it, or NULL. Costs a
 * signature or two. False too when memory lacks. */
bool tls_certificate_is_untrusted(SSL_CTX *context, X509 *certificate, STACK_OF(X509) * chain, struct error *detail);
time_t tls_expires_at(const SSL_CTX *context);                 /* its own certificate, since 1970; 0: it has none */
X509 *tls_service_certificate(SSL_CTX *context, size_t index); /* of a service's context; NULL: it has fewer */
long tls_days_left(const SSL_CTX *context);                    /* of the own certificate; negative when over */

#endif
