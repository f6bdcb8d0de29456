/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * alpn: Munnel's name in ALPN, "munnel/" and the version of its protocol, and what a peer of another version gets.
 *
 * Versions that do not understand each other's frames part here, before the first frame. A client offers the versions
 * before its own, too: a server of one of them selects it, and so the client can name the server's version.
 * Runs on: contexts: the control thread or at start; sessions: their thread. Owns: nothing.
 */
#include "config.h"

#include "lib/tls/tls_priv.h"

#include <string.h>

static const unsigned char offered[] = "\x08" TLS_ALPN "\x08munnel/1"; /* as on the wire: length and name */
static const unsigned char prefix[] = {'m', 'u', 'n', 'n', 'e', 'l', '/'};

enum { DIGITS_MAX = 4 };

unsigned tls_alpn_version(const unsigned char *name, size_t length) {
    unsigned version = 0;
    if (length <= sizeof prefix || length > sizeof prefix + DIGITS_MAX || memcmp(name, prefix, sizeof prefix) != 0)
        return 0;
    for (size_t i = sizeof prefix; i < length; i++) {
        bool is_digit = name[i] >= (version ? '0' : '1') && name[i] <= '9';
        if (!is_digit)
            return 0;
        version = 10 * version + (unsigned)(name[i] - '0');
    }
    return version;
}

static void refuse(SSL *ssl, unsigned version) {
    struct error error;
    if (version == 0)
        error_set(&error, "it speaks TLS but not Munnel (ALPN without " TLS_ALPN ")");
    else
        error_set(&error, "the agent speaks protocol %u and this server %d: upgrade the older one", version,
                  TLS_ALPN_VERSION);
    tls_note_refusal(ssl, error.text);
}

/* OpenSSL has checked the lengths in the list. */
static int on_offer(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in,
                    unsigned in_length, void *context) {
    (void)context;
    unsigned newest = 0;
    for (unsigned at = 0; at < in_length; at += 1U + in[at]) {
        unsigned version = tls_alpn_version(in + at + 1, in[at]);
        if (version == TLS_ALPN_VERSION) {
            *out = in + at + 1;
            *out_length = in[at];
            return SSL_TLSEXT_ERR_OK;
        }
        newest = version > newest ? version : newest;
    }
    refuse(ssl, newest);
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void tls_alpn_require(SSL_CTX *context) {
    SSL_CTX_set_alpn_select_cb(context, on_offer, NULL);
}

int tls_alpn_offer(SSL_CTX *context) {
    return SSL_CTX_set_alpn_protos(context, offered, sizeof offered - 1) == 0 ? 0 : -1; /* 0 is success there, too */
}

int tls_alpn_check(const SSL *ssl, struct error *error) {
    const unsigned char *chosen;
    unsigned length;
    SSL_get0_alpn_selected(ssl, &chosen, &length);
    unsigned version = tls_alpn_version(chosen, length);
    if (version == TLS_ALPN_VERSION)
        return 0;
    if (version == 0)
        return error_set(error, "the server speaks TLS but not Munnel (ALPN " TLS_ALPN
                                " was not agreed on)" TLS_CHECK_ADDRESS);
    return error_set(error, "the server speaks protocol %u and this agent %d: upgrade the older one", version,
                     TLS_ALPN_VERSION);
}
