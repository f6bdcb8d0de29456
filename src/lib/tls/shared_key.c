/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * shared_key: see shared_key.h.
 *
 * A pre-shared key is used with one hash, SHA-256, so that only suites with it are offered. The identity on the wire is
 * the name, "/" and the key's id; the ClientHello's binder covers it.
 */
#include "config.h"

#include "lib/tls/shared_key.h"

#include "lib/tls/tls_priv.h"

#include <openssl/err.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { IDENTITY_MAX = SHARED_KEY_NAME_MAX + SHARED_KEY_ID_SIZE, ID_BYTES = (SHARED_KEY_ID_SIZE - 1) / 2 };

static const char suites[] = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
static const unsigned char suite[] = {0x13, 0x01}; /* TLS_AES_128_GCM_SHA256, as on the wire */
static const unsigned char protocol[] = "\x13munnel-end-to-end/1";

struct known_key {
    shared_key key;
    size_t identity_length;
    unsigned char identity[IDENTITY_MAX];
};

struct key_ring { /* immutable; one reference by its context, and one by each session that has begun to use it */
    atomic_uint references;
    size_t count;
    struct known_key keys[];
};

struct ring_holder { /* of a context; freed with it */
    CRYPTO_RWLOCK *lock;
    struct key_ring *ring;
};

/* ---- the keys of a context ---- */

static CRYPTO_ONCE index_once = CRYPTO_ONCE_STATIC_INIT;
static int holder_index = -1, ring_index = -1; /* of contexts, and of sessions */

static void release_ring(struct key_ring *ring) {
    if (!ring || atomic_fetch_sub(&ring->references, 1) > 1)
        return;
    secret_wipe(ring->keys, ring->count * sizeof *ring->keys);
    free(ring);
}

static void free_ring(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long unused, void *unused2) {
    (void)parent, (void)all, (void)index, (void)unused, (void)unused2;
    release_ring(data);
}

static void holder_done(struct ring_holder *holder) {
    release_ring(holder->ring);
    CRYPTO_THREAD_lock_free(holder->lock);
    free(holder);
}

static void free_holder(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long unused, void *unused2) {
    (void)parent, (void)all, (void)index, (void)unused, (void)unused2;
    if (data)
        holder_done(data);
}

static void make_index(void) {
    holder_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_holder);
    ring_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_ring);
}

/* Held for a few instructions only: threads that relay take it. */
static struct key_ring *swap_ring(struct ring_holder *holder, struct key_ring *ring) {
    if (CRYPTO_THREAD_write_lock(holder->lock) != 1)
        return ring;
    struct key_ring *before = holder->ring;
    holder->ring = ring;
    CRYPTO_THREAD_unlock(holder->lock);
    return before;
}

static struct key_ring *hold_ring(struct ring_holder *holder) {
    if (CRYPTO_THREAD_read_lock(holder->lock) != 1)
        return NULL;
    struct key_ring *ring = holder->ring;
    atomic_fetch_add(&ring->references, 1);
    CRYPTO_THREAD_unlock(holder->lock);
    return ring;
}

/* A session stays with the keys that it has begun with. NULL: out of memory. */
static const struct key_ring *ring_of(SSL *ssl) {
    struct key_ring *ring = SSL_get_ex_data(ssl, ring_index);
    if (ring)
        return ring;
    ring = hold_ring(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), holder_index));
    if (ring && SSL_set_ex_data(ssl, ring_index, ring) == 1)
        return ring;
    release_ring(ring);
    return NULL;
}

bool shared_key_id(char id[SHARED_KEY_ID_SIZE], const shared_key key) {
    static const char label[] = "munnel end-to-end key";
    uint8_t digest[SECRET_SIZE];
    if (secret_sha256(digest, label, sizeof label, key, SECRET_SIZE))
        return false;
    secret_to_hex(digest, ID_BYTES, id);
    return true;
}

static bool know(struct known_key *known, const char *name, const shared_key key) {
    char id[SHARED_KEY_ID_SIZE];
    size_t length = strlen(name);
    if (length > SHARED_KEY_NAME_MAX || !shared_key_id(id, key))
        return false;
    memcpy(known->key, key, SECRET_SIZE);
    memcpy(known->identity, name, length);
    known->identity[length] = '/';
    memcpy(known->identity + length + 1, id, SHARED_KEY_ID_SIZE - 1);
    known->identity_length = length + SHARED_KEY_ID_SIZE;
    return true;
}

static struct key_ring *make_ring(const char *name, const shared_key *keys, size_t count) {
    struct key_ring *ring = count > 0 ? calloc(1, sizeof *ring + count * sizeof *ring->keys) : NULL;
    if (!ring)
        return NULL;
    ring->references = 1;
    for (; ring->count < count; ring->count++)
        if (!know(&ring->keys[ring->count], name, keys[ring->count])) {
            release_ring(ring);
            return NULL;
        }
    return ring;
}

static struct ring_holder *make_holder(const char *name, const shared_key *keys, size_t count) {
    struct ring_holder *holder = calloc(1, sizeof *holder);
    if (!holder)
        return NULL;
    holder->lock = CRYPTO_THREAD_lock_new();
    holder->ring = make_ring(name, keys, count);
    if (holder->lock && holder->ring)
        return holder;
    holder_done(holder);
    return NULL;
}

static bool attach_ring(SSL_CTX *context, const char *name, const shared_key *keys, size_t count) {
    if (CRYPTO_THREAD_run_once(&index_once, make_index) != 1 || holder_index < 0 || ring_index < 0)
        return false;
    struct ring_holder *holder = make_holder(name, keys, count);
    if (holder && SSL_CTX_set_ex_data(context, holder_index, holder) == 1)
        return true;
    if (holder)
        holder_done(holder);
    return false;
}

bool shared_key_replace(SSL_CTX *context, const char *name, const shared_key *keys, size_t count) {
    struct key_ring *ring = make_ring(name, keys, count);
    struct key_ring *before = ring ? swap_ring(SSL_CTX_get_ex_data(context, holder_index), ring) : NULL;
    release_ring(before);
    return ring && before != ring;
}

/* ---- the handshake ---- */

/* A new one each time: OpenSSL notes in it what is agreed on, and a context's threads are several. */
static SSL_SESSION *make_session(SSL *ssl, const struct known_key *known) {
    const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, suite);
    SSL_SESSION *session = cipher ? SSL_SESSION_new() : NULL;
    if (session && SSL_SESSION_set1_master_key(session, known->key, SECRET_SIZE) == 1 &&
        SSL_SESSION_set_cipher(session, cipher) == 1 && SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1)
        return session;
    SSL_SESSION_free(session);
    return NULL;
}

/* Client. A `hash` that is not the key's comes only from a server that would have another suite: it gets no key. */
static int on_use(SSL *ssl, const EVP_MD *hash, const unsigned char **identity, size_t *length, SSL_SESSION **session) {
    const struct key_ring *ring = ring_of(ssl);
    *session = NULL;
    *length = 0;
    *identity = NULL;
    if (!ring)
        return 0;
    if (hash && EVP_MD_get_type(hash) != NID_sha256)
        return 1;
    *session = make_session(ssl, ring->keys);
    *identity = ring->keys[0].identity;
    *length = ring->keys[0].identity_length;
    return *session ? 1 : 0;
}

static bool is_identity(const struct known_key *known, const unsigned char *identity, size_t length) {
    return known->identity_length == length && memcmp(known->identity, identity, length) == 0;
}

/* Of the same name? The id behind it has one length. */
static bool is_name(const struct known_key *known, const unsigned char *identity, size_t length) {
    size_t named = known->identity_length - (SHARED_KEY_ID_SIZE - 1);
    return known->identity_length == length && memcmp(known->identity, identity, named) == 0;
}

/* What the server may have made up goes into a log. */
static bool read_id(char id[SHARED_KEY_ID_SIZE], const unsigned char *identity, size_t length) {
    uint8_t bytes[ID_BYTES];
    memcpy(id, identity + length - (SHARED_KEY_ID_SIZE - 1), SHARED_KEY_ID_SIZE - 1);
    id[SHARED_KEY_ID_SIZE - 1] = '\0';
    return secret_from_hex(bytes, sizeof bytes, id);
}

static void refuse(SSL *ssl, const struct key_ring *ring, const unsigned char *identity, size_t length) {
    struct error error;
    char id[SHARED_KEY_ID_SIZE];
    if (is_name(ring->keys, identity, length) && read_id(id, identity, length))
        error_set(&error, "the keys differ: the visitor's has the id %s", id);
    else
        error_set(&error, "the visitor's key is for another service than this");
    tls_note_untrusted(ssl, error.text);
}

/* Server. Without a session OpenSSL goes on without the key, and ends for want of a certificate. */
static int on_find(SSL *ssl, const unsigned char *identity, size_t length, SSL_SESSION **session) {
    const struct key_ring *ring = ring_of(ssl);
    *session = NULL;
    if (!ring)
        return 0;
    for (size_t i = 0; i < ring->count; i++)
        if (is_identity(&ring->keys[i], identity, length)) {
            *session = make_session(ssl, &ring->keys[i]);
            return *session ? 1 : 0;
        }
    refuse(ssl, ring, identity, length);
    return 1;
}

static int on_offer(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in,
                    unsigned in_length, void *context) {
    (void)context;
    for (unsigned at = 0; at < in_length; at += 1U + in[at])
        if (in[at] == protocol[0] && memcmp(in + at, protocol, sizeof protocol - 1) == 0) {
            *out = in + at + 1;
            *out_length = in[at];
            return SSL_TLSEXT_ERR_OK;
        }
    tls_note_refusal(ssl, "it speaks TLS but not that of an end-to-end service (ALPN)");
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Certificates prove nothing here. */
static int on_certificate(X509_STORE_CTX *store, void *unused) {
    (void)unused;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    tls_note_untrusted(ssl, "what answers shows a certificate, and has not the key");
    return 0;
}

/* ---- contexts ---- */

static bool set_up(SSL_CTX *context, bool is_server) {
    SSL_CTX_set_cert_verify_callback(context, on_certificate, NULL);
    SSL_CTX_set_verify(context, is_server ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    SSL_CTX_clear_options(context, SSL_OP_ALLOW_NO_DHE_KEX);
    if (is_server) {
        SSL_CTX_set_psk_find_session_callback(context, on_find);
        SSL_CTX_set_alpn_select_cb(context, on_offer, NULL);
    } else {
        SSL_CTX_set_psk_use_session_callback(context, on_use);
        if (SSL_CTX_set_alpn_protos(context, protocol, sizeof protocol - 1) != 0)
            return false;
    }
    return SSL_CTX_set_ciphersuites(context, suites) == 1;
}

SSL_CTX *shared_key_context(bool is_server, const char *name, const shared_key *keys, size_t count,
                            struct error *error) {
    struct tls_trust *trust;
    SSL_CTX *context = tls_context_new(is_server, false, &trust, error);
    if (!context)
        return NULL;
    if (attach_ring(context, name, keys, count) && set_up(context, is_server))
        return context;
    SSL_CTX_free(context);
    ERR_clear_error();
    error_set(error, "%s: OpenSSL cannot do TLS with a shared key, or memory is out", name);
    return NULL;
}

/* ---- what came of it ---- */

bool shared_key_is_proven(const SSL *ssl) {
    const unsigned char *chosen;
    unsigned length;
    SSL_get0_alpn_selected(ssl, &chosen, &length);
    return SSL_is_init_finished(ssl) && SSL_session_reused(ssl) == 1 && SSL_version(ssl) == TLS1_3_VERSION &&
           length == protocol[0] && memcmp(chosen, protocol + 1, length) == 0;
}

/* Alerts by which a server says that it has not the client's key: none of that id; or of that id, and the binder is not
 * made with it. */
static bool is_key_alert(const struct tls_notes *notes) {
    return notes && !notes->is_open &&
           (notes->alert_received == SSL_AD_HANDSHAKE_FAILURE || notes->alert_received == SSL_AD_ILLEGAL_PARAMETER ||
            notes->alert_received == SSL_AD_DECRYPT_ERROR);
}

static bool is_binder_wrong(const struct tls_notes *notes) {
    return notes && ERR_GET_LIB(notes->error) == ERR_LIB_SSL &&
           ERR_GET_REASON(notes->error) == SSL_R_BINDER_DOES_NOT_VERIFY;
}

enum shared_key_fault shared_key_explain(const SSL *ssl, struct error *error) {
    const struct tls_notes *notes = tls_notes_of(ssl);
    enum tls_verdict verdict = tls_explain(ssl, error);
    if (verdict == TLS_UNTRUSTED)
        return SHARED_KEY_DIFFERS;
    if (!SSL_is_server(ssl) && is_key_alert(notes)) {
        const struct key_ring *ring = SSL_get_ex_data(ssl, ring_index);
        char id[SHARED_KEY_ID_SIZE] = "";
        if (ring)
            (void)shared_key_id(id, ring->keys[0].key);
        error_set(error, "the keys differ: the agent that serves it has none with the id %s", id);
        return SHARED_KEY_DIFFERS;
    }
    if (is_binder_wrong(notes))
        return SHARED_KEY_DIFFERS;
    return verdict == TLS_CUT ? SHARED_KEY_CUT : SHARED_KEY_TLS;
}
