/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * cert_issue: makes keys (ECDSA P-256) and certificates, and writes them as PEM.
 * Runs on: start or a tool. Owns: nothing; wipes the key's text that it held.
 */
#include "config.h"

#include "lib/tls/cert_issue.h"

#include "lib/base/file.h"
#include "lib/base/secret.h"
#include "lib/base/strbuf.h"
#include "lib/tls/certificate.h"
#include "lib/tls/pem.h"

#include <event2/util.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

enum { SERIAL_BYTES = 16, COMMON_NAME_MAX = 64, CLOCK_SLACK_S = 3600, DAY_S = 86400 };

struct issuer { /* who signs: the CA, or the certificate itself */
    X509 *certificate;
    EVP_PKEY *key;
};

/* The first error in OpenSSL's queue is the cause. */
static int fail(struct error *error, const char *what) {
    const char *reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    return error_set(error, "%s%s%s%s", what, reason ? " (" : "", reason ? reason : "", reason ? ")" : "");
}

static int add_extension(X509 *certificate, const struct issuer *issuer, int kind, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer->certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    int result = extension && X509_add_ext(certificate, extension, -1) == 1 ? 0 : -1;
    X509_EXTENSION_free(extension);
    return result;
}

static GENERAL_NAME *make_name(const char *text) {
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);
    ERR_clear_error(); /* a name that is no address leaves a word there */
    if (name && address) {
        GENERAL_NAME_set0_value(name, GEN_IPADD, address);
        return name;
    }
    ASN1_IA5STRING *host = ASN1_IA5STRING_new();
    if (name && host && ASN1_STRING_set(host, text, -1) == 1) {
        GENERAL_NAME_set0_value(name, GEN_DNS, host);
        return name;
    }
    ASN1_IA5STRING_free(host);
    ASN1_OCTET_STRING_free(address);
    GENERAL_NAME_free(name);
    return NULL;
}

static int add_names(X509 *certificate, const struct cert_request *request) {
    if (request->name_count == 0)
        return 0;
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    int result = names ? 0 : -1;
    for (size_t i = 0; result == 0 && i < request->name_count; i++) {
        GENERAL_NAME *name = make_name(request->names[i]);
        if (!name || sk_GENERAL_NAME_push(names, name) <= 0) {
            GENERAL_NAME_free(name);
            result = -1;
        }
    }
    if (result == 0 && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) != 1)
        result = -1;
    GENERAL_NAMES_free(names);
    return result;
}

static const struct use {
    const char *basic, *usage, *extended; /* extended: NULL for none */
} uses[] = {
    [CERT_CA] = {"critical,CA:TRUE,pathlen:0", "critical,keyCertSign,cRLSign", NULL},
    [CERT_SERVER] = {"critical,CA:FALSE", "critical,digitalSignature", "serverAuth"},
    [CERT_CLIENT] = {"critical,CA:FALSE", "critical,digitalSignature", "clientAuth"},
};

static int add_extensions(X509 *certificate, const struct issuer *issuer, const struct cert_request *request) {
    const struct use *use = &uses[request->use];
    if (add_extension(certificate, issuer, NID_basic_constraints, use->basic) != 0 ||
        add_extension(certificate, issuer, NID_key_usage, use->usage) != 0 ||
        (use->extended && add_extension(certificate, issuer, NID_ext_key_usage, use->extended) != 0) ||
        add_extension(certificate, issuer, NID_subject_key_identifier, "hash") != 0 ||
        add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always") != 0)
        return -1;
    return add_names(certificate, request);
}

static int set_serial(X509 *certificate) {
    uint8_t bytes[SERIAL_BYTES];
    if (secret_random(bytes, sizeof bytes) != 0)
        return -1;
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, and always of the same length */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    int result = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) ? 0 : -1;
    BN_free(number);
    return result;
}

static int set_subject(X509 *certificate, const char *common_name) {
    char text[COMMON_NAME_MAX + 1] = ""; /* a longer one is no valid X.509; the names are elsewhere anyway */
    strbuf_copy(text, sizeof text, common_name);
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                      (const unsigned char *)text, -1, -1, 0) == 1
               ? 0
               : -1;
}

static int set_dates(X509 *certificate, unsigned days) {
    time_t now = time(NULL);
    return ASN1_TIME_set(X509_getm_notBefore(certificate), now - CLOCK_SLACK_S) && /* other clocks may be behind */
                   ASN1_TIME_set(X509_getm_notAfter(certificate), now + (time_t)days * DAY_S)
               ? 0
               : -1;
}

/* `ca` with NULLs: signed by itself. NULL on failure. */
static X509 *make_certificate(const struct cert_request *request, const struct issuer *ca, EVP_PKEY *key) {
    X509 *certificate = X509_new();
    if (!certificate)
        return NULL;
    struct issuer issuer = {ca->certificate ? ca->certificate : certificate, ca->key ? ca->key : key};
    if (X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) == 0 &&
        set_subject(certificate, request->common_name) == 0 && set_dates(certificate, request->days) == 0 &&
        X509_set_pubkey(certificate, key) == 1 &&
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer.certificate)) == 1 &&
        add_extensions(certificate, &issuer, request) == 0 && X509_sign(certificate, issuer.key, EVP_sha256()) > 0)
        return certificate;
    X509_free(certificate);
    return NULL;
}

static int write_memory(BIO *memory, const char *path, unsigned mode, struct error *error) {
    char *text;
    long length = BIO_get_mem_data(memory, &text);
    int result = length > 0 ? file_write(path, text, (size_t)length, mode, error) : fail(error, "PEM cannot be made");
    if (length > 0)
        secret_wipe(text, (size_t)length);
    return result;
}

/* The key first: if the second write fails, no certificate without key is left. */
static int write_both(X509 *certificate, EVP_PKEY *key, const char *certificate_path, const char *key_path,
                      struct error *error) {
    BIO *key_text = BIO_new(BIO_s_secmem()), *certificate_text = BIO_new(BIO_s_mem());
    int result = -1;
    if (!key_text || !certificate_text ||
        PEM_write_bio_PKCS8PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        PEM_write_bio_X509(certificate_text, certificate) != 1)
        fail(error, "PEM cannot be made");
    else
        result = write_memory(key_text, key_path, 0600, error) == 0 &&
                         write_memory(certificate_text, certificate_path, 0644, error) == 0
                     ? 0
                     : -1;
    BIO_free(key_text);
    BIO_free(certificate_text);
    return result;
}

static EVP_PKEY *read_key(const char *path, struct error *error) {
    BIO *file = pem_open(path, PEM_PRIVATE_KEY, error);
    EVP_PKEY *key = NULL;
    if (file && !(key = PEM_read_bio_PrivateKey(file, NULL, pem_no_passphrase, NULL)))
        pem_failed(error, path, "its private key cannot be read");
    BIO_free(file);
    ERR_clear_error();
    return key;
}

static int read_issuer(struct issuer *ca, const char *certificate, const char *key, struct error *error) {
    ca->certificate = certificate_read(certificate, error);
    ca->key = ca->certificate ? read_key(key, error) : NULL;
    if (!ca->key)
        return -1;
    return X509_check_private_key(ca->certificate, ca->key) == 1
               ? 0
               : error_set(error, "%s: is not the key of %s", key, certificate);
}

int cert_issue(const struct cert_request *request, const char *ca_certificate, const char *ca_key,
               const char *certificate, const char *key, struct error *error) {
    struct issuer ca = {NULL, NULL};
    ERR_clear_error();
    int result = request->use == CERT_CA ? 0 : read_issuer(&ca, ca_certificate, ca_key, error);
    if (result == 0) {
        EVP_PKEY *pair = EVP_EC_gen("P-256");
        X509 *made = pair ? make_certificate(request, &ca, pair) : NULL;
        result = made ? write_both(made, pair, certificate, key, error) : fail(error, "the certificate cannot be made");
        X509_free(made);
        EVP_PKEY_free(pair);
    }
    X509_free(ca.certificate);
    EVP_PKEY_free(ca.key);
    ERR_clear_error();
    return result;
}

/* A name that holds a NUL or anything else than a host has is left out: it would not be reached anyway. */
static bool name_text(const GENERAL_NAME *name, char *text, size_t size) {
    const ASN1_STRING *value = name->type == GEN_DNS     ? name->d.dNSName
                               : name->type == GEN_IPADD ? name->d.iPAddress
                                                         : NULL;
    if (!value)
        return false;
    const char *bytes = (const char *)ASN1_STRING_get0_data(value);
    size_t length = (size_t)ASN1_STRING_length(value);
    if (name->type == GEN_IPADD)
        return (length == 4 || length == 16) && evutil_inet_ntop(length == 4 ? AF_INET : AF_INET6, bytes, text, size);
    if (length == 0 || length >= size)
        return false;
    memcpy(text, bytes, length);
    text[length] = '\0';
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*") == length;
}

int cert_issue_each_name(const char *certificate, int (*each)(void *context, const char *name), void *context,
                         struct error *error) {
    X509 *read = certificate_read(certificate, error);
    if (!read)
        return -1;
    GENERAL_NAMES *names = X509_get_ext_d2i(read, NID_subject_alt_name, NULL, NULL);
    int result = 0;
    for (int i = 0; result == 0 && i < sk_GENERAL_NAME_num(names); i++) {
        char text[256];
        if (name_text(sk_GENERAL_NAME_value(names, i), text, sizeof text))
            result = each(context, text);
    }
    GENERAL_NAMES_free(names);
    X509_free(read);
    return result;
}
