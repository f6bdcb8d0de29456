/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tls_lost: is a certificate that was good at the handshake still good, seen by what the context says now?
 *
 * The chain of that day is gone, so it is not verified again; what can be taken back is looked at: revocation and time.
 * Runs on: any thread; a context's store is locked by OpenSSL. Owns: nothing.
 */
#include "config.h"

#include "lib/tls.h"

#include <openssl/x509_vfy.h>

static bool is_revoked_by(X509_CRL *list, X509 *certificate) {
    X509_REVOKED *entry = NULL;

    return X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_issuer_name(certificate)) == 0 &&
           X509_CRL_get0_by_cert(list, &entry, certificate) == 1;
}

bool tls_certificate_lost(SSL_CTX *context, X509 *certificate, struct error *why) {
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));

    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509_CRL *list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
        if (list && is_revoked_by(list, certificate)) {
            error_set(why, "its certificate was revoked");
            return true;
        }
    }
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        error_set(why, "its certificate has expired");
        return true;
    }
    return false;
}
