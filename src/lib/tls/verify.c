/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * verify: OpenSSL's callback that verifies the peer's certificate. The text of a failure is composed here, while the
 * certificate is at hand, and noted for tls_explain().
 * Runs on: the session's thread, within its handshake. Owns: nothing.
 */
#include "config.h"

#include "lib/tls/certificate.h"
#include "lib/tls/tls_priv.h"

#include <event2/util.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* Text from an unverified certificate: printable ASCII only. Returns the new end. */
static size_t append(char *to, size_t size, size_t used, const void *from, size_t length) {
    for (const unsigned char *at = from; length > 0 && used + 1 < size; at++, length--)
        to[used++] = *at >= 0x20 && *at < 0x7f ? (char)*at : '?';
    to[used] = '\0';
    return used;
}

static size_t append_text(char *to, size_t size, size_t used, const char *from) {
    return append(to, size, used, from, strlen(from));
}

static size_t append_name(char *to, size_t size, size_t used, const GENERAL_NAME *name) {
    const ASN1_STRING *value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const unsigned char *bytes = ASN1_STRING_get0_data(value);
    size_t length = (size_t)ASN1_STRING_length(value);
    char address[64];
    if (name->type == GEN_DNS)
        return append(to, size, used, bytes, length);
    if ((length != 4 && length != 16) ||
        !evutil_inet_ntop(length == 4 ? AF_INET : AF_INET6, bytes, address, sizeof address))
        return append_text(to, size, used, "?");
    return append_text(to, size, used, address);
}

/* The names and addresses that the certificate is for: "a.example, 10.0.0.1, ..." */
static void list_names(X509 *certificate, char *text, size_t size) {
    static const size_t room_for_one = 64;
    size_t used = append_text(text, size, 0, "");
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS && name->type != GEN_IPADD)
            continue;
        used = append_text(text, size, used, used ? ", " : "");
        if (used + room_for_one > size) {
            used = append_text(text, size, used, "...");
            break;
        }
        used = append_name(text, size, used, name);
    }
    GENERAL_NAMES_free(names);
    if (used == 0)
        append_text(text, size, 0, "no host at all");
}

static void name_issuer(X509 *certificate, char *text, size_t size) {
    const X509_NAME *issuer = X509_get_issuer_name(certificate);
    int at = X509_NAME_get_index_by_NID(issuer, NID_commonName, -1);
    const ASN1_STRING *value = at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(issuer, at));
    if (value)
        append(text, size, 0, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    else
        append_text(text, size, 0, "unnamed");
}

struct failure { /* of a verification */
    const struct tls_trust *trust;
    X509 *certificate; /* the one that failed */
    const char *whose; /* "the certificate" or "the authority's certificate" */
    int code;
    const char *host; /* asked for; may be NULL */
};

static void describe_expired(const struct failure *failure, struct error *error) {
    certificate_describe_expired(failure->certificate, failure->whose, error);
}

static void describe_too_early(const struct failure *failure, struct error *error) {
    certificate_describe_too_early(failure->certificate, failure->whose, error);
}

/* Advice to a client that was given neither CA nor pin. */
#define CURE "; name the server's CA with --ca FILE, or take a join code with --join -"

static void describe_self_signed(const struct failure *failure, struct error *error) {
    if (failure->trust->authority)
        error_set(error, "the certificate is self-signed, and %s does not hold it", failure->trust->authority);
    else
        error_set(error, "the certificate is self-signed%s", failure->trust->is_server ? "" : CURE);
}

static void describe_unknown_authority(const struct failure *failure, struct error *error) {
    char issuer[80];
    name_issuer(failure->certificate, issuer, sizeof issuer);
    error_set(error, "the certificate is signed by an authority (%s) that %s does not hold%s", issuer,
              failure->trust->authority ? failure->trust->authority : "the system's store",
              failure->trust->authority || failure->trust->is_server ? "" : CURE);
}

static void describe_wrong_name(const struct failure *failure, struct error *error) {
    char names[240];
    list_names(failure->certificate, names, sizeof names);
    error_set(error, "wrong name: the certificate is for %s%s%s", names, failure->host ? ", not for " : "",
              failure->host ? failure->host : "");
}

static void describe_wrong_purpose(const struct failure *failure, struct error *error) {
    error_set(error, "wrong purpose: the certificate is not one for a %s (extended key usage lacks %s)",
              failure->trust->is_server ? "client" : "server", failure->trust->is_server ? "clientAuth" : "serverAuth");
}

static void describe_revoked(const struct failure *failure, struct error *error) {
    error_set(error, "%s has been revoked", failure->whose);
}

static void describe_no_crl(const struct failure *failure, struct error *error) {
    char issuer[80];
    name_issuer(failure->certificate, issuer, sizeof issuer);
    error_set(error, "there is no revocation list of the authority %s", issuer);
}

static void describe_old_crl(const struct failure *failure, struct error *error) {
    (void)failure;
    error_set(error, "the revocation list is out of date");
}

static const struct refusal {
    int code;
    void (*describe)(const struct failure *failure, struct error *error);
    bool is_untrusted; /* not a matter of dates and lists: it will be the same next time */
} refusals[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, describe_expired, false},
    {X509_V_ERR_CERT_NOT_YET_VALID, describe_too_early, false},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, describe_self_signed, true},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, describe_unknown_authority, true},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, describe_unknown_authority, true},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, describe_unknown_authority, true},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, describe_unknown_authority, true},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, describe_unknown_authority, true},
    {X509_V_ERR_HOSTNAME_MISMATCH, describe_wrong_name, true},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, describe_wrong_name, true},
    {X509_V_ERR_INVALID_PURPOSE, describe_wrong_purpose, true},
    {X509_V_ERR_CERT_REVOKED, describe_revoked, true},
    {X509_V_ERR_UNABLE_TO_GET_CRL, describe_no_crl, false},
    {X509_V_ERR_CRL_HAS_EXPIRED, describe_old_crl, false},
    {X509_V_ERR_CRL_NOT_YET_VALID, describe_old_crl, false},
};

static const struct refusal *find_refusal(int code) {
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (refusals[i].code == code)
            return &refusals[i];
    return NULL;
}

static void note_failure(SSL *ssl, const struct failure *failure) {
    struct error error = {{0}};
    const struct refusal *refusal = failure->certificate ? find_refusal(failure->code) : NULL;
    if (refusal)
        refusal->describe(failure, &error);
    else
        error_set(&error, "the certificate is refused: %s", X509_verify_cert_error_string(failure->code));
    if (refusal && refusal->is_untrusted)
        tls_note_untrusted(ssl, error.text);
    else
        tls_note_refusal(ssl, error.text);
}

static int refuse_chain(X509_STORE_CTX *store, SSL *ssl, const struct tls_trust *trust) {
    X509_VERIFY_PARAM *parameters = SSL_get0_param(ssl);
    char *address = X509_VERIFY_PARAM_get1_ip_asc(parameters);
    X509 *failed = X509_STORE_CTX_get_current_cert(store);
    struct failure failure = {
        .trust = trust,
        .certificate = failed ? failed : X509_STORE_CTX_get0_cert(store),
        .whose = X509_STORE_CTX_get_error_depth(store) > 0 ? "the authority's certificate" : "the certificate",
        .code = X509_STORE_CTX_get_error(store),
        .host = address ? address : X509_VERIFY_PARAM_get0_host(parameters, 0),
    };
    note_failure(ssl, &failure);
    if (failure.code == X509_V_ERR_CERT_SIGNATURE_FAILURE) /* another authority of the same name: say so by the alert */
        X509_STORE_CTX_set_error(store, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    OPENSSL_free(address);
    return 0;
}

static int refuse_with(X509_STORE_CTX *store, SSL *ssl, int code, const char *text) {
    tls_note_refusal(ssl, text);
    X509_STORE_CTX_set_error(store, code);
    return 0;
}

static bool pin_is_known(const struct tls_trust *trust, const uint8_t pin[SECRET_SIZE]) {
    for (size_t i = 0; i < trust->pin_count; i++)
        if (secret_equal(trust->pins[i], pin, SECRET_SIZE))
            return true;
    return false;
}

static int refuse_pin(X509_STORE_CTX *store, SSL *ssl, const uint8_t pin[SECRET_SIZE]) {
    char digits[SECRET_HEX];
    struct error error = {{0}};
    error_set(&error, "the server's key is not the pinned one: it shows sha256:%s",
              secret_to_hex(pin, SECRET_SIZE, digits));
    tls_note_untrusted(ssl, error.text);
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
    return 0;
}

int tls_verify(X509_STORE_CTX *store, void *unused) {
    (void)unused;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct tls_trust *trust = ssl ? tls_trust_of(SSL_get_SSL_CTX(ssl)) : NULL;
    if (!trust)
        return 0;
    /* ALPN before the chain: of two failures, "not a Munnel server" is the one that tells what to do. */
    struct error error;
    if (!trust->is_server && tls_alpn_check(ssl, &error) != 0)
        return refuse_with(store, ssl, X509_V_ERR_APPLICATION_VERIFICATION, error.text);
    if (trust->pin_count > 0) {
        uint8_t pin[SECRET_SIZE];
        if (certificate_pin(X509_STORE_CTX_get0_cert(store), pin) != 0)
            return refuse_with(store, ssl, X509_V_ERR_UNSPECIFIED, "the server's key cannot be read");
        if (!pin_is_known(trust, pin))
            return refuse_pin(store, ssl, pin);
    }
    if (trust->chain_must_verify && X509_verify_cert(store) != 1)
        return refuse_chain(store, ssl, trust);
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}
