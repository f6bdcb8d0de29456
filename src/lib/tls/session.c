/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tls_handshake: a handshake step by step, and what may be sent before its last one.
 *
 * A server that knows its client by a key has nothing to wait for once its own part is sent: the client has proved that
 * it has the key, and nobody else can read what follows. Only that this is no ClientHello of before, sent once more, it
 * does not know by TLS; a number in the client's identity tells (proto/session_key).
 * Runs on: the session's thread. Owns: nothing.
 */
#include "config.h"

#include "lib/tls/tls.h"
#include "lib/tls/tls_priv.h"

#include <openssl/err.h>

static enum tls_step step_after(SSL *ssl, int result) {
    if (SSL_is_init_finished(ssl))
        return TLS_DONE;
    switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return TLS_WANTS_TO_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANTS_TO_WRITE;
    default:
        return TLS_FAILED;
    }
}

/* Stops behind the server's own part, which SSL_do_handshake does not. The client's early data, after which this call
 * of OpenSSL is named, is never taken. */
static bool answer(SSL *ssl, struct tls_notes *notes) {
    uint8_t none;
    size_t length = 0;
    notes->has_answered = SSL_read_early_data(ssl, &none, sizeof none, &length) == SSL_READ_EARLY_DATA_FINISH;
    return notes->has_answered;
}

enum tls_step tls_handshake(SSL *ssl) {
    struct tls_notes *notes = tls_notes_of(ssl);
    ERR_clear_error();
    if (!notes)
        return TLS_FAILED;
    if (SSL_is_server(ssl) && !notes->has_answered) {
        if (!answer(ssl, notes))
            return step_after(ssl, -1);
        if (tls_identity(ssl))
            return TLS_IDENTIFIED;
    }
    return step_after(ssl, SSL_do_handshake(ssl));
}

bool tls_write_early(SSL *ssl, const void *bytes, size_t length) {
    size_t written = 0;
    return tls_identity(ssl) && SSL_write_early_data(ssl, bytes, length, &written) == 1 && written == length;
}
