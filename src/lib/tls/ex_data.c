/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ex_data: the trust of a context and the notes of a session, kept in OpenSSL's extra data.
 * Runs on: any thread. Owns: both, until OpenSSL frees the context or session and with it what is attached.
 */
#include "config.h"

#include "lib/tls/tls_priv.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* SSL_CTX_get_ex_new_index() gives an index for the whole process, so it is asked for once. */
static CRYPTO_ONCE indexes_once = CRYPTO_ONCE_STATIC_INIT;
static int trust_index = -1, notes_index = -1;

static void free_trust(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long unused, void *unused2) {
    (void)parent, (void)all, (void)index, (void)unused, (void)unused2;
    struct tls_trust *trust = data;
    if (!trust)
        return;
    free(trust->authority);
    free(trust->pins);
    free(trust);
}

static void free_notes(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long unused, void *unused2) {
    (void)parent, (void)all, (void)index, (void)unused, (void)unused2;
    struct tls_notes *notes = data;
    if (notes)
        free(notes->refusal);
    free(notes);
}

static void make_indexes(void) {
    trust_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_trust);
    notes_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_notes);
}

static bool have_indexes(void) {
    return CRYPTO_THREAD_run_once(&indexes_once, make_indexes) == 1 && trust_index >= 0 && notes_index >= 0;
}

struct tls_trust *tls_trust_new(bool is_server) {
    struct tls_trust *trust = calloc(1, sizeof *trust);
    if (trust)
        trust->is_server = is_server;
    return trust;
}

int tls_trust_attach(SSL_CTX *context, struct tls_trust *trust) {
    if (have_indexes() && SSL_CTX_set_ex_data(context, trust_index, trust) == 1)
        return 0;
    free(trust);
    return -1;
}

const struct tls_trust *tls_trust_of(const SSL_CTX *context) {
    return have_indexes() ? SSL_CTX_get_ex_data(context, trust_index) : NULL;
}

int tls_notes_attach(SSL *ssl) {
    struct tls_notes *notes = calloc(1, sizeof *notes);
    if (!notes)
        return -1;
    notes->alert_received = -1;
    if (have_indexes() && SSL_set_ex_data(ssl, notes_index, notes) == 1)
        return 0;
    free(notes);
    return -1;
}

struct tls_notes *tls_notes_of(const SSL *ssl) {
    return ssl && have_indexes() ? SSL_get_ex_data(ssl, notes_index) : NULL;
}

void tls_note_refusal(const SSL *ssl, const char *detail) {
    struct tls_notes *notes = tls_notes_of(ssl);
    if (!notes)
        return;
    free(notes->refusal);
    notes->refusal = strdup(detail);
}

void tls_note_untrusted(const SSL *ssl, const char *detail) {
    struct tls_notes *notes = tls_notes_of(ssl);
    tls_note_refusal(ssl, detail);
    if (notes)
        notes->is_untrusted = true;
}
