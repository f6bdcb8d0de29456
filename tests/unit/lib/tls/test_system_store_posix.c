/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_system_store_posix: another distribution's file is taken where OpenSSL's own is missing, and only there.
 */
#include "config.h"

#include "lib/tls/system_store.h"
#include "lib/tls/system_store_priv.h"
#include "unit.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static const char *bundles[3];
static struct system_store_places places;

/* OpenSSL's own file is missing; the second of two bundles is there. */
static void make_places(void) {
    places = (struct system_store_places){.file = unit_path("cert.pem"), .bundles = bundles};
    bundles[0] = unit_path("missing.pem");
    bundles[1] = unit_text_file("bundle.pem", "authorities");
}

START_TEST(the_first_bundle_that_is_there_is_taken) {
    ck_assert_str_eq(system_store_bundle(&places), bundles[1]);
    unit_text_file("missing.pem", "authorities");
    ck_assert_str_eq(system_store_bundle(&places), bundles[0]);
}
END_TEST

START_TEST(without_any_none_is_taken) {
    bundles[1] = bundles[0];
    ck_assert_ptr_null(system_store_bundle(&places));
}
END_TEST

START_TEST(a_bundle_without_authorities_is_passed_over) {
    unit_text_file("missing.pem", "");
    ck_assert_str_eq(system_store_bundle(&places), bundles[1]);
}
END_TEST

START_TEST(the_file_of_openssl_is_enough) {
    unit_text_file("cert.pem", "");
    ck_assert_str_eq(system_store_bundle(&places), bundles[1]);
    unit_text_file("cert.pem", "authorities");
    ck_assert_ptr_null(system_store_bundle(&places));
}
END_TEST

/* OpenSSL would pass over it, and an agent would verify no server. */
START_TEST(a_file_of_the_environment_that_cannot_be_read_is_named) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    struct error error = {""};
    ck_assert_int_eq(setenv(X509_get_default_cert_file_env(), bundles[_i], 1), 0); /* missing, and no PEM */
    ck_assert_int_eq(system_store_use(context, &error), -1);
    ck_assert_msg(strstr(error.text, bundles[_i]), "%s", error.text);
    ck_assert_int_eq(unsetenv(X509_get_default_cert_file_env()), 0);
    SSL_CTX_free(context);
}
END_TEST

static TCase *choosing(void) {
    TCase *group = tcase_create("choosing");

    tcase_add_checked_fixture(group, make_places, NULL);
    tcase_add_test(group, the_first_bundle_that_is_there_is_taken);
    tcase_add_test(group, without_any_none_is_taken);
    tcase_add_test(group, a_bundle_without_authorities_is_passed_over);
    tcase_add_test(group, the_file_of_openssl_is_enough);
    tcase_add_loop_test(group, a_file_of_the_environment_that_cannot_be_read_is_named, 0, 2);
    return group;
}

UNIT_MAIN("lib/tls/system_store_posix", choosing)
