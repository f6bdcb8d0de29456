/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_cert_expiry: which days are worth a line, and that each is worth one.
 */
#include "config.h"

#include "lib/tls/cert_expiry.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY_S = 86400, HALF_DAY_S = DAY_S / 2 };

/* With a certificate that is valid so many days from now on, until so many days and some hours from now. */
static X509 *certificate_of(long from_days, long days) {
    X509 *certificate = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");

    ck_assert(certificate && key);
    ck_assert_int_eq(X509_set_pubkey(certificate, key), 1);
    ck_assert_ptr_nonnull(X509_time_adj_ex(X509_getm_notBefore(certificate), (int)from_days, -HALF_DAY_S, NULL));
    ck_assert_ptr_nonnull(X509_time_adj_ex(X509_getm_notAfter(certificate), (int)days, HALF_DAY_S, NULL));
    ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    EVP_PKEY_free(key);
    return certificate;
}

static void check(struct cert_expiry *expiry, struct log *log, long from_days, long days) {
    X509 *certificate = certificate_of(from_days, days);

    cert_expiry_check(expiry, log, "test", "the certificate x", certificate);
    X509_free(certificate);
}

/* What is logged when these many days are left, one after the other; free it. */
static char *words_for(long from_days, const long *days, size_t count) {
    const char *path = unit_path("log");
    struct cert_expiry expiry = {0};
    struct error error;

    unlink(path);
    struct log *log = log_new("test", LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG, path, &error);
    ck_assert_msg(log, "%s", error.text);
    for (size_t i = 0; i < count; i++)
        check(&expiry, log, from_days, days[i]);
    log_free(log);
    return unit_read(path, NULL);
}

static unsigned lines_of(const char *text) {
    unsigned lines = 0;

    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

START_TEST(each_step_is_said_once) {
    static const long days[] = {100, 31, 30, 29, 8, 7, 7, 2, 1, 0, 0, -1, -2};
    char *words = words_for(-100, days, sizeof days / sizeof *days);

    ck_assert_uint_eq(lines_of(words), 4);
    ck_assert_ptr_nonnull(strstr(words, "the certificate x expires in 30 days"));
    ck_assert_ptr_nonnull(strstr(words, "expires in 7 days"));
    ck_assert_ptr_nonnull(strstr(words, "expires in 1 day\n"));
    ck_assert_ptr_nonnull(strstr(words, "error   test  the certificate x has expired: it ended on "));
    free(words);
}
END_TEST

START_TEST(late_start_says_only_what_is_true_now) {
    static const long days[] = {0};
    char *words = words_for(-100, days, 1);

    ck_assert_uint_eq(lines_of(words), 1);
    ck_assert_ptr_nonnull(strstr(words, "expires within a day"));
    free(words);
}
END_TEST

START_TEST(clock_that_is_set_back_says_nothing_again) {
    static const long days[] = {5, 40, 5};
    char *words = words_for(-100, days, 3);

    ck_assert_uint_eq(lines_of(words), 1);
    free(words);
}
END_TEST

START_TEST(certificate_that_is_not_valid_yet_is_logged_once) {
    static const long days[] = {100, 100, 3};
    char *words = words_for(2, days, sizeof days / sizeof *days);

    ck_assert_uint_eq(lines_of(words), 1);
    ck_assert_ptr_nonnull(strstr(words, "error   test  the certificate x is not yet valid: it begins on "));
    free(words);
}
END_TEST

START_TEST(nothing_is_logged_without_a_certificate) {
    struct cert_expiry expiry = {0};

    cert_expiry_check(&expiry, NULL, "test", "the certificate x", NULL);
    ck_assert_uint_eq(expiry.warned, 0);
}
END_TEST

static TCase *steps(void) {
    TCase *group = tcase_create("steps");

    tcase_add_test(group, each_step_is_said_once);
    tcase_add_test(group, late_start_says_only_what_is_true_now);
    tcase_add_test(group, clock_that_is_set_back_says_nothing_again);
    tcase_add_test(group, certificate_that_is_not_valid_yet_is_logged_once);
    tcase_add_test(group, nothing_is_logged_without_a_certificate);
    return group;
}

UNIT_MAIN("lib/tls/cert_expiry", steps)
