/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * context_files: see context_files.h. OpenSSL has functions that take a file's name, which it would open by itself; see
 * pem_open().
 */
#include "config.h"

#include "lib/tls/context_files.h"

#include "lib/tls/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* ---- its own certificate ---- */

static bool use_leaf(SSL_CTX *context, BIO *file) {
    X509 *certificate = PEM_read_bio_X509_AUX(file, NULL, pem_no_passphrase, NULL);
    bool is_done = certificate && SSL_CTX_use_certificate(context, certificate) == 1;
    X509_free(certificate);
    return is_done;
}

static bool use_chain(SSL_CTX *context, BIO *file) {
    X509 *authority;
    while ((authority = PEM_read_bio_X509(file, NULL, pem_no_passphrase, NULL)))
        if (SSL_CTX_add0_chain_cert(context, authority) != 1) {
            X509_free(authority);
            return false;
        }
    return pem_has_ended();
}

static int use_certificate(SSL_CTX *context, const char *path, struct error *error) {
    BIO *file = pem_open(path, PEM_CERTIFICATE, error);
    if (!file)
        return -1;
    bool is_done = use_leaf(context, file) && use_chain(context, file);
    BIO_free(file);
    return is_done ? 0 : pem_failed(error, path, "cannot be used as certificate");
}

static int fail_key(const char *certificate, const char *key, struct error *error) {
    if (ERR_GET_REASON(ERR_peek_last_error()) != X509_R_KEY_VALUES_MISMATCH)
        return pem_failed(error, key, "cannot be used as private key");
    ERR_clear_error();
    return error_set(error, "%s: is not the key of %s", key, certificate);
}

static int use_key(SSL_CTX *context, BIO *file, const char *certificate, const char *key, struct error *error) {
    EVP_PKEY *read = PEM_read_bio_PrivateKey(file, NULL, pem_no_passphrase, NULL);
    bool is_done = read && SSL_CTX_use_PrivateKey(context, read) == 1;
    EVP_PKEY_free(read);
    if (!is_done)
        return fail_key(certificate, key, error);
    if (SSL_CTX_check_private_key(context) == 1)
        return 0;
    ERR_clear_error();
    return error_set(error, "%s: is not the key of %s", key, certificate);
}

int context_use_identity(SSL_CTX *context, const char *certificate, const char *key, struct error *error) {
    if (use_certificate(context, certificate, error) != 0)
        return -1;
    BIO *file = pem_open(key, PEM_PRIVATE_KEY, error);
    int result = file ? use_key(context, file, certificate, key, error) : -1;
    BIO_free(file);
    return result;
}

/* ---- authorities ---- */

/* Once each, as a client looks through the list for its own authority. */
static bool name_authority(SSL_CTX *context, X509 *authority) {
    const STACK_OF(X509_NAME) *names = SSL_CTX_get_client_CA_list(context);
    for (int i = 0; i < sk_X509_NAME_num(names); i++)
        if (X509_NAME_cmp(sk_X509_NAME_value(names, i), X509_get_subject_name(authority)) == 0)
            return true;
    return SSL_CTX_add_client_CA(context, authority) == 1;
}

static bool use_authority(SSL_CTX *context, X509 *authority, bool names_it) {
    return X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority) == 1 &&
           (!names_it || name_authority(context, authority));
}

/* Revocation lists that stand beside the authorities are kept: they count with those of context_use_revocations().
 * False without an authority. */
static bool use_bundle(SSL_CTX *context, const STACK_OF(X509_INFO) * bundle, bool names_them) {
    bool has_authority = false;
    for (int i = 0; i < sk_X509_INFO_num(bundle); i++) {
        const X509_INFO *info = sk_X509_INFO_value(bundle, i);
        if (info->crl && X509_STORE_add_crl(SSL_CTX_get_cert_store(context), info->crl) != 1)
            return false;
        if (info->x509 && !use_authority(context, info->x509, names_them))
            return false;
        has_authority = has_authority || info->x509;
    }
    return has_authority;
}

int context_use_authorities(SSL_CTX *context, const char *path, bool names_them, struct error *error) {
    BIO *file = pem_open(path, PEM_CERTIFICATE, error);
    if (!file)
        return -1;
    STACK_OF(X509_INFO) *bundle = PEM_X509_INFO_read_bio(file, NULL, pem_no_passphrase, NULL);
    bool is_done = bundle && use_bundle(context, bundle, names_them);
    sk_X509_INFO_pop_free(bundle, X509_INFO_free);
    BIO_free(file);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    return is_done ? 0 : pem_failed(error, path, "its certificates cannot be read");
}

int context_use_revocations(SSL_CTX *context, const char *path, struct error *error) {
    BIO *file = pem_open(path, PEM_CRL, error);
    X509_CRL *list;
    bool is_done = true, has_list = false;
    if (!file)
        return -1;
    while (is_done && (list = PEM_read_bio_X509_CRL(file, NULL, pem_no_passphrase, NULL))) {
        is_done = has_list = X509_STORE_add_crl(SSL_CTX_get_cert_store(context), list) == 1;
        X509_CRL_free(list);
    }
    is_done = is_done && has_list && pem_has_ended();
    BIO_free(file);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_CRL_CHECK);
    return is_done ? 0 : pem_failed(error, path, "its revocation list cannot be read");
}
