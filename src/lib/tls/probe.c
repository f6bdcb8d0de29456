/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * probe: see probe.h.
 */
#include "config.h"

#include "lib/tls/probe.h"

#include "lib/tls/tls_priv.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

enum { SECURITY_LEVEL = 0 /* a check judges whether the server works, not how safe it is */ };

SSL_CTX *tls_probe_context(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return NULL;
    SSL_CTX_set_security_level(context, SECURITY_LEVEL);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_LEGACY_SERVER_CONNECT);
    (void)SSL_CTX_set_min_proto_version(context, 0);
    return context;
}

/* SNI knows only names (RFC 6066, 3). */
static bool is_address(const char *name) {
    ASN1_OCTET_STRING *bytes = a2i_IPADDRESS(name);
    ASN1_OCTET_STRING_free(bytes);
    ERR_clear_error(); /* a name leaves an error there */
    return bytes;
}

SSL *tls_probe_session(SSL_CTX *context, const char *name) {
    SSL *ssl = SSL_new(context);
    bool is_named = ssl && *name && !is_address(name);
    if (!ssl)
        return NULL;
    if ((is_named && SSL_set_tlsext_host_name(ssl, name) != 1) || tls_notes_attach(ssl)) {
        SSL_free(ssl);
        return NULL;
    }
    tls_notes_watch(ssl);
    SSL_set_connect_state(ssl);
    return ssl;
}
