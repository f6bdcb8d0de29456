/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_context: TLS for the clients of a service, which are other people's programs.
 *
 * By the intermediate configuration of Mozilla's Server Side TLS guidelines, version 5.8: TLS 1.2 with ECDHE and AEAD
 * alone, and 1.3; the client's order of ciphers decides, which knows whether it has AES in hardware. No tickets and no
 * session cache, as everywhere in Munnel (tls.h); no renegotiation, no compression, no early data.
 * Each certificate is a context of its own with the same options; the first has the others, and chooses by the name
 * that the client asks for (RFC 6066, 3). Certificates for the same names with keys of several types, ECDSA and RSA
 * say, share a context, in which OpenSSL chooses by the signatures that the client can verify. Runs on: contexts are
 * built on the control thread, at start or by a tool, and may be used by every thread. Owns: nothing; the first context
 * frees the others.
 */
#include "config.h"

#include "lib/tls/context_files.h"
#include "lib/tls/pem.h"
#include "lib/tls/tls.h"
#include "lib/tls/tls_priv.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct service {         /* of the first context; the others have a copy of the list of ALPN */
    unsigned char *alpn; /* as on the wire: each name behind its length */
    unsigned alpn_length;
    SSL_CTX **contexts;  /* the others */
    X509 **certificates; /* of all of them, in the order of the options */
    size_t count, certificate_count;
};

/* ---- extra data ---- */

static CRYPTO_ONCE index_once = CRYPTO_ONCE_STATIC_INIT;
static int service_index = -1;

static void free_service(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long number, void *pointer) {
    struct service *service = data;
    (void)parent, (void)all, (void)index, (void)number, (void)pointer;
    if (!service)
        return;
    for (size_t i = 0; i < service->count; i++)
        SSL_CTX_free(service->contexts[i]);
    for (size_t i = 0; i < service->certificate_count; i++)
        X509_free(service->certificates[i]);
    free(service->contexts);
    free(service->certificates);
    free(service->alpn);
    free(service);
}

static void make_index(void) {
    service_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_service);
}

static struct service *attach_service(SSL_CTX *context) {
    struct service *service = calloc(1, sizeof *service);
    if (service && CRYPTO_THREAD_run_once(&index_once, make_index) == 1 && service_index >= 0 &&
        SSL_CTX_set_ex_data(context, service_index, service) == 1)
        return service;
    free(service);
    return NULL;
}

static struct service *service_of(const SSL_CTX *context) {
    return SSL_CTX_get_ex_data(context, service_index);
}

/* ---- ALPN ---- */

static int on_offer(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in,
                    unsigned in_length, void *context) {
    const struct service *service = context;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_length, service->alpn, service->alpn_length, in, in_length) ==
        OPENSSL_NPN_NEGOTIATED) {
        *out = chosen;
        return SSL_TLSEXT_ERR_OK;
    }
    tls_note_refusal(ssl, "it offers no protocol of the service's alpn");
    return SSL_TLSEXT_ERR_ALERT_FATAL; /* no_application_protocol, as RFC 7301, 3.2 wants it */
}

static bool offer(SSL_CTX *context, struct service *service, const struct tls_service_options *options) {
    size_t length = 0, at = 0;
    for (size_t i = 0; i < options->alpn_count; i++)
        length += 1 + strlen(options->alpn[i]);
    if (length == 0)
        return true;
    service->alpn = malloc(length);
    if (!service->alpn)
        return false;
    for (size_t i = 0; i < options->alpn_count; i++) {
        size_t size = strlen(options->alpn[i]);
        service->alpn[at++] = (unsigned char)size;
        memcpy(service->alpn + at, options->alpn[i], size);
        at += size;
    }
    service->alpn_length = (unsigned)length;
    SSL_CTX_set_alpn_select_cb(context, on_offer, service);
    return true;
}

/* ---- the name ---- */

static bool is_for(const SSL_CTX *context, const char *name) {
    X509 *certificate = SSL_CTX_get0_certificate(context);
    return certificate && X509_check_host(certificate, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

/* A name of no certificate gets the first, by which its client learns where it is. */
static int on_name(SSL *ssl, int *alert, void *context) {
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const struct service *service = context;
    (void)alert;
    if (!name || is_for(SSL_get_SSL_CTX(ssl), name))
        return SSL_TLSEXT_ERR_OK;
    for (size_t i = 0; i < service->count; i++)
        if (is_for(service->contexts[i], name)) {
            SSL_set_SSL_CTX(ssl, service->contexts[i]);
            break;
        }
    return SSL_TLSEXT_ERR_OK;
}

/* ---- keys of several types ---- */

static bool has_name(const GENERAL_NAMES *names, GENERAL_NAME *name) {
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i), name) == 0)
            return true;
    return false;
}

static bool has_all_names(const GENERAL_NAMES *names, const GENERAL_NAMES *of) {
    for (int i = 0; i < sk_GENERAL_NAME_num(of); i++)
        if (!has_name(names, sk_GENERAL_NAME_value(of, i)))
            return false;
    return true;
}

/* The common name counts where neither has others. */
static bool have_same_names(const X509 *one, const X509 *other) {
    GENERAL_NAMES *ones = X509_get_ext_d2i(one, NID_subject_alt_name, NULL, NULL),
                  *others = X509_get_ext_d2i(other, NID_subject_alt_name, NULL, NULL);
    bool are_same = ones && others ? has_all_names(ones, others) && has_all_names(others, ones)
                                   : !ones && !others &&
                                         X509_NAME_cmp(X509_get_subject_name(one), X509_get_subject_name(other)) == 0;
    GENERAL_NAMES_free(ones);
    GENERAL_NAMES_free(others);
    return are_same;
}

enum joined { JOINED, JOINED_NONE, JOIN_FAILED };

/* Unless it has one with a key of this type. */
static enum joined join(SSL_CTX *context, SSL_CTX *other) {
    STACK_OF(X509) *chain = NULL;
    ERR_clear_error();
    if (SSL_CTX_get0_chain_certs(other, &chain) == 1 &&
        SSL_CTX_use_cert_and_key(context, SSL_CTX_get0_certificate(other), SSL_CTX_get0_privatekey(other), chain, 0) ==
            1)
        return JOINED;
    bool has_one = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_NOT_REPLACING_CERTIFICATE;
    ERR_clear_error();
    return has_one ? JOINED_NONE : JOIN_FAILED;
}

static enum joined join_same_names(SSL_CTX *first, const struct service *service, SSL_CTX *other) {
    const X509 *certificate = SSL_CTX_get0_certificate(other);
    for (size_t i = 0; i <= service->count; i++) {
        SSL_CTX *context = i == 0 ? first : service->contexts[i - 1];
        if (!have_same_names(SSL_CTX_get0_certificate(context), certificate))
            continue;
        enum joined joined = join(context, other);
        if (joined != JOINED_NONE)
            return joined;
    }
    return JOINED_NONE;
}

/* ---- contexts ---- */

static bool set_policy(SSL_CTX *context) {
    static const char *const groups[] = {"*X25519MLKEM768:*X25519:P-256:P-384", "X25519:P-256:P-384"};
    SSL_CTX_clear_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (SSL_CTX_set1_groups_list(context, groups[i]) == 1) {
            ERR_clear_error();
            return true;
        }
    return false;
}

static SSL_CTX *make_context(const struct tls_service_options *options, size_t index, struct error *error) {
    const char *key = options->keys[options->key_count == 1 ? 0 : index];
    const struct tls_server_options client = {.client_ca = options->client_ca,
                                              .crl = options->crl,
                                              .client_optional = options->client_optional};
    struct tls_trust *trust;
    SSL_CTX *context = tls_context_new(true, options->allow_tls12, &trust, error);
    if (!context)
        return NULL;
    struct service *service = attach_service(context);
    if (!service || !set_policy(context) || !offer(context, service, options))
        error_set(error, "out of memory");
    else if (context_use_identity(context, options->certificates[index], key, error) == 0 &&
             (!options->client_ca || tls_context_ask_for_client(context, trust, &client, error) == 0))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static bool remember(struct service *service, SSL_CTX *context) {
    X509 *certificate = SSL_CTX_get0_certificate(context);
    if (X509_up_ref(certificate) != 1)
        return false;
    service->certificates[service->certificate_count++] = certificate;
    return true;
}

/* Takes `other`. */
static int add_other(SSL_CTX *first, struct service *service, SSL_CTX *other, struct error *error) {
    enum joined joined = remember(service, other) ? join_same_names(first, service, other) : JOIN_FAILED;
    if (joined == JOINED_NONE)
        service->contexts[service->count++] = other;
    else
        SSL_CTX_free(other);
    return joined == JOIN_FAILED ? error_set(error, "out of memory") : 0;
}

static int add_others(SSL_CTX *context, const struct tls_service_options *options, struct error *error) {
    struct service *service = service_of(context);
    service->contexts = calloc(options->count, sizeof(SSL_CTX *));
    service->certificates = calloc(options->count, sizeof(X509 *));
    if (!service->contexts || !service->certificates || !remember(service, context))
        return error_set(error, "out of memory");
    for (size_t i = 1; i < options->count; i++) {
        SSL_CTX *other = make_context(options, i, error);
        if (!other || add_other(context, service, other, error))
            return -1;
    }
    SSL_CTX_set_tlsext_servername_callback(context, on_name);
    SSL_CTX_set_tlsext_servername_arg(context, service);
    return 0;
}

SSL_CTX *tls_service_context(const struct tls_service_options *options, struct error *error) {
    SSL_CTX *context = make_context(options, 0, error);
    if (context && add_others(context, options, error) == 0)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

X509 *tls_service_certificate(SSL_CTX *context, size_t index) {
    const struct service *service = service_of(context);
    return index < service->certificate_count ? service->certificates[index] : NULL;
}
