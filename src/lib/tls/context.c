/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * context: builds SSL_CTX by Munnel's policy.
 * Runs on: the control thread or at start. Owns: nothing; what a context needs is freed with it.
 */
#include "config.h"

#include "lib/tls/tls.h"

#include "lib/tls/certificate.h"
#include "lib/tls/context_files.h"
#include "lib/tls/pem.h"
#include "lib/tls/system_store.h"
#include "lib/tls/tls_priv.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum { CERTIFICATES_MOST = 16 * 1024, SECURITY_LEVEL = 2 };

/* The first list that this OpenSSL understands: with ML-KEM (3.5) both key shares are sent, so that a server without it
 * need not ask for another ClientHello. */
static const char *const groups[] = {"*X25519MLKEM768:*X25519:P-256", "X25519:P-256"};
static const char suites13[] = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
static const char suites12[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

/* OpenSSL asks about ALPN only for a client that sends the extension; one without is refused here. */
static int on_client_hello(SSL *ssl, int *alert, void *context) {
    (void)context;
    const unsigned char *bytes;
    size_t length;
    bool names_versions = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &bytes, &length) == 1;
    if (!names_versions && SSL_client_hello_get0_legacy_version(ssl) < (unsigned)SSL_get_min_proto_version(ssl))
        return SSL_CLIENT_HELLO_SUCCESS; /* too old: OpenSSL refuses it with the better alert */
    if (!names_versions && SSL_get_min_proto_version(ssl) == TLS1_3_VERSION)
        return SSL_CLIENT_HELLO_SUCCESS; /* TLS 1.2 at most: the same */
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &bytes, &length) == 1)
        return SSL_CLIENT_HELLO_SUCCESS;
    tls_note_refusal(ssl, "it speaks TLS but not Munnel (no ALPN)");
    *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
    return SSL_CLIENT_HELLO_ERROR;
}

static bool set_groups(SSL_CTX *context) {
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (SSL_CTX_set1_groups_list(context, groups[i]) == 1) {
            ERR_clear_error(); /* of the lists before */
            return true;
        }
    return false;
}

static int set_policy(SSL_CTX *context, bool allow_tls12) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_clear_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(context, CERTIFICATES_MOST);
    SSL_CTX_set_security_level(context, SECURITY_LEVEL);
    SSL_CTX_set_default_passwd_cb(context, pem_no_passphrase);
    SSL_CTX_set_cert_verify_callback(context, tls_verify, NULL);
    return SSL_CTX_set_num_tickets(context, 0) == 1 &&
                   SSL_CTX_set_min_proto_version(context, allow_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) == 1 &&
                   SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 && set_groups(context) &&
                   SSL_CTX_set_ciphersuites(context, suites13) == 1 && SSL_CTX_set_cipher_list(context, suites12) == 1
               ? 0
               : -1;
}

SSL_CTX *tls_context_new(bool is_server, bool allow_tls12, struct tls_trust **trust, struct error *error) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    *trust = context ? tls_trust_new(is_server) : NULL;
    if (*trust && tls_trust_attach(context, *trust) == 0 && set_policy(context, allow_tls12) == 0)
        return context;
    pem_failed(error, "TLS", "OpenSSL cannot do what Munnel asks for");
    SSL_CTX_free(context);
    return NULL;
}

static int use_authority(SSL_CTX *context, struct tls_trust *trust, const char *path, struct error *error) {
    if (context_use_authorities(context, path, trust->is_server, error) != 0)
        return -1;
    trust->authority = strdup(path);
    trust->chain_must_verify = true;
    return trust->authority ? 0 : error_set(error, "out of memory");
}

int tls_context_ask_for_client(SSL_CTX *context, struct tls_trust *trust, const struct tls_server_options *options,
                               struct error *error) {
    if (use_authority(context, trust, options->client_ca, error) != 0 ||
        (options->crl && context_use_revocations(context, options->crl, error) != 0))
        return -1;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (options->client_optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT),
                       NULL);
    return 0;
}

SSL_CTX *tls_server_context(const struct tls_server_options *options, struct error *error) {
    struct tls_trust *trust;
    SSL_CTX *context = tls_context_new(true, options->allow_tls12, &trust, error);
    if (!context)
        return NULL;
    tls_alpn_require(context);
    SSL_CTX_set_client_hello_cb(context, on_client_hello, NULL);
    if (context_use_identity(context, options->certificate, options->key, error) == 0 &&
        (!options->client_ca || tls_context_ask_for_client(context, trust, options, error) == 0))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static int use_pins(struct tls_trust *trust, const struct tls_client_options *options, struct error *error) {
    static const char prefix[] = "sha256:";
    if (options->pin_count == 0)
        return 0;
    trust->pins = calloc(options->pin_count, sizeof *trust->pins);
    if (!trust->pins)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < options->pin_count; i++) {
        const char *pin = options->pins[i];
        if (strncmp(pin, prefix, sizeof prefix - 1) != 0 ||
            !secret_from_hex(trust->pins[i], SECRET_SIZE, pin + sizeof prefix - 1))
            return error_set(error, "\"%s\" is not a pin: sha256: and 64 hexadecimal digits are expected", pin);
        trust->pin_count++;
    }
    return 0;
}

static int choose_trust(SSL_CTX *context, struct tls_trust *trust, const struct tls_client_options *options,
                        struct error *error) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (use_pins(trust, options, error) != 0)
        return -1;
    if (options->ca)
        return use_authority(context, trust, options->ca, error);
    if (trust->pin_count > 0)
        return 0;
    trust->chain_must_verify = true;
    return system_store_use(context, error);
}

SSL_CTX *tls_client_context(const struct tls_client_options *options, struct error *error) {
    struct tls_trust *trust;
    SSL_CTX *context = tls_context_new(false, options->allow_tls12, &trust, error);
    if (!context)
        return NULL;
    if (choose_trust(context, trust, options, error) == 0 &&
        (!options->certificate || context_use_identity(context, options->certificate, options->key, error) == 0)) {
        if (tls_alpn_offer(context) == 0)
            return context;
        error_set(error, "out of memory");
    }
    SSL_CTX_free(context);
    return NULL;
}

time_t tls_expires_at(const SSL_CTX *context) {
    const X509 *certificate = SSL_CTX_get0_certificate(context);
    ASN1_TIME *epoch = certificate ? ASN1_TIME_set(NULL, 0) : NULL;
    int days = 0, seconds = 0;
    bool is_known = epoch && ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(certificate)) == 1;
    ASN1_TIME_free(epoch);
    return is_known ? (time_t)days * 86400 + seconds : 0;
}

long tls_days_left(const SSL_CTX *context) {
    const X509 *certificate = SSL_CTX_get0_certificate(context);
    return certificate ? certificate_days_left(certificate) : 0;
}
