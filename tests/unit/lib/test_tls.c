/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_tls: the policy, and the exact reason of every refusal, with two sessions over a BIO pair.
 */
#include "config.h"

#include "unit.h"

#include "lib/pki.h"
#include "lib/tls.h"
#include "lib/tls_pair.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { DAY = 86400 };

static void move_clock(SSL_CTX *context, long days) {
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(context), time(NULL) + days * DAY);
}

START_TEST(both_agree_after_the_policy) {
    struct pair pair;
    uint8_t a[SECRET_SIZE], b[SECRET_SIZE];
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "munnel.example");
    ck_assert_int_eq(tls_exporter(pair.client, a), -1);
    pair_shake(&pair);
    pair_check_words("the client", &pair.client_why, NULL);
    pair_check_words("the server", &pair.server_why, NULL);
    ck_assert(pair.server_done && pair.client_done);
    ck_assert_str_eq(SSL_get_version(pair.client), "TLSv1.3");
    ck_assert_str_eq(SSL_get_cipher_name(pair.client), "TLS_AES_128_GCM_SHA256");
    ck_assert_int_eq(SSL_get_negotiated_group(pair.client), NID_X25519);
    ck_assert_int_eq(SSL_SESSION_has_ticket(SSL_get0_session(pair.client)), 0);
    ck_assert_int_eq(SSL_SESSION_is_resumable(SSL_get0_session(pair.client)), 0);
    ck_assert_int_eq(tls_exporter(pair.client, a), 0);
    ck_assert_int_eq(tls_exporter(pair.server, b), 0);
    ck_assert_mem_eq(a, b, SECRET_SIZE);
    pair_part(&pair);
}
END_TEST

START_TEST(the_exporter_differs_from_channel_to_channel) {
    uint8_t bytes[2][SECRET_SIZE];
    for (int i = 0; i < 2; i++) {
        struct pair pair;
        pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
                  "munnel.example");
        pair_shake(&pair);
        ck_assert_int_eq(tls_exporter(pair.client, bytes[i]), 0);
        pair_part(&pair);
    }
    ck_assert_int_ne(memcmp(bytes[0], bytes[1], SECRET_SIZE), 0);
}
END_TEST

START_TEST(an_address_is_checked_as_an_address_and_no_sni_is_sent) {
    struct pair pair;
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "127.0.0.1");
    pair_shake(&pair);
    ck_assert(pair.client_done && pair.server_done);
    ck_assert_ptr_null(SSL_get_servername(pair.server, TLSEXT_NAMETYPE_host_name));
    pair_part(&pair);
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "munnel.example.");
    pair_shake(&pair);
    ck_assert(pair.client_done && pair.server_done);
    ck_assert_str_eq(SSL_get_servername(pair.server, TLSEXT_NAMETYPE_host_name), "munnel.example");
    pair_part(&pair);
}
END_TEST

START_TEST(a_certificate_is_never_taken_without_a_name) {
    char pin[72];
    const char *pins[] = {pin};
    SSL_CTX *context = pair_client_context(pair_client_options());
    ck_assert_ptr_null(tls_session(context, false, NULL));
    ck_assert_ptr_null(tls_session(context, false, ""));
    SSL_CTX_free(context);
    ck_assert_int_eq(tls_pin_of_certificate(server_pem, pin, NULL), 0);
    context = pair_client_context(&(const struct tls_client_options){.pins = pins, .pin_count = 1});
    SSL *ssl = tls_session(context, false, NULL);
    ck_assert_ptr_nonnull(ssl);
    SSL_free(ssl);
    SSL_CTX_free(context);
}
END_TEST

START_TEST(a_cut_stream_is_never_a_clean_end) {
    struct pair pair;
    char byte;
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "munnel.example");
    pair_shake(&pair);
    BIO_shutdown_wr(pair.server_side); /* end of file without close_notify */
    int got = SSL_read(pair.client, &byte, 1);
    ck_assert_int_eq(SSL_get_error(pair.client, got), SSL_ERROR_SSL);
    tls_why(pair.client, &pair.client_why);
    ck_assert_str_eq(pair.client_why.text, "the connection was cut");
    pair_part(&pair);
}
END_TEST

static TCase *policy(void) {
    TCase *group = tcase_create("policy");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, both_agree_after_the_policy);
    tcase_add_test(group, the_exporter_differs_from_channel_to_channel);
    tcase_add_test(group, an_address_is_checked_as_an_address_and_no_sni_is_sent);
    tcase_add_test(group, a_certificate_is_never_taken_without_a_name);
    tcase_add_test(group, a_cut_stream_is_never_a_clean_end);
    return group;
}

START_TEST(a_foreign_authority_is_named) {
    pair_make(PKI_CA, "Another CA", 30, unit_path("other.pem"), unit_path("other.key"));
    const struct tls_client_options options = {.ca = unit_path("other.pem")};
    char says[400];
    snprintf(says, sizeof says, "the certificate is signed by an authority (Munnel CA of here) that %s does not hold",
             unit_path("other.pem"));
    pair_expect(pair_server_context(pair_server_options()), pair_client_context(&options), "munnel.example",
                "the other side refused our certificate: unknown ca", says);
}
END_TEST

START_TEST(an_authority_of_the_same_name_is_not_the_same) {
    pair_make(PKI_CA, "Munnel CA of here", 30, unit_path("other.pem"), unit_path("other.key"));
    const struct tls_client_options options = {.ca = unit_path("other.pem")};
    pair_expect(pair_server_context(pair_server_options()), pair_client_context(&options), "munnel.example",
                "the other side refused our certificate: unknown ca", "the certificate is signed by an authority*");
}
END_TEST

START_TEST(the_systems_store_does_not_hold_it) {
    const struct tls_client_options options = {.ca = NULL};
    pair_expect(
        pair_server_context(pair_server_options()), pair_client_context(&options), "munnel.example",
        "the other side refused our certificate: unknown ca",
        "the certificate is signed by an authority (Munnel CA of here) that the system's store does not hold; name the "
        "server's CA with --ca FILE, or take a join code with --join -");
}
END_TEST

START_TEST(a_wrong_name_lists_the_right_ones) {
    pair_expect(pair_server_context(pair_server_options()), pair_client_context(pair_client_options()), "other.example",
                "the other side refused our certificate: bad certificate",
                "wrong name: the certificate is for munnel.example, 127.0.0.1, not for other.example");
    pair_expect(pair_server_context(pair_server_options()), pair_client_context(pair_client_options()), "10.9.8.7",
                "the other side refused our certificate: bad certificate",
                "wrong name: the certificate is for munnel.example, 127.0.0.1, not for 10.9.8.7");
}
END_TEST

START_TEST(a_name_in_the_subject_alone_is_none) {
    pair_make(PKI_CLIENT, "munnel.example", 5, server_pem,
              server_key); /* no subjectAltName; wrong purpose is found first */
    SSL_CTX *client = pair_client_context(pair_client_options());
    X509_VERIFY_PARAM_set_purpose(SSL_CTX_get0_param(client), X509_PURPOSE_ANY);
    pair_expect(pair_server_context(pair_server_options()), client, "munnel.example",
                "the other side refused our certificate: bad certificate",
                "wrong name: the certificate is for no host at all, not for munnel.example");
}
END_TEST

START_TEST(an_expired_certificate_says_since_when) {
    char says[100], date[32];
    time_t end = time(NULL) + 5 * DAY;
    strftime(date, sizeof date, "%Y-%m-%d", gmtime(&end));
    snprintf(says, sizeof says, "the certificate has expired (on %s)", date);
    SSL_CTX *client = pair_client_context(pair_client_options());
    move_clock(client, 6);
    pair_expect(pair_server_context(pair_server_options()), client, "munnel.example",
                "the other side refused our certificate: expired, or its clock is wrong", says);
    client = pair_client_context(pair_client_options());
    move_clock(client, 31);
    pair_expect(pair_server_context(pair_server_options()), client, "munnel.example",
                "the other side refused our certificate: expired, or its clock is wrong",
                "the authority's certificate has expired (on *");
}
END_TEST

START_TEST(a_certificate_of_tomorrow_asks_for_the_clock) {
    SSL_CTX *client = pair_client_context(pair_client_options());
    move_clock(client, -1);
    pair_expect(pair_server_context(pair_server_options()), client, "munnel.example",
                "the other side refused our certificate: bad certificate", "*");
    client = pair_client_context(pair_client_options());
    move_clock(client, -1);
    struct pair pair;
    pair_join(&pair, pair_server_context(pair_server_options()), client, "munnel.example");
    pair_shake(&pair);
    ck_assert_ptr_nonnull(strstr(pair.client_why.text, "is not yet valid (before "));
    pair_part(&pair);
}
END_TEST

START_TEST(a_self_signed_certificate_is_called_so) {
    pair_make(PKI_CA, "munnel.example", 5, unit_path("self.pem"), unit_path("self.key"));
    const struct tls_server_options options = {.certificate = unit_path("self.pem"), .key = unit_path("self.key")};
    char says[400];
    snprintf(says, sizeof says, "the certificate is self-signed, and %s does not hold it", ca_pem);
    pair_expect(pair_server_context(&options), pair_client_context(pair_client_options()), "munnel.example",
                "the other side refused our certificate: unknown ca", says);
}
END_TEST

START_TEST(a_clients_certificate_is_no_servers) {
    const struct tls_server_options options = {.certificate = client_pem, .key = client_key};
    pair_expect(pair_server_context(&options), pair_client_context(pair_client_options()), "munnel.example",
                "the other side refused our certificate: unsupported, or wrong purpose",
                "wrong purpose: the certificate is not one for a server (extended key usage)");
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
    ck_assert_int_eq(tls_pin_of_certificate(server_pem, pin, NULL), 0);
    pair_expect(pair_server_context(pair_server_options()), pinned(NULL, pin, NULL), "any.name.example", NULL, NULL);
    pair_expect(pair_server_context(pair_server_options()), pinned(NULL, WRONG_PIN, pin), "munnel.example", NULL, NULL);
}
END_TEST

START_TEST(another_key_is_refused_and_its_pin_is_shown) {
    char pin[72], says[200];
    ck_assert_int_eq(tls_pin_of_certificate(server_pem, pin, NULL), 0);
    snprintf(says, sizeof says, "the server's key is not the pinned one: it shows %s", pin);
    pair_expect(pair_server_context(pair_server_options()), pinned(NULL, WRONG_PIN, NULL), "munnel.example",
                "the other side refused our certificate: bad certificate", says);
    pair_expect(pair_server_context(pair_server_options()), pinned(ca_pem, WRONG_PIN, NULL), "munnel.example",
                "the other side refused our certificate: bad certificate", says);
}
END_TEST

START_TEST(with_pin_and_ca_both_must_hold) {
    char pin[72];
    ck_assert_int_eq(tls_pin_of_certificate(server_pem, pin, NULL), 0);
    pair_expect(pair_server_context(pair_server_options()), pinned(ca_pem, pin, NULL), "munnel.example", NULL, NULL);
    pair_expect(pair_server_context(pair_server_options()), pinned(ca_pem, pin, NULL), "other.example",
                "the other side refused our certificate: bad certificate", "wrong name: *");
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
    ck_assert_str_eq(pair.server_why.text, "");
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
    pair_expect(asking_server(true, NULL), client_with(server_pem, server_key), "munnel.example",
                "wrong purpose: the certificate is not one for a client (extended key usage)",
                "the other side refused our certificate: unsupported, or wrong purpose");
}
END_TEST

START_TEST(a_client_of_another_authority_is_refused) {
    pair_make(PKI_CA, "web1", 5, unit_path("self.pem"), unit_path("self.key"));
    pair_expect(asking_server(true, NULL), client_with(unit_path("self.pem"), unit_path("self.key")), "munnel.example",
                "the certificate is self-signed*", "the other side refused our certificate: unknown ca");
}
END_TEST

/* A revocation list of the CA that names `revoked` (or nobody). */
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
                "the certificate has been revoked", "the other side refused our certificate: revoked");
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

/* A context of somebody else: a browser, a scanner, a web server. */
static SSL_CTX *foreign_client(const char *alpn, int version) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (version) {
        SSL_CTX_set_min_proto_version(context, version);
        SSL_CTX_set_max_proto_version(context, version);
    }
    if (alpn)
        SSL_CTX_set_alpn_protos(context, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    return context;
}

START_TEST(a_client_that_does_not_offer_munnel_is_refused) {
    pair_expect(pair_server_context(pair_server_options()), foreign_client(NULL, 0), NULL,
                "it speaks TLS but not Munnel (no ALPN)", "the other side speaks TLS but not Munnel");
    pair_expect(pair_server_context(pair_server_options()), foreign_client("\x02h2\x08http/1.1", 0), NULL,
                "it speaks TLS but not Munnel (ALPN without munnel/1)", "the other side speaks TLS but not Munnel");
    pair_expect(pair_server_context(pair_server_options()), foreign_client("\x02h2\x08munnel/1", 0), NULL, NULL, NULL);
}
END_TEST

START_TEST(a_server_that_does_not_choose_munnel_is_refused) {
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    ck_assert_int_eq(SSL_CTX_use_certificate_file(server, server_pem, SSL_FILETYPE_PEM), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(server, server_key, SSL_FILETYPE_PEM), 1);
    pair_expect(server, pair_client_context(pair_client_options()), "munnel.example", "*",
                "the server speaks TLS but not Munnel (ALPN munnel/1 was not agreed on)");
}
END_TEST

START_TEST(old_versions_are_refused) {
    static const char *const alpns[] = {NULL, "\x08munnel/1"};
    for (int i = 0; i < 2; i++)
        pair_expect(pair_server_context(pair_server_options()), foreign_client(alpns[i], TLS1_2_VERSION), NULL,
                    "the other side speaks only versions of TLS that are not allowed here",
                    "the other side does not speak our version of TLS");
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_max_proto_version(server, TLS1_2_VERSION);
    ck_assert_int_eq(SSL_CTX_use_certificate_file(server, server_pem, SSL_FILETYPE_PEM), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(server, server_key, SSL_FILETYPE_PEM), 1);
    pair_expect(server, pair_client_context(pair_client_options()), "munnel.example", "*",
                "the other side does not speak our version of TLS");
}
END_TEST

START_TEST(tls12_is_there_when_asked_for_with_its_master_secret) {
    const struct tls_server_options options = {.certificate = server_pem, .key = server_key, .allow_tls12 = true};
    struct pair pair;
    uint8_t bytes[SECRET_SIZE];
    pair_join(&pair, pair_server_context(&options), foreign_client("\x08munnel/1", TLS1_2_VERSION), NULL);
    pair_shake(&pair);
    ck_assert(pair.server_done && pair.client_done);
    ck_assert_int_eq(tls_exporter(pair.server, bytes), 0);
    pair_part(&pair);
    pair_join(&pair, pair_server_context(&options), foreign_client("\x08munnel/1", TLS1_2_VERSION), NULL);
    SSL_set_options(pair.client, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    pair_shake(&pair);
    ck_assert(pair.server_done);
    ck_assert_int_eq(tls_exporter(pair.server, bytes), -1);
    tls_why(pair.server, &pair.server_why);
    ck_assert_str_eq(pair.server_why.text, "TLS 1.2 without the extended master secret is not good enough");
    pair_part(&pair);
}
END_TEST

static TCase *strangers(void) {
    TCase *group = tcase_create("strangers");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, a_client_that_does_not_offer_munnel_is_refused);
    tcase_add_test(group, a_server_that_does_not_choose_munnel_is_refused);
    tcase_add_test(group, old_versions_are_refused);
    tcase_add_test(group, tls12_is_there_when_asked_for_with_its_master_secret);
    return group;
}

static const struct {
    const char *bytes;
    size_t length;
    const char *says;
} speeches[] = {
#define SPEECH(bytes, says)                                                                                            \
    { bytes, sizeof bytes - 1, says }
    SPEECH("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "this is not TLS: it looks like HTTP"),
    SPEECH("OPTIONS * HTTP/1.1\r\n\r\n", "this is not TLS: it looks like HTTP"),
    SPEECH("CONNECT a:1 HTTP/1.1\r\n\r\n", "this is not TLS: it looks like HTTP"),
    SPEECH("HTTP/1.1 400 Bad Request\r\n", "this is not TLS: it looks like HTTP"),
    SPEECH("SSH-2.0-OpenSSH_9.2\r\n", "this is not TLS: it looks like SSH"),
    SPEECH("RFB 003.008\n", "this is not TLS: it looks like VNC"),
    SPEECH("\x01\x02\x03\x04\x05\x06\x07", "this is not TLS (it begins with 01 02 03 04 05)"),
    SPEECH("\x00\x00\x00\x00\x00\x00\x00", "this is not TLS (it begins with 00 00 00 00 00)"),
    SPEECH("\x80\x0c\x01\x00\x02\x00\x03\x00\x00\x00\x00\x01\x00\x80",
           "the other side speaks only versions of TLS that are not allowed here"),
    SPEECH("\x16\x03\x01\xff\xff\x01\x00", "this is not TLS any more: a record is too long"),
#undef SPEECH
};

START_TEST(other_languages_are_called_by_name) {
    for (int server = 0; server < 2; server++) {
        struct pair pair;
        if (!server && speeches[_i].bytes[0] == '\x80')
            continue; /* only a client says that */
        pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
                  "munnel.example");
        BIO *from = server ? pair.client_side : pair.server_side;
        ck_assert_int_eq(BIO_write(from, speeches[_i].bytes, (int)speeches[_i].length), (int)speeches[_i].length);
        struct error *why = server ? &pair.server_why : &pair.client_why;
        bool done = false;
        for (int turn = 0; turn < 3; turn++)
            (void)pair_step(server ? pair.server : pair.client, &done, why);
        pair_check_words(server ? "the server" : "the client", why, speeches[_i].says);
        pair_part(&pair);
    }
}
END_TEST

START_TEST(a_cut_handshake_says_when) {
    struct pair pair;
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "munnel.example");
    BIO_shutdown_wr(pair.client_side);
    (void)pair_step(pair.server, &pair.server_done, &pair.server_why);
    pair_check_words("the server", &pair.server_why, "the connection was cut before the other side said anything");
    pair_part(&pair);
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "munnel.example");
    (void)pair_step(pair.client, &pair.client_done, &pair.client_why);
    (void)pair_step(pair.server, &pair.server_done, &pair.server_why);
    BIO_shutdown_wr(pair.client_side);
    (void)pair_step(pair.server, &pair.server_done, &pair.server_why);
    pair_check_words("the server", &pair.server_why, "the connection was cut during the TLS handshake");
    pair_part(&pair);
}
END_TEST

START_TEST(nothing_at_all_has_an_answer_too) {
    struct error why = {{0}};
    tls_why(NULL, &why);
    ck_assert_str_eq(why.text, "the connection was cut");
}
END_TEST

static TCase *words(void) {
    TCase *group = tcase_create("words");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_loop_test(group, other_languages_are_called_by_name, 0, (int)(sizeof speeches / sizeof speeches[0]));
    tcase_add_test(group, a_cut_handshake_says_when);
    tcase_add_test(group, nothing_at_all_has_an_answer_too);
    return group;
}

static void refuses_server(const struct tls_server_options *options, const char *says) {
    struct error error = {{0}};
    ck_assert_ptr_null(tls_server_context(options, &error));
    ck_assert_msg(strstr(error.text, says) != NULL, "%s", error.text);
}

START_TEST(files_that_do_not_fit_are_found_at_once) {
    struct tls_server_options options = {.certificate = unit_path("none.pem"), .key = server_key};
    refuses_server(&options, "none.pem: cannot be read: No such file");
    options = (struct tls_server_options){.certificate = server_pem, .key = unit_path("none.key")};
    refuses_server(&options, "none.key");
    options = (struct tls_server_options){.certificate = unit_text_file("text.pem", "no\n"), .key = server_key};
    refuses_server(&options, "text.pem: is not a certificate");
    options = (struct tls_server_options){.certificate = server_pem, .key = unit_text_file("text.key", "no\n")};
    refuses_server(&options, "text.key: is not a private key");
    options = (struct tls_server_options){.certificate = server_pem, .key = client_key};
    refuses_server(&options, "client.key: is not the key of ");
    options = (struct tls_server_options){.certificate = server_pem,
                                          .key = server_key,
                                          .client_ca = unit_text_file("none.ca", "")};
    refuses_server(&options, "none.ca: holds no certificate");
    options = (struct tls_server_options){.certificate = server_pem,
                                          .key = server_key,
                                          .client_ca = ca_pem,
                                          .crl = unit_text_file("none.crl", "")};
    refuses_server(&options, "none.crl: holds no revocation list");
    ck_assert_int_eq(chmod(server_key, 0644), 0);
    options = *pair_server_options();
    refuses_server(&options, "server.key");
    ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

START_TEST(a_key_with_a_passphrase_is_refused_without_asking) {
    FILE *file = fopen(server_key, "r");
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    file = fopen(server_key, "w");
    ck_assert_int_eq(PEM_write_PKCS8PrivateKey(file, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL), 1);
    fclose(file);
    EVP_PKEY_free(key);
    refuses_server(pair_server_options(), "server.key: is not a private key in PEM form without passphrase");
}
END_TEST

START_TEST(the_days_left_are_those_of_the_own_certificate) {
    SSL_CTX *context = pair_server_context(pair_server_options());
    ck_assert_int_ge(tls_days_left(context), 4);
    ck_assert_int_le(tls_days_left(context), 5);
    SSL_CTX_free(context);
    context = pair_client_context(pair_client_options());
    ck_assert_int_eq(tls_days_left(context), 0);
    SSL_CTX_free(context);
}
END_TEST

START_TEST(the_pin_of_what_is_no_certificate_is_an_error) {
    char pin[72];
    struct error error = {{0}};
    ck_assert_int_eq(tls_pin_of_certificate(unit_path("none.pem"), pin, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "none.pem"));
    ck_assert_int_eq(tls_pin_of_certificate(server_key, pin, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "holds no certificate"));
}
END_TEST

static TCase *files(void) {
    TCase *group = tcase_create("files");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, files_that_do_not_fit_are_found_at_once);
    tcase_add_test(group, a_key_with_a_passphrase_is_refused_without_asking);
    tcase_add_test(group, the_days_left_are_those_of_the_own_certificate);
    tcase_add_test(group, the_pin_of_what_is_no_certificate_is_an_error);
    return group;
}

UNIT_MAIN("lib/tls", policy, server_checked, pins, client_checked, strangers, words, files)
