/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_cert_issue: what is in the certificates that we make, and that OpenSSL believes them.
 */
#include "config.h"

#include "unit.h"

#include "lib/tls/cert_issue.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {"munnel.example", "10.0.0.143", "::1"};

static X509 *load(const char *path) {
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    ck_assert_ptr_nonnull(certificate);
    return certificate;
}

static void make_ca(void) {
    struct error error = {{0}};
    const struct cert_request request = {.common_name = "Test CA", .days = 30, .use = CERT_CA};
    ck_assert_msg(cert_issue(&request, NULL, NULL, unit_path("ca.pem"), unit_path("ca.key"), &error) == 0, "%s",
                  error.text);
}

static X509 *make(enum cert_use use, unsigned days) {
    struct error error = {{0}};
    const struct cert_request request = {
        .common_name = "munnel.example", .names = names, .name_count = 3, .days = days, .use = use};
    ck_assert_msg(cert_issue(&request, unit_path("ca.pem"), unit_path("ca.key"), unit_path("x.pem"), unit_path("x.key"),
                             &error) == 0,
                  "%s", error.text);
    return load(unit_path("x.pem"));
}

static int verifies(X509 *certificate, X509 *ca, int purpose) {
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_STORE_add_cert(store, ca);
    X509_STORE_CTX_init(context, store, certificate, NULL);
    X509_STORE_CTX_set_purpose(context, purpose);
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context), X509_V_FLAG_X509_STRICT);
    int result = X509_verify_cert(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return result;
}

START_TEST(a_server_certificate_is_for_its_names_and_addresses_only) {
    make_ca();
    X509 *made = make(CERT_SERVER, 5);
    ck_assert_int_eq(X509_check_host(made, "munnel.example", 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_host(made, "other.example", 0, 0, NULL), 0);
    ck_assert_int_eq(X509_check_ip_asc(made, "10.0.0.143", 0), 1);
    ck_assert_int_eq(X509_check_ip_asc(made, "::1", 0), 1);
    ck_assert_int_eq(X509_check_ip_asc(made, "10.0.0.144", 0), 0);
    X509_free(made);
}
END_TEST

START_TEST(each_use_is_good_for_itself_alone) {
    make_ca();
    X509 *ca = load(unit_path("ca.pem"));
    X509 *server = make(CERT_SERVER, 5);
    ck_assert_int_eq(verifies(server, ca, X509_PURPOSE_SSL_SERVER), 1);
    ck_assert_int_ne(verifies(server, ca, X509_PURPOSE_SSL_CLIENT), 1);
    X509 *client = make(CERT_CLIENT, 5);
    ck_assert_int_eq(verifies(client, ca, X509_PURPOSE_SSL_CLIENT), 1);
    ck_assert_int_ne(verifies(client, ca, X509_PURPOSE_SSL_SERVER), 1);
    ck_assert_int_eq(X509_check_ca(ca), 1);
    ck_assert_int_eq(X509_check_ca(server), 0);
    X509_free(client);
    X509_free(server);
    X509_free(ca);
}
END_TEST

START_TEST(the_key_is_p256_and_the_dates_are_as_asked) {
    make_ca();
    X509 *made = make(CERT_SERVER, 825);
    char group[32] = "";
    ck_assert_int_eq(EVP_PKEY_get_group_name(X509_get0_pubkey(made), group, sizeof group, NULL), 1);
    ck_assert_str_eq(group, "prime256v1");
    int days = 0, seconds = 0;
    ck_assert_int_eq(ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(made)), 1);
    ck_assert_int_ge(days, 824);
    ck_assert_int_le(days, 825);
    ck_assert_int_eq(ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notBefore(made)), 1);
    ck_assert_int_lt(seconds, -3000); /* a clock that is somewhat behind is forgiven */
    ck_assert_int_eq(days, 0);
    X509_free(made);
}
END_TEST

START_TEST(two_certificates_have_two_serials_and_two_keys) {
    make_ca();
    X509 *a = make(CERT_SERVER, 5), *b = make(CERT_SERVER, 5);
    ck_assert_int_ne(ASN1_INTEGER_cmp(X509_get0_serialNumber(a), X509_get0_serialNumber(b)), 0);
    ck_assert_int_ne(EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)), 1);
    X509_free(a);
    X509_free(b);
}
END_TEST

START_TEST(the_key_is_the_owners_alone) {
    make_ca();
    ck_assert(unit_has_mode(unit_path("ca.key"), 0600));
    ck_assert(unit_has_mode(unit_path("ca.pem"), 0644));
}
END_TEST

START_TEST(what_cannot_be_signed_is_said) {
    struct error error = {{0}};
    const struct cert_request request = {.common_name = "x", .days = 5, .use = CERT_SERVER};
    make_ca();
    ck_assert_int_eq(cert_issue(&request, unit_path("none.pem"), unit_path("ca.key"), unit_path("x.pem"),
                                unit_path("x.key"), &error),
                     -1);
    ck_assert_ptr_nonnull(strstr(error.text, "none.pem"));
    ck_assert_int_eq(cert_issue(&request, unit_path("ca.pem"), unit_text_file("bad.key", "no key\n"),
                                unit_path("x.pem"), unit_path("x.key"), &error),
                     -1);
    ck_assert_ptr_nonnull(strstr(error.text, "bad.key: holds no PEM block"));
    const struct cert_request other = {.common_name = "Other CA", .days = 30, .use = CERT_CA};
    ck_assert_int_eq(cert_issue(&other, NULL, NULL, unit_path("o.pem"), unit_path("o.key"), &error), 0);
    ck_assert_int_eq(cert_issue(&request, unit_path("ca.pem"), unit_path("o.key"), unit_path("x.pem"),
                                unit_path("x.key"), &error),
                     -1);
    ck_assert_ptr_nonnull(strstr(error.text, "o.key: is not the key of"));
    unit_let_others_read(unit_path("ca.key"));
    ck_assert_int_eq(cert_issue(&request, unit_path("ca.pem"), unit_path("ca.key"), unit_path("x.pem"),
                                unit_path("x.key"), &error),
                     -1);
    ck_assert_ptr_nonnull(strstr(error.text, "ca.key"));
    ck_assert_int_ne(access(unit_path("x.pem"), F_OK), 0);
}
END_TEST

static int note_name(void *context, const char *name) {
    char *text = context;
    snprintf(text + strlen(text), 64, "%s ", name);
    return strcmp(name, "10.0.0.143") == 0 ? 5 : 0;
}

START_TEST(the_names_are_read_back_until_the_callback_has_enough) {
    char text[400] = "";
    struct error error = {{0}};
    make_ca();
    X509_free(make(CERT_SERVER, 5));
    ck_assert_int_eq(cert_issue_each_name(unit_path("x.pem"), note_name, text, &error), 5);
    ck_assert_str_eq(text, "munnel.example 10.0.0.143 ");
    ck_assert_int_eq(cert_issue_each_name(unit_path("ca.pem"), note_name, text, &error), 0);
    ck_assert_int_eq(cert_issue_each_name(unit_path("none.pem"), note_name, text, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "none.pem"));
    ck_assert_int_eq(cert_issue_each_name(unit_path("x.key"), note_name, text, &error), -1);
}
END_TEST

START_TEST(a_very_long_name_is_cut_in_the_subject_only) {
    char name[201];
    memset(name, 'a', sizeof name);
    name[200] = '\0';
    memcpy(name + 60, ".", 1);
    memcpy(name + 120, ".", 1);
    memcpy(name + 180, ".", 1);
    const char *const only[] = {name};
    const struct cert_request request = {
        .common_name = name, .names = only, .name_count = 1, .days = 5, .use = CERT_SERVER};
    struct error error = {{0}};
    make_ca();
    ck_assert_msg(cert_issue(&request, unit_path("ca.pem"), unit_path("ca.key"), unit_path("x.pem"), unit_path("x.key"),
                             &error) == 0,
                  "%s", error.text);
    X509 *made = load(unit_path("x.pem"));
    ck_assert_int_eq(X509_check_host(made, name, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 1);
    X509_free(made);
}
END_TEST

static TCase *making(void) {
    TCase *group = tcase_create("making");
    tcase_add_test(group, a_server_certificate_is_for_its_names_and_addresses_only);
    tcase_add_test(group, each_use_is_good_for_itself_alone);
    tcase_add_test(group, the_key_is_p256_and_the_dates_are_as_asked);
    tcase_add_test(group, two_certificates_have_two_serials_and_two_keys);
    tcase_add_test(group, the_key_is_the_owners_alone);
    tcase_add_test(group, what_cannot_be_signed_is_said);
    tcase_add_test(group, the_names_are_read_back_until_the_callback_has_enough);
    tcase_add_test(group, a_very_long_name_is_cut_in_the_subject_only);
    return group;
}

UNIT_MAIN("lib/tls/cert_issue", making)
