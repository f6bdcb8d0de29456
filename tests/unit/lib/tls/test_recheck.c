/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_recheck: a certificate that was good once, seen by a context with a revocation list.
 */
#include "config.h"

#include "lib/tls/cert_issue.h"
#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"
#include "unit.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

/* ---- the store's lock ---- */

static int locks;
static unsigned looks;

int __real_X509_STORE_lock(X509_STORE *store);
int __wrap_X509_STORE_lock(X509_STORE *store);
int __wrap_X509_STORE_lock(X509_STORE *store) {
    locks++;
    return __real_X509_STORE_lock(store);
}

int __real_X509_STORE_unlock(X509_STORE *store);
int __wrap_X509_STORE_unlock(X509_STORE *store);
int __wrap_X509_STORE_unlock(X509_STORE *store) {
    locks--;
    return __real_X509_STORE_unlock(store);
}

STACK_OF(X509_OBJECT) * __real_X509_STORE_get0_objects(const X509_STORE *store);
STACK_OF(X509_OBJECT) * __wrap_X509_STORE_get0_objects(const X509_STORE *store);
STACK_OF(X509_OBJECT) * __wrap_X509_STORE_get0_objects(const X509_STORE *store) {
    looks++;
    ck_assert_int_eq(locks, 1); /* a handshake on another thread sorts and fills the list meanwhile */
    return __real_X509_STORE_get0_objects(store);
}

/* ---- certificates ---- */

static void make(enum cert_use use, const char *name, bool by_ca) {
    static const char *const names[] = {"munnel.example"};
    struct error error = {""};
    char certificate[64], key[64];
    const struct cert_request request = {
        .common_name = name, .names = names, .name_count = use == CERT_SERVER, .days = 5, .use = use};

    snprintf(certificate, sizeof certificate, "%s.pem", name);
    snprintf(key, sizeof key, "%s.key", name);
    ck_assert_msg(cert_issue(&request, by_ca ? unit_path("ca.pem") : NULL, by_ca ? unit_path("ca.key") : NULL,
                             unit_path(certificate), unit_path(key), &error) == 0,
                  "%s", error.text);
}

static X509 *read_certificate(const char *name) {
    FILE *file = fopen(unit_path(name), "r");
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

    ck_assert_ptr_nonnull(certificate);
    fclose(file);
    return certificate;
}

static void write_list(X509 *revoked) {
    X509 *ca = read_certificate("ca.pem");
    FILE *in = fopen(unit_path("ca.key"), "r"), *out = fopen(unit_path("crl.pem"), "w");
    EVP_PKEY *key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
    X509_CRL *list = X509_CRL_new();
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, 0), *later = X509_gmtime_adj(NULL, 3600);

    ck_assert(key && list && entry && out);
    X509_CRL_set_version(list, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(ca));
    X509_CRL_set1_lastUpdate(list, now);
    X509_CRL_set1_nextUpdate(list, later);
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked));
    X509_REVOKED_set_revocationDate(entry, now);
    X509_CRL_add0_revoked(list, entry);
    ck_assert_int_gt(X509_CRL_sign(list, key, EVP_sha256()), 0);
    ck_assert_int_eq(PEM_write_X509_CRL(out, list), 1);
    fclose(in);
    fclose(out);
    ASN1_TIME_free(now);
    ASN1_TIME_free(later);
    X509_CRL_free(list);
    EVP_PKEY_free(key);
    X509_free(ca);
}

START_TEST(revoked_is_lost_and_others_are_not) {
    struct error error = {""};

    make(CERT_CA, "ca", false);
    make(CERT_SERVER, "server", true);
    make(CERT_CLIENT, "good", true);
    make(CERT_CLIENT, "bad", true);
    X509 *good = read_certificate("good.pem"), *bad = read_certificate("bad.pem");
    write_list(bad);
    struct tls_server_options options = {.certificate = unit_path("server.pem"),
                                         .key = unit_path("server.key"),
                                         .client_ca = unit_path("ca.pem"),
                                         .crl = unit_path("crl.pem")};
    SSL_CTX *context = tls_server_context(&options, &error);
    ck_assert_msg(context, "%s", error.text);
    ck_assert(!tls_certificate_is_revoked(context, good, &error));
    ck_assert(tls_certificate_is_revoked(context, bad, &error));
    ck_assert_str_eq(error.text, "its certificate was revoked");
    X509_gmtime_adj(X509_getm_notAfter(good), -10);
    ck_assert(tls_certificate_is_revoked(context, good, &error));
    ck_assert_str_eq(error.text, "its certificate has expired");
    ck_assert_uint_eq(looks, 3);
    ck_assert_int_eq(locks, 0);
    SSL_CTX_free(context);
    X509_free(good);
    X509_free(bad);
}
END_TEST

START_TEST(end_of_a_certificate_is_its_last_second) {
    time_t now = time(NULL);

    make(CERT_CA, "ca", false);
    X509 *certificate = read_certificate("ca.pem");
    X509_time_adj(X509_getm_notAfter(certificate), 100, &now);
    ck_assert_int_eq(certificate_expires_at(certificate), now + 100);
    X509_time_adj(X509_getm_notAfter(certificate), -100 * 86400, &now);
    ck_assert_int_eq(certificate_expires_at(certificate), now - 100 * 86400);
    X509_free(certificate);
}
END_TEST

START_TEST(another_authority_does_not_vouch_for_it) {
    struct error error = {""};

    make(CERT_CA, "other", false);
    make(CERT_CA, "ca", false);
    make(CERT_SERVER, "server", true);
    make(CERT_CLIENT, "good", true);
    X509 *good = read_certificate("good.pem");
    struct tls_server_options options = {.certificate = unit_path("server.pem"),
                                         .key = unit_path("server.key"),
                                         .client_ca = unit_path("ca.pem")};
    SSL_CTX *before = tls_server_context(&options, &error);
    options.client_ca = unit_path("other.pem");
    SSL_CTX *after = tls_server_context(&options, &error);
    ck_assert_msg(before && after, "%s", error.text);
    ck_assert_msg(!tls_certificate_is_untrusted(before, good, NULL, &error), "%s", error.text);
    ck_assert(tls_certificate_is_untrusted(after, good, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "not of an authority that is trusted now"));
    SSL_CTX_free(before);
    SSL_CTX_free(after);
    X509_free(good);
}
END_TEST

static TCase *losing(void) {
    TCase *group = tcase_create("losing");

    tcase_add_test(group, revoked_is_lost_and_others_are_not);
    tcase_add_test(group, end_of_a_certificate_is_its_last_second);
    tcase_add_test(group, another_authority_does_not_vouch_for_it);
    return group;
}

UNIT_MAIN("lib/tls/recheck", losing)
