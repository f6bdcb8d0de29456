/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_context: TLS for the clients of a service: versions, names, ALPN, client certificates, files that do not
 * fit.
 */
#include "config.h"

#include "lib/tls/tls.h"

#include "lib/tls/certificate.h"
#include "lib/tls_pair.h"
#include "unit.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#define second_pem unit_path("second.pem")
#define second_key unit_path("second.key")

static const char *certificates[2], *keys[2];
static const char *const protocols[] = {"h2", "http/1.1"};

static struct tls_service_options options(void) {
    certificates[0] = server_pem;
    certificates[1] = second_pem;
    keys[0] = server_key;
    keys[1] = second_key;
    return (struct tls_service_options){
        .certificates = certificates, .keys = keys, .count = 1, .key_count = 1, .allow_tls12 = true};
}

static SSL_CTX *context_of(const struct tls_service_options *wanted) {
    struct error error;
    SSL_CTX *context = tls_service_context(wanted, &error);
    ck_assert_msg(context, "%s", error.text);
    return context;
}

static void two_certificates(void) {
    pair_setup();
    pair_make(CERT_SERVER, "*.second.example", 30, second_pem, second_key);
}

static void shake(struct pair *pair, const struct tls_service_options *wanted, SSL_CTX *client, const char *name) {
    pair_join(pair, context_of(wanted), client, NULL);
    if (name)
        ck_assert_int_eq(SSL_set_tlsext_host_name(pair->client, name), 1);
    pair_shake(pair);
}

static bool shows(const struct pair *pair, const char *name) {
    X509 *certificate = SSL_get1_peer_certificate(pair->client);
    bool is_right = certificate && X509_check_host(certificate, name, 0, 0, NULL) == 1;
    X509_free(certificate);
    return is_right;
}

START_TEST(each_version_that_is_allowed_works_and_no_other) {
    static const struct {
        int version;
        bool allow_tls12, works;
    } tries[] = {{TLS1_3_VERSION, true, true},
                 {TLS1_3_VERSION, false, true},
                 {TLS1_2_VERSION, true, true},
                 {TLS1_2_VERSION, false, false}};
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct pair pair;
        struct tls_service_options wanted = options();
        wanted.allow_tls12 = tries[i].allow_tls12;
        shake(&pair, &wanted, pair_foreign_client(NULL, tries[i].version), NULL);
        ck_assert_int_eq(pair.server_done, tries[i].works);
        ck_assert_int_eq(tls_is_wrong_version(pair.server), !tries[i].works);
        ck_assert(!tls_is_no_tls(pair.server));
        if (tries[i].works) {
            ck_assert_int_eq(SSL_version(pair.server), tries[i].version);
            ck_assert_int_eq(SSL_SESSION_has_ticket(SSL_get0_session(pair.client)), 0);
            ck_assert_int_eq(SSL_SESSION_is_resumable(SSL_get0_session(pair.client)), 0);
        }
        pair_part(&pair);
    }
}
END_TEST

START_TEST(the_name_chooses_the_certificate) {
    static const struct {
        const char *name, *shown;
    } tries[] = {{"munnel.example", "munnel.example"},
                 {"www.second.example", "www.second.example"},
                 {"a.b.second.example", "munnel.example"}, /* a wildcard is one label */
                 {"third.example", "munnel.example"},
                 {NULL, "munnel.example"}};
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            struct pair pair;
            struct tls_service_options wanted = options();
            wanted.count = wanted.key_count = 2;
            shake(&pair, &wanted, pair_foreign_client(NULL, version), tries[i].name);
            ck_assert(pair.server_done && pair.client_done);
            ck_assert_msg(shows(&pair, tries[i].shown), "for %s", tries[i].name ? tries[i].name : "none");
            pair_part(&pair);
        }
}
END_TEST

START_TEST(alpn_is_answered_by_what_both_have) {
    static const struct {
        const char *offered;
        size_t count;
        const char *selected; /* NULL: none; "": refused */
    } tries[] = {{"\x02h2\x08http/1.1", 2, "h2"},
                 {"\x08http/1.1\x02h2", 2, "h2"},
                 {"\x08http/1.1", 2, "http/1.1"},
                 {"\x02h3", 2, ""},
                 {NULL, 2, NULL},
                 {"\x02h2", 0, NULL}};
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct pair pair;
        struct tls_service_options wanted = options();
        const unsigned char *selected;
        unsigned length;
        wanted.alpn = protocols;
        wanted.alpn_count = tries[i].count;
        shake(&pair, &wanted, pair_foreign_client(tries[i].offered, 0), NULL);
        bool is_refused = tries[i].selected && !*tries[i].selected;
        ck_assert_int_eq(pair.server_done, !is_refused);
        if (is_refused)
            pair_check_error("the server", &pair.server_error, "it offers no protocol of the service's alpn");
        SSL_get0_alpn_selected(pair.server, &selected, &length);
        ck_assert_uint_eq(length, tries[i].selected ? strlen(tries[i].selected) : 0);
        if (length)
            ck_assert_mem_eq(selected, tries[i].selected, length);
        pair_part(&pair);
    }
}
END_TEST

/* Also by a certificate that the name has chosen, which is another context. */
START_TEST(a_client_certificate_is_asked_for) {
    for (int i = 0; i < 4; i++) {
        struct pair pair;
        struct tls_service_options wanted = options();
        bool shows_one = i & 1, is_optional = i & 2;
        wanted.count = wanted.key_count = 2;
        wanted.client_ca = ca_pem;
        wanted.client_optional = is_optional;
        SSL_CTX *client = pair_foreign_client(NULL, TLS1_2_VERSION);
        if (shows_one) {
            ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(client, client_pem), 1);
            ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(client, client_key, SSL_FILETYPE_PEM), 1);
        }
        shake(&pair, &wanted, client, "www.second.example");
        ck_assert_int_eq(pair.server_done, shows_one || is_optional);
        if (!pair.server_done)
            pair_check_error("the server", &pair.server_error, "the other side shows no certificate*");
        pair_part(&pair);
    }
}
END_TEST

START_TEST(plain_text_is_told_from_tls) {
    struct pair pair;
    struct tls_service_options wanted = options();
    pair_join(&pair, context_of(&wanted), pair_foreign_client(NULL, 0), NULL);
    BIO_write(pair.client_side, "GET / HTTP/1.1\r\n\r\n", 18);
    pair_step(pair.server, &pair.server_done, &pair.server_error);
    ck_assert(tls_is_no_tls(pair.server));
    pair_part(&pair);
}
END_TEST

START_TEST(files_that_do_not_fit_are_named) {
    struct error error;
    struct tls_service_options wanted = options();
    wanted.count = wanted.key_count = 2;
    keys[1] = server_key;
    ck_assert_ptr_null(tls_service_context(&wanted, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "is not the key of"));
    ck_assert_ptr_nonnull(strstr(error.text, second_pem));
    keys[1] = second_key;
    unit_let_others_read(second_key);
    ck_assert_ptr_null(tls_service_context(&wanted, &error));
    ck_assert_ptr_nonnull(strstr(error.text, second_key));
    wanted.count = wanted.key_count = 1;
    wanted.client_ca = unit_path("missing.pem");
    ck_assert_ptr_null(tls_service_context(&wanted, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "missing.pem"));
}
END_TEST

START_TEST(each_certificate_can_be_looked_at) {
    struct tls_service_options wanted = options();
    wanted.count = wanted.key_count = 2;
    SSL_CTX *context = context_of(&wanted);
    ck_assert_int_eq(X509_check_host(tls_service_certificate(context, 0), "munnel.example", 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_host(tls_service_certificate(context, 1), "a.second.example", 0, 0, NULL), 1);
    ck_assert_ptr_null(tls_service_certificate(context, 2));
    SSL_CTX_free(context);
}
END_TEST

/* ---- keys of several types ---- */

static void write_pem(const char *path, X509 *certificate, EVP_PKEY *key) {
    BIO *file = BIO_new_file(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(certificate ? PEM_write_bio_X509(file, certificate)
                                 : PEM_write_bio_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL),
                     1);
    BIO_free(file);
}

/* Another pair of files for these names, "DNS:a, DNS:b", with an RSA key, over files that others may not read. */
static void make_rsa(const char *names, const char *certificate_path, const char *key_path) {
    X509 *certificate = X509_new();
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    ck_assert(certificate && key && extension);
    pair_make(CERT_SERVER, "unused.example", 30, certificate_path, key_path);
    ck_assert_int_eq(X509_set_version(certificate, X509_VERSION_3), 1);
    ck_assert_int_eq(X509_set_pubkey(certificate, key), 1);
    ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600));
    ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
    ck_assert_int_eq(X509_add_ext(certificate, extension, -1), 1);
    ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    write_pem(certificate_path, certificate, NULL);
    write_pem(key_path, NULL, key);
    X509_EXTENSION_free(extension);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* The type of the key that a client with these signatures is shown; EVP_PKEY_NONE: the handshake failed. */
static int shown_to(const struct tls_service_options *wanted, int version, const char *signatures, const char *name) {
    struct pair pair;
    SSL_CTX *client = pair_foreign_client(NULL, version);
    ck_assert_int_eq(SSL_CTX_set1_sigalgs_list(client, signatures), 1);
    shake(&pair, wanted, client, name);
    X509 *certificate = SSL_get0_peer_certificate(pair.client);
    int type = pair.client_done && certificate ? EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) : EVP_PKEY_NONE;
    pair_part(&pair);
    return type;
}

#define ONLY_RSA   "rsa_pss_rsae_sha256"
#define ONLY_ECDSA "ecdsa_secp256r1_sha256"

START_TEST(the_client_s_signatures_choose_between_certificates_for_the_same_names) {
    static const char *const names[] = {"munnel.example", NULL}; /* as the only certificate, and without a name */
    struct tls_service_options wanted = options();
    make_rsa("IP:127.0.0.1, IP:fe80::1, DNS:munnel.example", second_pem, second_key);
    wanted.count = wanted.key_count = 2;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            ck_assert_int_eq(shown_to(&wanted, version, ONLY_RSA, names[i]), EVP_PKEY_RSA);
            ck_assert_int_eq(shown_to(&wanted, version, ONLY_ECDSA, names[i]), EVP_PKEY_EC);
        }
    ck_assert_int_eq(shown_to(&wanted, TLS1_3_VERSION, ONLY_ECDSA ":" ONLY_RSA, NULL), EVP_PKEY_EC);
    ck_assert_int_eq(shown_to(&wanted, TLS1_3_VERSION, ONLY_RSA ":" ONLY_ECDSA, NULL), EVP_PKEY_RSA);
}
END_TEST

START_TEST(certificates_for_the_same_names_are_found_by_name) {
    const char *const three[] = {server_pem, second_pem, unit_path("rsa.pem")}, *const three_keys[] = {server_key,
                                                                                                       second_key,
                                                                                                       unit_path(
                                                                                                           "rsa.key")};
    struct tls_service_options wanted = options();
    wanted.certificates = three;
    wanted.keys = three_keys;
    make_rsa("IP:127.0.0.1, IP:fe80::1, DNS:*.second.example", three[2], three_keys[2]);
    wanted.count = wanted.key_count = 3;
    ck_assert_int_eq(shown_to(&wanted, TLS1_3_VERSION, ONLY_RSA, "a.second.example"), EVP_PKEY_RSA);
    ck_assert_int_eq(shown_to(&wanted, TLS1_3_VERSION, ONLY_ECDSA, "a.second.example"), EVP_PKEY_EC);
    ck_assert_int_eq(shown_to(&wanted, TLS1_3_VERSION, ONLY_RSA, "munnel.example"), EVP_PKEY_NONE);
    SSL_CTX *context = context_of(&wanted);
    ck_assert_int_gt(certificate_days_left(tls_service_certificate(context, 1)), 27);
    ck_assert_int_eq(certificate_days_left(tls_service_certificate(context, 2)), 0);
    SSL_CTX_free(context);
}
END_TEST

START_TEST(certificates_for_other_names_stay_apart) {
    struct tls_service_options wanted = options();
    make_rsa("DNS:munnel.example, DNS:more.example", second_pem, second_key);
    wanted.count = wanted.key_count = 2;
    ck_assert_int_eq(shown_to(&wanted, TLS1_3_VERSION, ONLY_RSA, "more.example"), EVP_PKEY_RSA);
    ck_assert_int_eq(shown_to(&wanted, TLS1_3_VERSION, ONLY_RSA, "munnel.example"), EVP_PKEY_NONE);
}
END_TEST

START_TEST(the_first_of_two_for_the_same_names_with_one_type_of_key_is_shown) {
    struct tls_service_options wanted = options();
    make_rsa("DNS:munnel.example", second_pem, second_key);
    make_rsa("DNS:munnel.example", server_pem, server_key);
    wanted.count = wanted.key_count = 2;
    ck_assert_int_eq(shown_to(&wanted, TLS1_3_VERSION, ONLY_RSA, "munnel.example"), EVP_PKEY_RSA);
    SSL_CTX *context = context_of(&wanted);
    struct pair pair;
    shake(&pair, &wanted, pair_foreign_client(NULL, 0), "munnel.example");
    ck_assert_int_eq(X509_cmp(SSL_get0_peer_certificate(pair.client), tls_service_certificate(context, 0)), 0);
    pair_part(&pair);
    SSL_CTX_free(context);
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_checked_fixture(group, two_certificates, NULL);
    tcase_add_test(group, each_version_that_is_allowed_works_and_no_other);
    tcase_add_test(group, the_name_chooses_the_certificate);
    tcase_add_test(group, alpn_is_answered_by_what_both_have);
    tcase_add_test(group, a_client_certificate_is_asked_for);
    tcase_add_test(group, plain_text_is_told_from_tls);
    tcase_add_test(group, files_that_do_not_fit_are_named);
    tcase_add_test(group, each_certificate_can_be_looked_at);
    return group;
}

static TCase *types(void) {
    TCase *group = tcase_create("types");
    tcase_add_checked_fixture(group, two_certificates, NULL);
    tcase_add_test(group, the_client_s_signatures_choose_between_certificates_for_the_same_names);
    tcase_add_test(group, certificates_for_the_same_names_are_found_by_name);
    tcase_add_test(group, certificates_for_other_names_stay_apart);
    tcase_add_test(group, the_first_of_two_for_the_same_names_with_one_type_of_key_is_shown);
    return group;
}

UNIT_MAIN("lib/tls/service_context", all, types)
