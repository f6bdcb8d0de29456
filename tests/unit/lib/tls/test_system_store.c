/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_system_store: a client without CA and pin trusts the authorities that OpenSSL finds on its system, and no
 * others.
 */
#include "config.h"

#include "lib/tls/system_store.h"
#include "lib/tls_pair.h"
#include "unit.h"

static SSL_CTX *client_of_system(const char *authorities) {
    const struct tls_client_options options = {.ca = NULL};

    unit_set_environment("SSL_CERT_FILE", authorities);
    return pair_client_context(&options);
}

START_TEST(a_server_of_an_authority_of_the_system_is_trusted) {
    pair_expect(pair_server_context(pair_server_options()), client_of_system(ca_pem), "munnel.example", NULL, NULL);
}
END_TEST

START_TEST(its_name_counts_all_the_same) {
    pair_expect(pair_server_context(pair_server_options()), client_of_system(ca_pem), "other.example", "*",
                "wrong name: the certificate is for munnel.example, *");
}
END_TEST

START_TEST(a_server_of_another_authority_is_refused) {
    pair_make(CERT_CA, "Another CA", 30, unit_path("other.pem"), unit_path("other.key"));
    pair_expect(pair_server_context(pair_server_options()), client_of_system(unit_path("other.pem")), "munnel.example",
                "*",
                "the certificate is signed by an authority (Munnel CA of here) that the system's store does not hold*");
}
END_TEST

START_TEST(a_file_that_is_replaced_is_a_change) {
    struct system_store_watch watch;
    unit_set_environment("SSL_CERT_FILE", unit_text_file("authorities.pem", "old"));
    system_store_watch(&watch);
    ck_assert(!system_store_has_changed(&watch));
    unit_text_file("authorities.pem", "newer");
    ck_assert(system_store_has_changed(&watch));
    ck_assert(!system_store_has_changed(&watch));
}
END_TEST

static TCase *stores(void) {
    TCase *group = tcase_create("stores");

    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_add_test(group, a_server_of_an_authority_of_the_system_is_trusted);
    tcase_add_test(group, its_name_counts_all_the_same);
    tcase_add_test(group, a_server_of_another_authority_is_refused);
    tcase_add_test(group, a_file_that_is_replaced_is_a_change);
    return group;
}

UNIT_MAIN("lib/tls/system_store", stores)
