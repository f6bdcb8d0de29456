/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_trust: by what the agent knows its server, and that it is never nothing.
 */
#include "config.h"

#include "agent/trust.h"
#include "lib/pki.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define PIN "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static char words[TRUST_WORDS];
static struct error error;

static const char *make_ca(const char *name) {
    struct pki_request request = {.common_name = "CA", .days = 1, .use = PKI_CA};
    const char *path = unit_path(name);
    ck_assert_msg(pki_make(&request, NULL, NULL, path, unit_path("ca.key"), &error) == 0, "%s", error.text);
    return path;
}

/* The words of what is trusted; "" if nothing can be. The server must be verified in any case. */
static const char *trusted(const struct trust_choice *choice) {
    SSL_CTX *tls = trust_make(choice, words, &error);
    if (!tls)
        return "";
    ck_assert_int_ne(SSL_CTX_get_verify_mode(tls) & SSL_VERIFY_PEER, 0);
    SSL_CTX_free(tls);
    return words;
}

START_TEST(a_named_ca_is_taken) {
    struct trust_choice choice = {.ca = make_ca("named.pem"), .state_folder = unit_folder()};
    make_ca("ca.pem");
    ck_assert_str_eq(trusted(&choice), choice.ca);
}
END_TEST

START_TEST(pins_alone_are_enough) {
    const char *pins[] = {PIN, PIN};
    struct trust_choice choice = {.pins = pins, .pin_count = 2, .state_folder = unit_folder()};
    make_ca("ca.pem"); /* not asked for: pins were said */
    ck_assert_str_eq(trusted(&choice), "2 pinned keys");
}
END_TEST

START_TEST(pins_and_ca_go_together) {
    const char *pins[] = {PIN};
    struct trust_choice choice = {.ca = make_ca("named.pem"), .pins = pins, .pin_count = 1};
    ck_assert_ptr_nonnull(strstr(trusted(&choice), "named.pem and 1 pinned key"));
}
END_TEST

START_TEST(the_state_folders_ca_is_found) {
    struct trust_choice choice = {.state_folder = unit_folder()};
    ck_assert_str_eq(trusted(&choice), "the system's certificate store");
    make_ca("ca.pem");
    ck_assert_str_eq(trusted(&choice), unit_path("ca.pem"));
}
END_TEST

START_TEST(with_nothing_said_the_systems_store_judges) {
    ck_assert_str_eq(trusted(&(struct trust_choice){0}), "the system's certificate store");
}
END_TEST

START_TEST(a_missing_ca_is_an_error) {
    ck_assert_str_eq(trusted(&(struct trust_choice){.ca = unit_path("nowhere.pem")}), "");
    ck_assert_ptr_nonnull(strstr(error.text, "nowhere.pem"));
}
END_TEST

START_TEST(a_broken_ca_in_the_state_folder_is_an_error) {
    unit_text_file("ca.pem", "no certificate\n"); /* the system's store would be a surprise */
    ck_assert_str_eq(trusted(&(struct trust_choice){.state_folder = unit_folder()}), "");
    ck_assert_ptr_nonnull(strstr(error.text, "ca.pem"));
}
END_TEST

static TCase *choices(void) {
    TCase *group = tcase_create("choices");
    tcase_add_test(group, a_named_ca_is_taken);
    tcase_add_test(group, pins_alone_are_enough);
    tcase_add_test(group, pins_and_ca_go_together);
    tcase_add_test(group, the_state_folders_ca_is_found);
    tcase_add_test(group, with_nothing_said_the_systems_store_judges);
    tcase_add_test(group, a_missing_ca_is_an_error);
    tcase_add_test(group, a_broken_ca_in_the_state_folder_is_an_error);
    return group;
}

UNIT_MAIN("agent/trust", choices)
