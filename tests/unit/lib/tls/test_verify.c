/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_verify: whose certificate is taken, and the exact reason, on both sides, of every one that is not.
 */
#include "config.h"

#include "unit.h"

#include "lib/tls/cert_issue.h"
#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"
#include "lib/tls_pair.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400 };

static void move_clock(SSL_CTX *context, long days) {
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(context), time(NULL) + days * DAY);
}

START_TEST(a_foreign_authority_is_named) {
    pair_make(CERT_CA, "Another CA", 30, unit_path("other.pem"), unit_path("other.key"));
    const struct tls_client_options options = {.ca = unit_path("other.pem")};
    char says[400];
    snprintf(says, sizeof says, "the certificate is signed by an authority (Munnel CA of here) that %s does not hold",
             unit_path("other.pem"));
    pair_expect(pair_server_context(pair_server_options()), pair_client_context(&options), "munnel.example",
                "the other side refused our certificate: it does not know who signed it (alert unknown_ca)", says);
}
END_TEST

START_TEST(an_authority_of_the_same_name_is_not_the_same) {
    pair_make(CERT_CA, "Munnel CA of here", 30, unit_path("other.pem"), unit_path("other.key"));
    const struct tls_client_options options = {.ca = unit_path("other.pem")};
    pair_expect(pair_server_context(pair_server_options()), pair_client_context(&options), "munnel.example",
                "the other side refused our certificate: it does not know who signed it (alert unknown_ca)",
                "the certificate is signed by an authority*");
}
END_TEST

START_TEST(the_systems_store_does_not_hold_it) {
    const struct tls_client_options options = {.ca = NULL};
    pair_expect(
        pair_server_context(pair_server_options()), pair_client_context(&options), "munnel.example",
        "the other side refused our certificate: it does not know who signed it (alert unknown_ca)",
        "the certificate is signed by an authority (Munnel CA of here) that the system's store does not hold; name the "
        "server's CA with --ca FILE, or take a join code with --join -");
}
END_TEST

START_TEST(a_wrong_name_lists_the_right_ones) {
    pair_expect(pair_server_context(pair_server_options()), pair_client_context(pair_client_options()), "other.example",
                "the other side refused our certificate (alert bad_certificate); its log has the reason",
                "wrong name: the certificate is for munnel.example, 127.0.0.1, fe80::1, not for other.example");
    pair_expect(pair_server_context(pair_server_options()), pair_client_context(pair_client_options()), "10.9.8.7",
                "the other side refused our certificate (alert bad_certificate); its log has the reason",
                "wrong name: the certificate is for munnel.example, 127.0.0.1, fe80::1, not for 10.9.8.7");
}
END_TEST

START_TEST(a_name_in_the_subject_alone_is_none) {
    pair_make(CERT_CLIENT, "munnel.example", 5, server_pem,
              server_key); /* no subjectAltName; wrong purpose is found first */
    SSL_CTX *client = pair_client_context(pair_client_options());
    X509_VERIFY_PARAM_set_purpose(SSL_CTX_get0_param(client), X509_PURPOSE_ANY);
    pair_expect(pair_server_context(pair_server_options()), client, "munnel.example",
                "the other side refused our certificate (alert bad_certificate); its log has the reason",
                "wrong name: the certificate is for no host at all, not for munnel.example");
}
END_TEST

START_TEST(an_expired_certificate_says_since_when) {
    char says[200], date[32];
    time_t end = time(NULL) + 5 * DAY;
    struct tm parts;
    strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&end, &parts));
    snprintf(says, sizeof says, "the certificate has expired: it ended on %s, and this machine's clock says *", date);
    SSL_CTX *client = pair_client_context(pair_client_options());
    move_clock(client, 6);
    pair_expect(pair_server_context(pair_server_options()), client, "munnel.example",
                "the other side refused our certificate: expired, or its clock is wrong (alert certificate_expired)",
                says);
    client = pair_client_context(pair_client_options());
    move_clock(client, 31);
    pair_expect(pair_server_context(pair_server_options()), client, "munnel.example",
                "the other side refused our certificate: expired, or its clock is wrong (alert certificate_expired)",
                "the authority's certificate has expired: it ended on *");
}
END_TEST

START_TEST(a_certificate_of_tomorrow_asks_for_the_clock) {
    SSL_CTX *client = pair_client_context(pair_client_options());
    move_clock(client, -1);
    pair_expect(pair_server_context(pair_server_options()), client, "munnel.example",
                "the other side refused our certificate (alert bad_certificate); its log has the reason", "*");
    client = pair_client_context(pair_client_options());
    move_clock(client, -1);
    struct pair pair;
    pair_join(&pair, pair_server_context(pair_server_options()), client, "munnel.example");
    pair_shake(&pair);
    ck_assert_ptr_nonnull(strstr(pair.client_error.text, "is not yet valid: it begins on "));
    ck_assert_ptr_nonnull(strstr(pair.client_error.text, "this machine's clock says "));
    pair_part(&pair);
}
END_TEST

START_TEST(a_self_signed_certificate_is_called_so) {
    pair_make(CERT_CA, "munnel.example", 5, unit_path("self.pem"), unit_path("self.key"));
    const struct tls_server_options options = {.certificate = unit_path("self.pem"), .key = unit_path("self.key")};
    char says[400];
    snprintf(says, sizeof says, "the certificate is self-signed, and %s does not hold it", ca_pem);
    pair_expect(pair_server_context(&options), pair_client_context(pair_client_options()), "munnel.example",
                "the other side refused our certificate: it does not know who signed it (alert unknown_ca)", says);
}
END_TEST

START_TEST(a_clients_certificate_is_no_servers) {
    const struct tls_server_options options = {.certificate = client_pem, .key = client_key};
    pair_expect(pair_server_context(&options), pair_client_context(pair_client_options()), "munnel.example",
                "the other side refused our certificate: unsupported, or wrong purpose (alert unsupported_certificate)",
                "wrong purpose: the certificate is not one for a server (extended key usage lacks serverAuth)");
}
END_TEST

static enum tls_verdict judge(const struct tls_server_options *options, SSL_CTX *client, const char *name) {
    struct pair pair;
    struct error detail = {{0}};
    pair_join(&pair, pair_server_context(options), client, name);
    pair_shake(&pair);
    enum tls_verdict verdict = tls_explain(pair.client, &detail);
    pair_part(&pair);
    return verdict;
}

/* A clock that is set, a certificate that is renewed: the same server may be right next time. */
START_TEST(a_date_is_not_who_the_server_is) {
    const struct tls_server_options own = {.certificate = client_pem, .key = client_key};
    for (int days = -1; days <= 31; days += 16) {
        SSL_CTX *client = pair_client_context(pair_client_options());
        move_clock(client, days);
        ck_assert_int_eq(judge(pair_server_options(), client, "munnel.example"), TLS_REFUSED);
    }
    ck_assert_int_eq(judge(pair_server_options(), pair_client_context(pair_client_options()), "other.example"),
                     TLS_UNTRUSTED);
    ck_assert_int_eq(judge(&own, pair_client_context(pair_client_options()), "munnel.example"), TLS_UNTRUSTED);
    const struct tls_client_options system = {.ca = NULL};
    ck_assert_int_eq(judge(pair_server_options(), pair_client_context(&system), "munnel.example"), TLS_UNTRUSTED);
}
END_TEST

static TCase *server_checked(void) {
    TCase *group = tcase_create("the server is checked");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, a_foreign_authority_is_named);
    tcase_add_test(group, an_authority_of_the_same_name_is_not_the_same);
    tcase_add_test(group, the_systems_store_does_not_hold_it);
    tcase_add_test(group, a_wrong_name_lists_the_right_ones);
    tcase_add_test(group, a_name_in_the_subject_alone_is_none);
    tcase_add_test(group, an_expired_certificate_says_since_when);
    tcase_add_test(group, a_certificate_of_tomorrow_asks_for_the_clock);
    tcase_add_test(group, a_self_signed_certificate_is_called_so);
    tcase_add_test(group, a_clients_certificate_is_no_servers);
    tcase_add_test(group, a_date_is_not_who_the_server_is);
    return group;
}

#define WRONG_PIN "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static SSL_CTX *pinned(const char *ca, const char *first, const char *second) {
    const char *const pins[] = {first, second};
    const struct tls_client_options options = {.ca = ca, .pins = pins, .pin_count = second ? 2 : 1};
    return pair_client_context(&options);
}

START_TEST(a_pin_is_proof_enough) {
    char pin[72];
    ck_assert_int_eq(certificate_read_pin(server_pem, pin, NULL), 0);
    pair_expect(pair_server_context(pair_server_options()), pinned(NULL, pin, NULL), "any.name.example", NULL, NULL);
    pair_expect(pair_server_context(pair_server_options()), pinned(NULL, WRONG_PIN, pin), "munnel.example", NULL, NULL);
}
END_TEST

START_TEST(another_key_is_refused_and_its_pin_is_shown) {
    char pin[72], says[200];
    ck_assert_int_eq(certificate_read_pin(server_pem, pin, NULL), 0);
    snprintf(says, sizeof says, "the server's key is not the pinned one: it shows %s", pin);
    pair_expect(pair_server_context(pair_server_options()), pinned(NULL, WRONG_PIN, NULL), "munnel.example",
                "the other side refused our certificate (alert bad_certificate); its log has the reason", says);
    pair_expect(pair_server_context(pair_server_options()), pinned(ca_pem, WRONG_PIN, NULL), "munnel.example",
                "the other side refused our certificate (alert bad_certificate); its log has the reason", says);
}
END_TEST

START_TEST(with_pin_and_ca_both_must_hold) {
    char pin[72];
    ck_assert_int_eq(certificate_read_pin(server_pem, pin, NULL), 0);
    pair_expect(pair_server_context(pair_server_options()), pinned(ca_pem, pin, NULL), "munnel.example", NULL, NULL);
    pair_expect(pair_server_context(pair_server_options()), pinned(ca_pem, pin, NULL), "other.example",
                "the other side refused our certificate (alert bad_certificate); its log has the reason",
                "wrong name: *");
}
END_TEST

START_TEST(what_is_no_pin_is_refused) {
    static const char *const bad[] = {"", "sha256:", "sha256:00", "md5:00", WRONG_PIN "0", "sha256:zz"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct tls_client_options options = {.pins = &bad[i], .pin_count = 1};
        struct error error = {{0}};
        ck_assert_ptr_null(tls_client_context(&options, &error));
        ck_assert_ptr_nonnull(strstr(error.text, "is not a pin"));
    }
}
END_TEST

static TCase *pins(void) {
    TCase *group = tcase_create("pins");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, a_pin_is_proof_enough);
    tcase_add_test(group, another_key_is_refused_and_its_pin_is_shown);
    tcase_add_test(group, with_pin_and_ca_both_must_hold);
    tcase_add_test(group, what_is_no_pin_is_refused);
    return group;
}

static SSL_CTX *asking_server(bool optional, const char *crl) {
    const struct tls_server_options options = {
        .certificate = server_pem, .key = server_key, .client_ca = ca_pem, .client_optional = optional, .crl = crl};
    return pair_server_context(&options);
}

static SSL_CTX *client_with(const char *certificate, const char *key) {
    const struct tls_client_options options = {.ca = ca_pem, .certificate = certificate, .key = key};
    return pair_client_context(&options);
}

START_TEST(a_good_client_certificate_is_taken) {
    struct pair pair;
    pair_join(&pair, asking_server(false, NULL), client_with(client_pem, client_key), "munnel.example");
    pair_shake(&pair);
    ck_assert(pair.server_done);
    ck_assert_str_eq(pair.server_error.text, "");
    ck_assert_ptr_nonnull(SSL_get0_peer_certificate(pair.server));
    pair_part(&pair);
}
END_TEST

START_TEST(no_client_certificate_is_refused_unless_optional) {
    pair_expect(asking_server(false, NULL), pair_client_context(pair_client_options()), "munnel.example",
                "the other side shows no certificate, and one is required",
                "the other side asks for a certificate and we have none");
    pair_expect(asking_server(true, NULL), pair_client_context(pair_client_options()), "munnel.example", NULL, NULL);
}
END_TEST

START_TEST(a_servers_certificate_is_no_clients) {
    pair_expect(
        asking_server(true, NULL), client_with(server_pem, server_key), "munnel.example",
        "wrong purpose: the certificate is not one for a client (extended key usage lacks clientAuth)",
        "the other side refused our certificate: unsupported, or wrong purpose (alert unsupported_certificate)");
}
END_TEST

START_TEST(a_client_of_another_authority_is_refused) {
    pair_make(CERT_CA, "web1", 5, unit_path("self.pem"), unit_path("self.key"));
    pair_expect(asking_server(true, NULL), client_with(unit_path("self.pem"), unit_path("self.key")), "munnel.example",
                "the certificate is self-signed*",
                "the other side refused our certificate: it does not know who signed it (alert unknown_ca)");
}
END_TEST

/* A revocation list of the CA that names `revoked` (or no certificate). */
static const char *make_crl(const char *revoked) {
    FILE *file = fopen(ca_pem, "r");
    X509 *ca = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    file = fopen(ca_key, "r");
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *now = ASN1_TIME_set(NULL, time(NULL) - 60), *next = ASN1_TIME_set(NULL, time(NULL) + DAY);
    X509_CRL_set_version(crl, 1);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca));
    X509_CRL_set1_lastUpdate(crl, now);
    X509_CRL_set1_nextUpdate(crl, next);
    if (revoked) {
        file = fopen(revoked, "r");
        X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
        fclose(file);
        X509_REVOKED *entry = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate));
        X509_REVOKED_set_revocationDate(entry, now);
        X509_CRL_add0_revoked(crl, entry);
        X509_free(certificate);
    }
    ck_assert_int_gt(X509_CRL_sign(crl, key, EVP_sha256()), 0);
    file = fopen(unit_path("ca.crl"), "w");
    PEM_write_X509_CRL(file, crl);
    fclose(file);
    ASN1_TIME_free(now);
    ASN1_TIME_free(next);
    X509_CRL_free(crl);
    X509_free(ca);
    EVP_PKEY_free(key);
    return unit_path("ca.crl");
}

START_TEST(a_revoked_client_is_refused_and_others_are_not) {
    pair_expect(asking_server(false, make_crl(NULL)), client_with(client_pem, client_key), "munnel.example", NULL,
                NULL);
    pair_expect(asking_server(false, make_crl(client_pem)), client_with(client_pem, client_key), "munnel.example",
                "the certificate has been revoked",
                "the other side refused our certificate: revoked (alert certificate_revoked)");
    SSL_CTX *server = asking_server(false, make_crl(NULL));
    move_clock(server, 2);
    pair_expect(server, client_with(client_pem, client_key), "munnel.example", "the revocation list is out of date",
                "*");
}
END_TEST

static TCase *client_checked(void) {
    TCase *group = tcase_create("the client is checked");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, a_good_client_certificate_is_taken);
    tcase_add_test(group, no_client_certificate_is_refused_unless_optional);
    tcase_add_test(group, a_servers_certificate_is_no_clients);
    tcase_add_test(group, a_client_of_another_authority_is_refused);
    tcase_add_test(group, a_revoked_client_is_refused_and_others_are_not);
    return group;
}

UNIT_MAIN("lib/tls/verify", server_checked, pins, client_checked)
