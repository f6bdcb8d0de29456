/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * certs: certificates that `munnel init` would never make.
 */
#include "config.h"

#include "harness/certs.h"

#include <check.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

static FILE *open_in(const struct certs_plan *plan, const char *name, const char *ending, bool writing) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", plan->folder, name, ending);
    int fd = open(path, writing ? O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0600);
    ck_assert_msg(fd >= 0, "cannot open %s", path);
    return fdopen(fd, writing ? "w" : "r");
}

static void add_extension(X509 *certificate, X509 *issuer, int which, const char *text) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, which, text);
    ck_assert_msg(extension, "OpenSSL does not take \"%s\"", text);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/* '#' becomes a NUL; returns the length. */
static int with_nul(const char *text, unsigned char bytes[256]) {
    int length = snprintf((char *)bytes, 256, "%s", text);
    for (int i = 0; i < length; i++)
        bytes[i] = bytes[i] == '#' ? '\0' : bytes[i];
    return length;
}

static void add_dns_name(X509 *certificate, const char *text) {
    unsigned char bytes[256];
    int length = with_nul(text, bytes);
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *written = ASN1_IA5STRING_new();
    ck_assert(names && name && written && ASN1_STRING_set(written, bytes, length) == 1);
    GENERAL_NAME_set0_value(name, GEN_DNS, written);
    sk_GENERAL_NAME_push(names, name);
    ck_assert_int_eq(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT), 1);
    GENERAL_NAMES_free(names);
}

static void fill_in(X509 *certificate, X509 *issuer, EVP_PKEY *key, const struct certs_plan *plan) {
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), plan->serial ? plan->serial : 4711);
    X509_time_adj_ex(X509_getm_notBefore(certificate), plan->from_days, 0, NULL);
    X509_time_adj_ex(X509_getm_notAfter(certificate), plan->to_days, 0, NULL);
    unsigned char common[256];
    int length = with_nul(plan->common_with_nul ? plan->common_with_nul : plan->name, common);
    X509_NAME_add_entry_by_txt(subject, "CN", V_ASN1_UTF8STRING, common, length, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    X509_set_pubkey(certificate, key);
    add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate, issuer, NID_ext_key_usage, plan->for_clients ? "clientAuth" : "serverAuth");
    if (plan->names)
        add_extension(certificate, issuer, NID_subject_alt_name, plan->names);
    if (plan->dns_with_nul)
        add_dns_name(certificate, plan->dns_with_nul);
}

void certs_make(const struct certs_plan *plan) {
    FILE *ca = open_in(plan, "ca", "pem", false), *ca_key = open_in(plan, "ca", "key", false);
    X509 *issuer = PEM_read_X509(ca, NULL, NULL, NULL), *certificate = X509_new();
    EVP_PKEY *signer = PEM_read_PrivateKey(ca_key, NULL, NULL, NULL), *key = EVP_EC_gen("P-256");
    ck_assert(issuer && certificate && signer && key);
    fill_in(certificate, plan->self_signed ? certificate : issuer, key, plan);
    ck_assert_int_gt(X509_sign(certificate, plan->self_signed ? key : signer, EVP_sha256()), 0);
    FILE *out = open_in(plan, plan->name, "pem", true), *out_key = open_in(plan, plan->name, "key", true);
    ck_assert_int_eq(PEM_write_X509(out, certificate), 1);
    ck_assert_int_eq(PEM_write_PrivateKey(out_key, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(ca);
    fclose(ca_key);
    fclose(out);
    fclose(out_key);
    X509_free(issuer);
    X509_free(certificate);
    EVP_PKEY_free(signer);
    EVP_PKEY_free(key);
}

static X509 *read_certificate(const char *folder, const char *name) {
    FILE *file = open_in(&(struct certs_plan){.folder = folder}, name, "pem", false);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    ck_assert_ptr_nonnull(certificate);
    fclose(file);
    return certificate;
}

static void add_revoked(X509_CRL *list, const char *folder, const char *name, ASN1_TIME *when) {
    X509 *certificate = read_certificate(folder, name);
    X509_REVOKED *entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate));
    X509_REVOKED_set_revocationDate(entry, when);
    X509_CRL_add0_revoked(list, entry);
    X509_free(certificate);
}

void certs_revoke(const char *folder, const char *name) {
    const struct certs_plan plan = {.folder = folder};
    FILE *ca_key = open_in(&plan, "ca", "key", false), *out = open_in(&plan, "ca", "crl", true);
    X509 *issuer = read_certificate(folder, "ca");
    EVP_PKEY *signer = PEM_read_PrivateKey(ca_key, NULL, NULL, NULL);
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *next = X509_gmtime_adj(NULL, 86400);
    X509_CRL_set_version(list, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer));
    X509_CRL_set1_lastUpdate(list, now);
    X509_CRL_set1_nextUpdate(list, next);
    if (name)
        add_revoked(list, folder, name, now);
    ck_assert_int_gt(X509_CRL_sign(list, signer, EVP_sha256()), 0);
    ck_assert_int_eq(PEM_write_X509_CRL(out, list), 1);
    fclose(out);
    fclose(ca_key);
    ASN1_TIME_free(now);
    ASN1_TIME_free(next);
    X509_CRL_free(list);
    X509_free(issuer);
    EVP_PKEY_free(signer);
}

void certs_pin(const char *folder, const char *name, char pin[80]) {
    FILE *file = open_in(&(struct certs_plan){.folder = folder}, name, "pem", false);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    unsigned char *bytes = NULL, digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ck_assert_ptr_nonnull(certificate);
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes);
    ck_assert_int_gt(length, 0);
    ck_assert_int_eq(EVP_Digest(bytes, (size_t)length, digest, &size, EVP_sha256(), NULL), 1);
    int used = snprintf(pin, 80, "sha256:");
    for (unsigned i = 0; i < size; i++)
        used += snprintf(pin + used, 80 - (size_t)used, "%02x", digest[i]);
    OPENSSL_free(bytes);
    X509_free(certificate);
    fclose(file);
}
