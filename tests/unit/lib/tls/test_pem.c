/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_pem: of each wrong file that may be given for a PEM file, the error names what it is and what to do.
 */
#include "config.h"

#include "lib/tls/pem.h"
#include "lib/tls/tls.h"
#include "lib/tls_pair.h"
#include "unit.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK(label) "-----BEGIN " label "-----\nAAAA\n-----END " label "-----\n"

static const struct {
    enum pem_kind kind;
    const char *content, *error; /* NULL: none */
} texts[] = {
    {PEM_CERTIFICATE, BLOCK("CERTIFICATE"), NULL},
    {PEM_CERTIFICATE, "Certificate:\n  Data:\n" BLOCK("TRUSTED CERTIFICATE"), NULL},
    {PEM_CERTIFICATE, BLOCK("PRIVATE KEY") BLOCK("CERTIFICATE"), NULL},
    {PEM_CERTIFICATE, "-----BEGIN CERTIFICATE-----\r\nAAAA\r\n-----END CERTIFICATE-----\r\n", NULL},
    {PEM_PRIVATE_KEY, BLOCK("EC PARAMETERS") BLOCK("EC PRIVATE KEY"), NULL},
    {PEM_CRL, BLOCK("X509 CRL"), NULL},
    {PEM_CERTIFICATE, "", "is empty; a certificate in PEM form is wanted"},
    {PEM_CERTIFICATE, "hello\n", "holds no PEM block; a certificate in PEM form begins with the line -----BEGIN CERT"},
    {PEM_CRL, "hello\n", "a revocation list in PEM form begins with the line -----BEGIN X509 CRL-----"},
    {PEM_CERTIFICATE, BLOCK("EC PRIVATE KEY"),
     "holds a private key where a certificate is wanted; is the other file of the pair meant?"},
    {PEM_PRIVATE_KEY, BLOCK("CERTIFICATE"),
     "holds a certificate where a private key is wanted; is the other file of the pair meant?"},
    {PEM_CERTIFICATE, BLOCK("X509 CRL"), "holds a revocation list where a certificate is wanted"},
    {PEM_CRL, BLOCK("CERTIFICATE"), "holds a certificate where a revocation list is wanted"},
    {PEM_CERTIFICATE, BLOCK("CERTIFICATE REQUEST"), "a certificate is wanted, and this is a certificate request (CSR)"},
    {PEM_PRIVATE_KEY, BLOCK("PUBLIC KEY"), "a private key is wanted, and this is a public key"},
    {PEM_PRIVATE_KEY, BLOCK("OPENSSH PRIVATE KEY"), "a key in OpenSSH's own form"},
    {PEM_PRIVATE_KEY, BLOCK("ENCRYPTED PRIVATE KEY"), "the private key is encrypted, and its passphrase cannot be"},
    {PEM_PRIVATE_KEY,
     "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
     "the private key is encrypted, and its passphrase cannot be"},
    {PEM_CERTIFICATE, "-----BEGIN CERTIFICATE-----\nAAAA\n",
     "is cut off: the line -----END CERTIFICATE----- is missing"},
    {PEM_CERTIFICATE, "\xef\xbb\xbf" BLOCK("CERTIFICATE"), "begins with a byte order mark"},
    {PEM_CERTIFICATE, "\xff\xfe-", "is UTF-16 text; save it as ASCII"},
    {PEM_CERTIFICATE, "  " BLOCK("CERTIFICATE"), "no line -----BEGIN CERTIFICATE----- stands alone"},
    {PEM_CERTIFICATE, "-----BEGIN CERTIFICATE----- # mine\nAAAA\n-----END CERTIFICATE-----\n",
     "stands alone; remove what is beside it"},
    {PEM_CRL, "-----BEGIN X509 CRL\nAAAA\n-----END X509 CRL-----\n", "-----BEGIN X509 CRL----- stands alone"},
    {PEM_CERTIFICATE, "-----BEGIN CERTIFICATE----- \t\r\nAAAA\n-----END CERTIFICATE-----\n", NULL},
};
enum { TEXTS = sizeof texts / sizeof *texts };

static void check(const char *path, enum pem_kind kind, const char *expected) {
    struct error error = {{0}};

    BIO *bytes = pem_open(path, kind, &error);
    ck_assert_msg(!bytes == !!expected, "%s", error.text);
    BIO_free(bytes);
    ck_assert_msg(!expected || (strncmp(error.text, path, strlen(path)) == 0 && strstr(error.text, expected)),
                  "expected \"%s\", got \"%s\"", expected, error.text);
}

START_TEST(each_wrong_text_is_named) {
    check(unit_text_file("given.pem", texts[_i].content), texts[_i].kind, texts[_i].error);
}
END_TEST

static X509 *read_certificate(void) {
    FILE *file = fopen(server_pem, "r");
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);

    fclose(file);
    return certificate;
}

static EVP_PKEY *read_key(void) {
    FILE *file = fopen(server_key, "r");
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);

    fclose(file);
    return key;
}

START_TEST(binary_forms_are_named_with_the_command_that_converts_them) {
    X509 *certificate = read_certificate();
    EVP_PKEY *key = read_key();
    PKCS12 *both = PKCS12_create("x", "name", key, certificate, NULL, 0, 0, 0, 0, 0);
    FILE *file = fopen(unit_text_file("der", ""), "w"); /* which others may not read */

    ck_assert_int_eq(i2d_X509_fp(file, certificate), 1);
    fclose(file);
    check(unit_path("der"), PEM_CERTIFICATE, "is in DER form, not PEM; convert it: openssl x509 -inform DER -in ");
    file = fopen(unit_path("der"), "w");
    ck_assert_int_eq(i2d_PKCS8PrivateKeyInfo_fp(file, key), 1);
    fclose(file);
    check(unit_path("der"), PEM_PRIVATE_KEY, "is in DER form, not PEM; convert it: openssl pkey -inform DER -in ");
    file = fopen(unit_text_file("p12", ""), "w");
    ck_assert_int_eq(i2d_PKCS12_fp(file, both), 1);
    fclose(file);
    check(unit_path("p12"), PEM_CERTIFICATE, "is a PKCS#12 file, not PEM; convert it: openssl pkcs12 -in ");
    check(unit_path("p12"), PEM_PRIVATE_KEY, "-nocerts -nodes -out ");
    PKCS12_free(both);
    EVP_PKEY_free(key);
    X509_free(certificate);
}
END_TEST

START_TEST(what_is_no_file_is_named) {
    unit_make_folder(unit_path("folder"));
    check(unit_path("folder"), PEM_CERTIFICATE, "is a directory; name the file in it that holds a certificate");
    check(unit_path("none.pem"), PEM_CERTIFICATE, "cannot be read: No such file or directory");
}
END_TEST

/* It gives its bytes only once, and they are looked at before OpenSSL reads them. */
START_TEST(a_pipe_is_read) {
    struct tls_server_options options = *pair_server_options();
    char *text = unit_read(server_pem, NULL);

    options.certificate = unit_make_pipe(text);
    if (options.certificate)
        SSL_CTX_free(pair_server_context(&options));
    free(text);
}
END_TEST

/* Beyond what a list of authorities begins with, and what was once looked at. */
START_TEST(a_block_far_behind_is_found) {
    enum { COMMENT = 200 * 1024 };
    size_t length;
    char *text = unit_read(server_pem, &length), *all = malloc(COMMENT + length + 1);
    struct tls_server_options options = *pair_server_options();

    memset(all, '\n', COMMENT);
    memcpy(all + COMMENT, text, length + 1);
    options.certificate = unit_text_file("far.pem", all);
    SSL_CTX_free(pair_server_context(&options));
    free(all);
    free(text);
}
END_TEST

static void refuse(const struct tls_server_options *options, const char *expected) {
    struct error error = {{0}};

    ck_assert_ptr_null(tls_server_context(options, &error));
    ck_assert_msg(strstr(error.text, expected), "expected \"%s\", got \"%s\"", expected, error.text);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(exchanged_files_are_named_and_not_their_mode) {
    struct tls_server_options options = *pair_server_options();

    options.certificate = server_key;
    options.key = server_pem; /* with mode 0644 */
    refuse(&options, "server.key: holds a private key where a certificate is wanted");
    options.certificate = server_pem;
    refuse(&options, "server.pem: holds a certificate where a private key is wanted");
}
END_TEST

START_TEST(a_damaged_block_is_named_with_the_reason) {
    struct tls_server_options options = *pair_server_options();

    options.certificate = unit_text_file("damaged.pem", BLOCK("CERTIFICATE"));
    refuse(&options, "damaged.pem: cannot be used as certificate (");
}
END_TEST

START_TEST(a_revocation_list_is_no_authority) {
    struct tls_client_options options = *pair_client_options();
    struct error error = {{0}};

    options.ca = unit_text_file("list.pem", BLOCK("X509 CRL"));
    ck_assert_ptr_null(tls_client_context(&options, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "list.pem: holds a revocation list where a certificate is wanted"));
}
END_TEST

START_TEST(files_with_crlf_are_used) {
    static char text[16 * 1024], crlf[32 * 1024];
    struct tls_server_options options = *pair_server_options();
    FILE *file = fopen(server_pem, "r");
    size_t length = fread(text, 1, sizeof text, file), used = 0;

    fclose(file);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            crlf[used++] = '\r';
        crlf[used++] = text[i];
    }
    crlf[used] = '\0';
    options.certificate = unit_text_file("crlf.pem", crlf);
    SSL_CTX_free(pair_server_context(&options));
}
END_TEST

static TCase *contents(void) {
    TCase *group = tcase_create("contents");

    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_loop_test(group, each_wrong_text_is_named, 0, TEXTS);
    tcase_add_test(group, binary_forms_are_named_with_the_command_that_converts_them);
    tcase_add_test(group, what_is_no_file_is_named);
    tcase_add_test(group, a_pipe_is_read);
    tcase_add_test(group, a_block_far_behind_is_found);
    return group;
}

static TCase *contexts(void) {
    TCase *group = tcase_create("contexts");

    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, exchanged_files_are_named_and_not_their_mode);
    tcase_add_test(group, a_damaged_block_is_named_with_the_reason);
    tcase_add_test(group, a_revocation_list_is_no_authority);
    tcase_add_test(group, files_with_crlf_are_used);
    return group;
}

UNIT_MAIN("lib/tls/pem", contents, contexts)
