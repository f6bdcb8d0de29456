/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_certificate: by which names a certificate is recognised, and by which it is not.
 */
#include "config.h"

#include "unit.h"

#include "lib/base/secret.h"
#include "lib/tls/cert_issue.h"
#include "lib/tls/certificate.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

static void add_name(GENERAL_NAMES *names, int type, const char *text, int length) {
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, text, length);
    GENERAL_NAME_set0_value(name, type, value);
    sk_GENERAL_NAME_push(names, name);
}

static X509 *named(const char *common_name, GENERAL_NAMES *names) {
    X509 *certificate = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_set_version(certificate, X509_VERSION_3);
    X509_set_pubkey(certificate, key);
    if (common_name)
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                   (const unsigned char *)common_name, -1, -1, 0);
    if (names)
        X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0);
    GENERAL_NAMES_free(names);
    EVP_PKEY_free(key);
    return certificate;
}

START_TEST(dns_names_and_uris_count_and_the_common_name_does_not_beside_them) {
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    add_name(names, GEN_DNS, "web1.example", -1);
    add_name(names, GEN_URI, "spiffe://example/Web", -1);
    X509 *certificate = named("common", names);
    ck_assert(certificate_is(certificate, "web1.example"));
    ck_assert(certificate_is(certificate, "WEB1.Example"));
    ck_assert(certificate_is(certificate, "spiffe://example/Web"));
    ck_assert(!certificate_is(certificate, "spiffe://example/web"));
    ck_assert(!certificate_is(certificate, "common"));
    ck_assert(!certificate_is(certificate, "web1"));
    ck_assert(!certificate_is(certificate, "web1.example."));
    ck_assert(!certificate_is(certificate, ""));
    X509_free(certificate);
}
END_TEST

START_TEST(the_common_name_counts_where_there_is_nothing_else) {
    GENERAL_NAMES *mail = GENERAL_NAMES_new();
    add_name(mail, GEN_EMAIL, "a@b.example", -1);
    X509 *certificate = named("Agent 7", mail);
    ck_assert(certificate_is(certificate, "Agent 7"));
    ck_assert(!certificate_is(certificate, "agent 7"));
    ck_assert(!certificate_is(certificate, "a@b.example"));
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, (const unsigned char *)"x", -1,
                               -1, 0);
    ck_assert(!certificate_is(certificate, "Agent 7")); /* which of the two is meant? */
    ck_assert(!certificate_is(certificate, "x"));
    X509_free(certificate);
    certificate = named(NULL, NULL);
    ck_assert(!certificate_is(certificate, ""));
    ck_assert(!certificate_is(certificate, "x"));
    X509_free(certificate);
}
END_TEST

START_TEST(a_wildcard_or_a_nul_in_a_certificate_is_no_other_name) {
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    char text[CERTIFICATE_TEXT];
    add_name(names, GEN_DNS, "web1.example\0.evil.example", 26);
    add_name(names, GEN_DNS, "*.example", -1);
    X509 *certificate = named(NULL, names);
    ck_assert(!certificate_is(certificate, "web1.example"));
    ck_assert(!certificate_is(certificate, "web2.example"));
    ck_assert_ptr_nonnull(strstr(certificate_describe(certificate, text), "web1.example?.evil.example (sha256:"));
    X509_free(certificate);
}
END_TEST

START_TEST(the_digest_of_its_key_names_it) {
    X509 *certificate = named("a", NULL), *other = named("a", NULL);
    char text[CERTIFICATE_TEXT], pin[CERTIFICATE_TEXT];
    certificate_describe(certificate, text);
    ck_assert_int_eq(sscanf(text, "a (%79[^)]", pin), 1);
    ck_assert_uint_eq(strlen(pin), 7 + 64);
    ck_assert(certificate_is(certificate, pin));
    ck_assert(!certificate_is(other, pin));
    pin[70] = pin[70] == '0' ? '1' : '0';
    ck_assert(!certificate_is(certificate, pin));
    ck_assert(!certificate_is(certificate, "sha256:"));
    X509_free(certificate);
    X509_free(other);
}
END_TEST

START_TEST(what_can_be_written_is_checked) {
    static const char *const right[] = {"web1.example", "spiffe://a/b", "Agent 7"};
    static const char *const wrong[] = {"", "sha256:", "sha256:00", "*.example", "tab\tbed", "\xc3\xa4"};
    struct error error = {{0}};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        ck_assert_msg(certificate_check_name(right[i], &error) == 0, "%s", error.text);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(certificate_check_name(wrong[i], &error) != 0, "%s", wrong[i]);
}
END_TEST

START_TEST(the_pin_of_what_is_no_certificate_is_an_error) {
    const struct cert_request request = {.common_name = "x", .days = 2, .use = CERT_CA};
    struct error error = {{0}};
    char pin[72];
    ck_assert_int_eq(cert_issue(&request, NULL, NULL, unit_path("x.pem"), unit_path("x.key"), &error), 0);
    ck_assert_msg(certificate_read_pin(unit_path("x.pem"), pin, &error) == 0, "%s", error.text);
    ck_assert(strncmp(pin, "sha256:", 7) == 0 && strlen(pin) == 71);
    ck_assert_int_eq(certificate_read_pin(unit_path("none.pem"), pin, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "none.pem"));
    ck_assert_int_eq(certificate_read_pin(unit_path("x.key"), pin, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "x.key: holds a private key where a certificate is wanted"));
}
END_TEST

static TCase *names(void) {
    TCase *group = tcase_create("names");
    tcase_add_test(group, dns_names_and_uris_count_and_the_common_name_does_not_beside_them);
    tcase_add_test(group, the_common_name_counts_where_there_is_nothing_else);
    tcase_add_test(group, a_wildcard_or_a_nul_in_a_certificate_is_no_other_name);
    tcase_add_test(group, the_digest_of_its_key_names_it);
    tcase_add_test(group, what_can_be_written_is_checked);
    tcase_add_test(group, the_pin_of_what_is_no_certificate_is_an_error);
    return group;
}

UNIT_MAIN("lib/tls/certificate", names)
