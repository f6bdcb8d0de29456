/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * psk: handshakes by a key that both ends have already, without certificates (TLS 1.3, psk_dhe_ke).
 *
 * With a key that the server does not know, the handshake continues with certificates, which both ends verify as
 * always. Whether that suffices, the caller decides by tls_used_psk().
 *
 * Runs on: the session's thread, within its handshake. Owns: nothing; an offer belongs to the notes of its session.
 */
#include "config.h"

#include "lib/tls/tls.h"
#include "lib/tls/tls_priv.h"

#include <stdlib.h>
#include <string.h>

/* A ClientHello, and the one that follows a HelloRetryRequest. Our client names one key; another could name hundreds.
 */
enum { LOOKS_MOST = 2 };

/* A key is bound to one hash and so to one suite: the first of ours. NULL: out of memory. */
static SSL_SESSION *make_session(SSL *ssl, const uint8_t key[SECRET_SIZE]) {
    static const unsigned char aes_128_gcm_sha256[] = {0x13, 0x01};
    const SSL_CIPHER *suite = SSL_CIPHER_find(ssl, aes_128_gcm_sha256);
    SSL_SESSION *session = suite ? SSL_SESSION_new() : NULL;
    if (session && SSL_SESSION_set1_master_key(session, key, SECRET_SIZE) == 1 &&
        SSL_SESSION_set_cipher(session, suite) == 1 && SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1)
        return session;
    SSL_SESSION_free(session);
    return NULL;
}

bool tls_used_psk(SSL *ssl) {
    return SSL_session_reused(ssl) == 1;
}

/* ---- server ---- */

/* What the client names may be anything; a name that is no text is none of ours. */
static bool find_key(const struct tls_trust *trust, const unsigned char *bytes, size_t length,
                     uint8_t key[SECRET_SIZE]) {
    char identity[TLS_IDENTITY_MAX + 1];
    if (length == 0 || length > TLS_IDENTITY_MAX || memchr(bytes, '\0', length))
        return false;
    memcpy(identity, bytes, length);
    identity[length] = '\0';
    return trust->find_key(key, trust->secret, identity);
}

/* Always 1: without a session in *session the handshake goes on with certificates. */
static int on_client_names_key(SSL *ssl, const unsigned char *identity, size_t length, SSL_SESSION **session) {
    const struct tls_trust *trust = tls_trust_of(SSL_get_SSL_CTX(ssl));
    struct tls_notes *notes = tls_notes_of(ssl);
    uint8_t key[SECRET_SIZE];
    *session = NULL;
    if (!trust || !notes || notes->looks >= LOOKS_MOST)
        return 1;
    notes->looks++;
    free(notes->identity);
    notes->identity = find_key(trust, identity, length, key) ? strndup((const char *)identity, length) : NULL;
    if (notes->identity)
        *session = make_session(ssl, key);
    secret_wipe(key, sizeof key);
    return 1;
}

const char *tls_psk_identity(SSL *ssl) {
    const struct tls_notes *notes = tls_notes_of(ssl);
    return notes && tls_used_psk(ssl) ? notes->identity : NULL;
}

int tls_psk_accept(SSL_CTX *context, struct tls_trust *trust, const struct tls_server_options *options) {
    static const unsigned char name[] = "munnel"; /* OpenSSL wants one where it could ask for a certificate */
    memcpy(trust->secret, options->secret, sizeof trust->secret);
    trust->find_key = options->find_key;
    SSL_CTX_set_psk_find_session_callback(context, on_client_names_key);
    return SSL_CTX_set_session_id_context(context, name, sizeof name - 1) == 1 ? 0 : -1;
}

/* ---- client ---- */

/* Asked once more after a HelloRetryRequest, when the server has chosen a hash. Always 1, as above. */
static int on_key_wanted(SSL *ssl, const EVP_MD *hash, const unsigned char **identity, size_t *length,
                         SSL_SESSION **session) {
    const struct tls_notes *notes = tls_notes_of(ssl);
    const struct tls_offer *offer = notes ? notes->offer : NULL;
    *session = NULL;
    if (!offer || (hash && !EVP_MD_is_a(hash, "SHA256")))
        return 1;
    *session = make_session(ssl, offer->key);
    *identity = (const unsigned char *)offer->identity;
    *length = strlen(offer->identity);
    return 1;
}

int tls_offer_psk(SSL *ssl, const char *identity, const uint8_t key[SECRET_SIZE]) {
    struct tls_notes *notes = tls_notes_of(ssl);
    size_t length = strlen(identity);
    struct tls_offer *offer = notes && length <= TLS_IDENTITY_MAX ? calloc(1, sizeof *offer) : NULL;
    if (!offer)
        return -1;
    memcpy(offer->identity, identity, length);
    memcpy(offer->key, key, sizeof offer->key);
    tls_notes_set_offer(notes, offer);
    SSL_set_psk_use_session_callback(ssl, on_key_wanted);
    return 0;
}
