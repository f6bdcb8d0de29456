/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * recheck: would a certificate that passed the handshake pass it now, with the present context?
 *
 * Revocation and expiry are cheap to check. The chain is verified again only after the CA file was reloaded.
 * Runs on: any thread; a context's store is locked by OpenSSL. Owns: nothing.
 */
#include "config.h"

#include "lib/tls/tls.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

static bool is_revoked_by(X509_CRL *list, X509 *certificate) {
    X509_REVOKED *entry = NULL;

    return X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_issuer_name(certificate)) == 0 &&
           X509_CRL_get0_by_cert(list, &entry, certificate) == 1;
}

/* Handshakes on other threads search the store meanwhile, which sorts it and may add to it: hence the lock. */
static bool is_revoked(X509_STORE *store, X509 *certificate) {
    bool found = false;

    if (X509_STORE_lock(store) != 1)
        return true; /* fail closed: whether it is revoked is unknown */
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
    for (int i = 0; i < sk_X509_OBJECT_num(objects) && !found; i++) {
        X509_CRL *list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
        found = list && is_revoked_by(list, certificate);
    }
    X509_STORE_unlock(store);
    return found;
}

bool tls_certificate_is_revoked(SSL_CTX *context, X509 *certificate, struct error *detail) {
    if (is_revoked(SSL_CTX_get_cert_store(context), certificate)) {
        error_set(detail, "its certificate was revoked");
        return true;
    }
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        error_set(detail, "its certificate has expired");
        return true;
    }
    return false;
}

/* As in a handshake, but without revocation lists, which tls_certificate_is_revoked() checks. */
static bool prepare(X509_STORE_CTX *check, SSL_CTX *context, X509 *certificate, STACK_OF(X509) * chain) {
    if (X509_STORE_CTX_init(check, SSL_CTX_get_cert_store(context), certificate, chain) != 1 ||
        X509_STORE_CTX_set_default(check, "ssl_client") != 1)
        return false;
    X509_VERIFY_PARAM *how = X509_STORE_CTX_get0_param(check);
    if (X509_VERIFY_PARAM_set1(how, SSL_CTX_get0_param(context)) != 1)
        return false;
    return X509_VERIFY_PARAM_clear_flags(how, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1;
}

bool tls_certificate_is_untrusted(SSL_CTX *context, X509 *certificate, STACK_OF(X509) * chain, struct error *detail) {
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    bool is_untrusted = false;

    if (check && prepare(check, context, certificate, chain) && X509_verify_cert(check) != 1 &&
        X509_STORE_CTX_get_error(check) != X509_V_ERR_OUT_OF_MEM) {
        is_untrusted = true;
        error_set(detail, "its certificate is not of an authority that is trusted now: %s",
                  X509_verify_cert_error_string(X509_STORE_CTX_get_error(check)));
    }
    X509_STORE_CTX_free(check);
    ERR_clear_error(); /* else the next connection's failure would be explained by this error */
    return is_untrusted;
}
