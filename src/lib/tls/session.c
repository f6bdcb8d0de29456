/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * session: makes sessions, and takes their handshakes forward step by step.
 * Runs on: the session's thread. Owns: nothing.
 */
#include "config.h"

#include "lib/tls/tls.h"
#include "lib/tls/tls_priv.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { ADDRESS_SIZE = 46 }; /* of the longest IPv6 address as text, with its NUL: INET6_ADDRSTRLEN */

/* A certificate has addresses without a zone, which means something only on this machine (RFC 6874, 4). */
static bool expect_address(SSL *ssl, const char *address) {
    char bare[ADDRESS_SIZE];
    size_t length = strcspn(address, "%");
    if (length >= sizeof bare)
        return false;
    memcpy(bare, address, length);
    bare[length] = '\0';
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), bare) == 1;
}

/* An address is looked for among the certificate's addresses and never sent as SNI, which knows only names. */
static int expect_name(SSL *ssl, const char *name) {
    X509_VERIFY_PARAM *parameters = SSL_get0_param(ssl);
    if (expect_address(ssl, name))
        return 0;
    char host[256];
    size_t length = strlen(name);
    if (length > 0 && name[length - 1] == '.')
        length--;
    if (length == 0 || length >= sizeof host)
        return -1;
    memcpy(host, name, length);
    host[length] = '\0';
    X509_VERIFY_PARAM_set_hostflags(parameters,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return X509_VERIFY_PARAM_set1_host(parameters, host, 0) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1 ? 0 : -1;
}

/* Without a name to check, any certificate of the authority would do for any server. */
static bool needs_name(const SSL_CTX *context) {
    const struct tls_trust *trust = tls_trust_of(context);
    return trust && trust->chain_must_verify;
}

SSL *tls_session(SSL_CTX *context, bool is_server, const char *server_name) {
    SSL *ssl = SSL_new(context);
    if (!ssl)
        return NULL;
    bool named = is_server || (server_name ? expect_name(ssl, server_name) == 0 : !needs_name(context));
    ERR_clear_error(); /* a name that is no address leaves an error there */
    if (!named || tls_notes_attach(ssl) != 0) {
        SSL_free(ssl);
        return NULL;
    }
    tls_notes_watch(ssl);
    if (is_server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return ssl;
}

int tls_exporter(SSL *ssl, uint8_t bytes[SECRET_SIZE]) {
    static const char label[] = "EXPORTER-munnel-auth";
    if (!SSL_is_init_finished(ssl))
        return -1;
    /* Without it a TLS 1.2 exporter can be the same on two channels (triple handshake), and a proof with it. */
    if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) {
        tls_note_refusal(ssl, "TLS 1.2 without the extended master secret is not good enough");
        return -1;
    }
    return SSL_export_keying_material(ssl, bytes, SECRET_SIZE, label, sizeof label - 1, NULL, 0, 0) == 1 ? 0 : -1;
}

enum tls_step tls_handshake(SSL *ssl) {
    ERR_clear_error();
    int result = SSL_do_handshake(ssl);
    if (result == 1)
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

/* Of TLS 1.3 alone. The KeyUpdate leaves in front of the record. */
void tls_renew_key(SSL *ssl, uint64_t *records) {
    if (*records < TLS_RECORDS_PER_KEY || SSL_version(ssl) != TLS1_3_VERSION)
        return;
    *records = 0;
    SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
}
