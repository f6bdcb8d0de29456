/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_context: the policy of both ends, peers that do not keep to it, and files that do not fit (context_files.c).
 */
#include "config.h"

#include "unit.h"

#include "lib/base/file.h"
#include "lib/tls/cert_issue.h"
#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"
#include "lib/tls_pair.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

START_TEST(both_agree_after_the_policy) {
    struct pair pair;
    uint8_t a[SECRET_SIZE], b[SECRET_SIZE];
    pair_join(&pair, pair_server_context(pair_server_options()), pair_client_context(pair_client_options()),
              "munnel.example");
    ck_assert_int_eq(tls_exporter(pair.client, a), -1);
    pair_shake(&pair);
    pair_check_error("the client", &pair.client_error, NULL);
    pair_check_error("the server", &pair.server_error, NULL);
    ck_assert(pair.server_done && pair.client_done);
    ck_assert_str_eq(SSL_get_version(pair.client), "TLSv1.3");
    ck_assert_str_eq(SSL_get_cipher_name(pair.client), "TLS_AES_128_GCM_SHA256");
    ck_assert_int_eq(SSL_get_negotiated_group(pair.client), pair_best_group());
    ck_assert_int_eq(SSL_SESSION_has_ticket(SSL_get0_session(pair.client)), 0);
    ck_assert_int_eq(SSL_SESSION_is_resumable(SSL_get0_session(pair.client)), 0);
    ck_assert_int_eq(tls_exporter(pair.client, a), 0);
    ck_assert_int_eq(tls_exporter(pair.server, b), 0);
    ck_assert_mem_eq(a, b, SECRET_SIZE);
    pair_part(&pair);
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
    tls_explain(pair.client, &pair.client_error);
    ck_assert_str_eq(pair.client_error.text, "the connection was cut");
    pair_part(&pair);
}
END_TEST

static TCase *policy(void) {
    TCase *group = tcase_create("policy");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, both_agree_after_the_policy);
    tcase_add_test(group, a_cut_stream_is_never_a_clean_end);
    return group;
}

START_TEST(old_versions_are_refused) {
    static const char *const alpns[] = {NULL, "\x08munnel/2"};
    for (int i = 0; i < 2; i++)
        pair_expect(pair_server_context(pair_server_options()), pair_foreign_client(alpns[i], TLS1_2_VERSION), NULL,
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
    pair_join(&pair, pair_server_context(&options), pair_foreign_client("\x08munnel/2", TLS1_2_VERSION), NULL);
    pair_shake(&pair);
    ck_assert(pair.server_done && pair.client_done);
    ck_assert_int_eq(tls_exporter(pair.server, bytes), 0);
    pair_part(&pair);
    pair_join(&pair, pair_server_context(&options), pair_foreign_client("\x08munnel/2", TLS1_2_VERSION), NULL);
    SSL_set_options(pair.client, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    pair_shake(&pair);
    ck_assert(pair.server_done);
    ck_assert_int_eq(tls_exporter(pair.server, bytes), -1);
    tls_explain(pair.server, &pair.server_error);
    ck_assert_str_eq(pair.server_error.text, "TLS 1.2 without the extended master secret is not good enough");
    pair_part(&pair);
}
END_TEST

static TCase *foreign_peers(void) {
    TCase *group = tcase_create("foreign peers");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, old_versions_are_refused);
    tcase_add_test(group, tls12_is_there_when_asked_for_with_its_master_secret);
    return group;
}

static void refuses_server(const struct tls_server_options *options, const char *says) {
    struct error error = {{0}};
    ck_assert_ptr_null(tls_server_context(options, &error));
    ck_assert_msg(strstr(error.text, says), "%s", error.text);
}

START_TEST(files_that_do_not_fit_are_found_at_once) {
    struct tls_server_options options = {.certificate = unit_path("none.pem"), .key = server_key};
    refuses_server(&options, "none.pem: cannot be read: No such file");
    options = (struct tls_server_options){.certificate = server_pem, .key = unit_path("none.key")};
    refuses_server(&options, "none.key");
    options = (struct tls_server_options){.certificate = unit_text_file("text.pem", "no\n"), .key = server_key};
    refuses_server(
        &options,
        "text.pem: holds no PEM block; a certificate in PEM form begins with the line -----BEGIN CERTIFICATE-----");
    options = (struct tls_server_options){.certificate = server_pem, .key = unit_text_file("text.key", "no\n")};
    refuses_server(&options, "text.key: holds no PEM block; a private key in PEM form begins with the line");
    options = (struct tls_server_options){.certificate = server_pem, .key = client_key};
    refuses_server(&options, "client.key: is not the key of ");
    options = (struct tls_server_options){.certificate = server_pem,
                                          .key = server_key,
                                          .client_ca = unit_text_file("none.ca", "")};
    refuses_server(&options, "none.ca: is empty; a certificate in PEM form is wanted");
    options = (struct tls_server_options){.certificate = server_pem,
                                          .key = server_key,
                                          .client_ca = ca_pem,
                                          .crl = unit_text_file("none.crl", "")};
    refuses_server(&options, "none.crl: is empty; a revocation list in PEM form is wanted");
    unit_let_others_read(server_key);
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
    refuses_server(pair_server_options(), "server.key: the private key is encrypted, and its passphrase cannot be "
                                          "entered here; decrypt it: openssl pkey -in ");
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

/* Of more than 260 characters, where Windows' older calls end (but not wine's), and not in ASCII. */
static const char *long_path(const char *name) {
    char path[512];
    struct error error = {{0}};
    int used = snprintf(path, sizeof path, "Schl\xc3\xbcssel-\xe9\x8d\xb5-%0100d/%0100d/%0100d", 1, 2, 3);
    ck_assert_msg(file_make_folder(unit_path(path), 0700, &error) == 0, "%s", error.text);
    snprintf(path + used, sizeof path - (size_t)used, "/%s", name);
    return unit_path(path);
}

START_TEST(files_with_long_names_are_used) {
    const char *authority = long_path("ca.pem"), *certificate = long_path("server.pem");
    char pin[CERTIFICATE_PIN];
    struct error error = {{0}};
    pair_make(CERT_CA, "CA", 30, authority, long_path("ca.key"));
    struct cert_request request = {.common_name = "a", .days = 5, .use = CERT_SERVER};
    ck_assert_int_eq(cert_issue(&request, authority, long_path("ca.key"), certificate, long_path("server.key"), &error),
                     0);
    const struct tls_server_options options = {.certificate = certificate,
                                               .key = long_path("server.key"),
                                               .client_ca = authority};
    SSL_CTX *context = pair_server_context(&options);
    ck_assert_int_eq(sk_X509_NAME_num(SSL_CTX_get_client_CA_list(context)), 1);
    SSL_CTX_free(context);
    ck_assert_int_eq(certificate_read_pin(certificate, pin, &error), 0);
}
END_TEST

static X509_CRL *make_list(X509 *authority, EVP_PKEY *key) {
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, 0), *then = X509_gmtime_adj(NULL, 1000);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(authority));
    X509_CRL_set1_lastUpdate(list, now);
    X509_CRL_set1_nextUpdate(list, then);
    ck_assert_int_gt(X509_CRL_sign(list, key, EVP_sha256()), 0);
    ASN1_TIME_free(now);
    ASN1_TIME_free(then);
    return list;
}

static void append_list(const char *authority_path, const char *key_path) {
    FILE *file = fopen(key_path, "r");
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    file = fopen(authority_path, "r+");
    X509 *authority = PEM_read_X509(file, NULL, NULL, NULL);
    X509_CRL *list = make_list(authority, key);
    fseek(file, 0, SEEK_END);
    ck_assert_int_eq(PEM_write_X509_CRL(file, list), 1);
    fclose(file);
    X509_CRL_free(list);
    X509_free(authority);
    EVP_PKEY_free(key);
}

START_TEST(a_revocation_list_beside_the_authorities_is_kept) {
    const struct tls_server_options options = {.certificate = server_pem, .key = server_key, .client_ca = ca_pem};
    unsigned lists = 0;
    append_list(ca_pem, ca_key);
    SSL_CTX *context = pair_server_context(&options);
    const STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
    for (int i = 0; i < sk_X509_OBJECT_num(all); i++)
        lists += X509_OBJECT_get_type(sk_X509_OBJECT_value(all, i)) == X509_LU_CRL;
    ck_assert_uint_eq(lists, 1);
    SSL_CTX_free(context);
}
END_TEST

static TCase *files(void) {
    TCase *group = tcase_create("files");
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, files_that_do_not_fit_are_found_at_once);
    tcase_add_test(group, a_key_with_a_passphrase_is_refused_without_asking);
    tcase_add_test(group, the_days_left_are_those_of_the_own_certificate);
    tcase_add_test(group, files_with_long_names_are_used);
    tcase_add_test(group, a_revocation_list_beside_the_authorities_is_kept);
    return group;
}

UNIT_MAIN("lib/tls/context", policy, foreign_peers, files)
