/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_tls: the files of a service's TLS are read again when they change, and those that cannot be used change
 * nothing.
 */
#include "config.h"

#include "server/service/service_tls.h"

#include "lib/base/file.h"
#include "lib/tls/tls.h"
#include "lib/tls_pair.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct service_config conf;
static struct log *sink;
static const struct service_tls_watch *to;

static void set_up(void) {
    static struct service_tls_watch watch;
    struct error error;
    pair_setup();
    memset(&conf, 0, sizeof conf);
    ck_assert_int_eq(strlist_add(&conf.tls.certificates, server_pem), 0);
    ck_assert_int_eq(strlist_add(&conf.tls.keys, server_key), 0);
    conf.tls.min_version = CONFIG_TLS_1_2;
    sink = log_new("test", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, unit_path("log"), &error);
    ck_assert_ptr_nonnull(sink);
    watch = (struct service_tls_watch){"service web", sink, NULL};
    to = &watch;
}

static void tear_down(void) {
    log_free(sink);
    strlist_done(&conf.tls.certificates);
    strlist_done(&conf.tls.keys);
}

static struct service_tls *make(void) {
    struct error error;
    struct service_tls *tls = service_tls_new(&conf, &error);
    ck_assert_msg(tls, "%s", error.text);
    return tls;
}

START_TEST(a_renewed_certificate_is_used) {
    struct service_tls *tls = make();
    SSL_CTX *before = service_tls_context(tls);
    time_t ended = service_tls_expires_at(tls);
    SSL_CTX_up_ref(before); /* as a client does */
    service_tls_check(tls, &conf, to);
    ck_assert_ptr_eq(service_tls_context(tls), before);
    pair_make(CERT_SERVER, "munnel.example", 80, server_pem, server_key);
    service_tls_check(tls, &conf, to);
    ck_assert_ptr_ne(service_tls_context(tls), before);
    ck_assert_int_gt(service_tls_expires_at(tls), ended);
    ck_assert_ptr_null(service_tls_refusal(tls));
    SSL_CTX_free(before);
    service_tls_free(tls);
}
END_TEST

START_TEST(files_that_do_not_fit_change_nothing) {
    struct service_tls *tls = make();
    SSL_CTX *before = service_tls_context(tls);
    size_t length;
    char *key = unit_read(server_key, &length), *other = unit_read(client_key, &length);
    FILE *file = fopen(server_key, "w");
    fputs(other, file);
    fclose(file);
    service_tls_check(tls, &conf, to); /* it may be about to be written */
    ck_assert_ptr_null(service_tls_refusal(tls));
    service_tls_check(tls, &conf, to);
    ck_assert_ptr_nonnull(service_tls_refusal(tls));
    ck_assert_ptr_nonnull(strstr(service_tls_refusal(tls), "is not the key of"));
    ck_assert_ptr_eq(service_tls_context(tls), before);
    file = fopen(server_key, "w");
    fputs(key, file);
    fclose(file);
    service_tls_check(tls, &conf, to);
    service_tls_check(tls, &conf, to);
    ck_assert_ptr_null(service_tls_refusal(tls));
    free(key);
    free(other);
    service_tls_free(tls);
}
END_TEST

START_TEST(a_key_that_others_may_read_is_refused) {
    struct error error;
    unit_let_others_read(server_key);
    ck_assert_ptr_null(service_tls_new(&conf, &error));
    ck_assert_ptr_nonnull(strstr(error.text, server_key));
}
END_TEST

START_TEST(what_was_read_before_stays_until_the_files_can_be_used) {
    struct service_tls *before = make();
    SSL_CTX *context = service_tls_context(before);
    struct error why = {"server.key: gone"};
    ck_assert_int_eq(remove(server_key), 0);
    struct service_tls *tls = service_tls_new_kept(&conf, context, &why, to);
    ck_assert_ptr_nonnull(tls);
    service_tls_free(before);
    ck_assert_ptr_eq(service_tls_context(tls), context);
    ck_assert_str_eq(service_tls_refusal(tls), why.text);
    ck_assert_int_gt(service_tls_expires_at(tls), 0);
    service_tls_check(tls, &conf, to);
    ck_assert_ptr_eq(service_tls_context(tls), context);
    pair_make(CERT_SERVER, "munnel.example", 80, server_pem, server_key);
    service_tls_check(tls, &conf, to);
    ck_assert_ptr_null(service_tls_refusal(tls));
    service_tls_free(tls);
}
END_TEST

START_TEST(the_first_that_expires_counts) {
    pair_make(CERT_SERVER, "other.example", 2, unit_path("other.pem"), unit_path("other.key"));
    struct service_tls *one = make();
    ck_assert_int_eq(strlist_add(&conf.tls.certificates, unit_path("other.pem")), 0);
    ck_assert_int_eq(strlist_add(&conf.tls.keys, unit_path("other.key")), 0);
    struct service_tls *both = make();
    ck_assert_int_lt(service_tls_expires_at(both), service_tls_expires_at(one));
    service_tls_free(one);
    service_tls_free(both);
}
END_TEST

START_TEST(each_option_makes_a_difference) {
    static char ca[] = "ca.pem";
    struct service_config other = conf;
    ck_assert(service_tls_is_same(&conf, &other));
    other.tls.min_version = CONFIG_TLS_1_3;
    ck_assert(!service_tls_is_same(&conf, &other));
    other = conf;
    other.tls.client_ca = ca;
    ck_assert(!service_tls_is_same(&conf, &other));
    other = conf;
    other.tls.crl = ca;
    ck_assert(!service_tls_is_same(&conf, &other));
    other = conf;
    other.tls.client_auth = CONFIG_CLIENT_REQUIRE;
    ck_assert(!service_tls_is_same(&conf, &other));
    other = conf;
    other.tls.keys = (struct strlist){NULL, 0};
    ck_assert(!service_tls_is_same(&conf, &other));
    other = conf;
    other.tls.alpn = conf.tls.keys;
    ck_assert(!service_tls_is_same(&conf, &other));
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_renewed_certificate_is_used);
    tcase_add_test(group, files_that_do_not_fit_change_nothing);
    tcase_add_test(group, a_key_that_others_may_read_is_refused);
    tcase_add_test(group, what_was_read_before_stays_until_the_files_can_be_used);
    tcase_add_test(group, the_first_that_expires_counts);
    tcase_add_test(group, each_option_makes_a_difference);
    return group;
}

UNIT_MAIN("server/service/service_tls", all)
