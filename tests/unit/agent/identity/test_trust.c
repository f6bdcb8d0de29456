/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_trust: by what the agent knows its server, and that it is never nothing.
 */
#include "config.h"

#include "agent/identity/trust.h"
#include "lib/base/clock.h"
#include "lib/tls/cert_issue.h"
#include "unit.h"
#include "unit_log.h"

#include <stdlib.h>
#include <string.h>

#define PIN "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static struct error error;

static const char *make_ca(const char *name) {
    struct cert_request request = {.common_name = "CA", .days = 1, .use = CERT_CA};
    const char *path = unit_path(name);
    ck_assert_msg(cert_issue(&request, NULL, NULL, path, unit_path("ca.key"), &error) == 0, "%s", error.text);
    return path;
}

/* An agent's certificate for so many days, by that CA; its key is agent.key. */
static const char *make_own(const char *ca, unsigned days) {
    struct cert_request request = {.common_name = "agent", .days = days, .use = CERT_CLIENT};
    const char *path = unit_path("agent.pem");
    ck_assert_msg(cert_issue(&request, ca, unit_path("ca.key"), path, unit_path("agent.key"), &error) == 0, "%s",
                  error.text);
    return path;
}

static struct strlist pins(size_t count) {
    struct strlist list = {0};
    while (list.count < count)
        ck_assert_int_eq(strlist_add(&list, PIN), 0);
    return list;
}

/* The words of what is trusted; "" if nothing can be. The server must be verified in any case. */
static const char *trusted(const struct trust_choice *choice) {
    struct trust *trust = trust_new(choice, &error);
    const char *words = trust ? unit_path(trust_description(trust)) + strlen(unit_folder()) + 1 : ""; /* outlives it */
    if (trust)
        ck_assert_int_ne(SSL_CTX_get_verify_mode(trust_context(trust, NULL, "")) & SSL_VERIFY_PEER, 0);
    trust_free(trust);
    return words;
}

START_TEST(a_named_ca_is_taken) {
    struct trust_choice choice = {.ca = make_ca("named.pem"), .state_folder = unit_folder()};
    make_ca("ca.pem");
    ck_assert_str_eq(trusted(&choice), choice.ca);
}
END_TEST

START_TEST(pins_alone_are_enough) {
    struct strlist two = pins(2);
    struct trust_choice choice = {.pins = &two, .state_folder = unit_folder()};
    make_ca("ca.pem"); /* not used: pins were given */
    ck_assert_str_eq(trusted(&choice), "2 pinned keys");
    strlist_done(&two);
}
END_TEST

START_TEST(pins_and_ca_go_together) {
    struct strlist one = pins(1);
    struct trust_choice choice = {.ca = make_ca("named.pem"), .pins = &one};
    ck_assert_ptr_nonnull(strstr(trusted(&choice), "named.pem and 1 pinned key"));
    strlist_done(&one);
}
END_TEST

START_TEST(the_state_folders_ca_is_found) {
    struct trust_choice choice = {.state_folder = unit_folder()};
    ck_assert_str_eq(trusted(&choice), "the system's certificate store");
    make_ca("ca.pem");
    ck_assert_str_eq(trusted(&choice), unit_path("ca.pem"));
}
END_TEST

START_TEST(own_certificate_that_has_expired_is_a_warning) {
    for (unsigned days = 0; days <= 1; days++) {
        const char *ca = make_ca("named.pem");
        struct trust_choice choice = {.ca = ca, .certificate = make_own(ca, days), .key = unit_path("agent.key")};
        struct trust *trust = trust_new(&choice, &error);
        ck_assert_msg(trust, "%s", error.text);
        struct error warning = {""};
        ck_assert_int_eq(trust_check_dates(trust, &warning), days ? 0 : -1);
        ck_assert_int_eq(strncmp(warning.text, choice.certificate, strlen(choice.certificate)) == 0, days == 0);
        ck_assert_int_eq(!strstr(warning.text, " has expired: it ended on "), days > 0);
        trust_free(trust);
    }
    struct trust *without = trust_new(&(struct trust_choice){0}, &error);
    ck_assert_msg(without, "%s", error.text);
    ck_assert_int_eq(trust_check_dates(without, &error), 0);
    trust_free(without);
}
END_TEST

START_TEST(with_nothing_named_the_systems_store_verifies) {
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

/* Contexts are looked at once a second: waits for that, no longer. */
static bool is_another(void *context) {
    void **known = context;
    return trust_context(known[0], NULL, "") != known[1];
}

START_TEST(a_renewed_file_is_read_again) {
    struct trust *trust = trust_new(&(struct trust_choice){.ca = make_ca("named.pem")}, &error);
    ck_assert_ptr_nonnull(trust);
    void *known[] = {trust, trust_context(trust, NULL, "")};
    ck_assert(!is_another(known));
    SSL_CTX_up_ref(known[1]); /* else the new one may get its address */
    make_ca("named.pem");
    ck_assert(unit_wait_until(is_another, known, 5000));
    SSL_CTX_free(known[1]);
    trust_free(trust);
}
END_TEST

START_TEST(a_changed_store_of_the_system_is_read_again) {
    unit_set_environment("SSL_CERT_FILE", make_ca("system.pem"));
    struct trust *trust = trust_new(&(struct trust_choice){0}, &error);
    ck_assert_ptr_nonnull(trust);
    void *known[] = {trust, trust_context(trust, NULL, "")};
    SSL_CTX_up_ref(known[1]); /* else the new one may get its address */
    make_ca("system.pem");
    ck_assert(unit_wait_until(is_another, known, 5000));
    SSL_CTX_free(known[1]);
    trust_free(trust);
}
END_TEST

START_TEST(a_malformed_file_leaves_the_old_context) {
    struct log *log = unit_log(LOG_LEVEL_INFO);
    struct trust *trust = trust_new(&(struct trust_choice){.ca = make_ca("named.pem")}, &error);
    SSL_CTX *before = trust_context(trust, log, "server a:1");
    unit_text_file("named.pem", "half a certifi");
    uint64_t end = clock_ms() + 1200; /* when it has looked, at the latest */
    while (clock_ms() < end)
        ck_assert_ptr_eq(trust_context(trust, log, "server a:1"), before);
    trust_free(trust);
    log_free(log);
    char *text = unit_read(unit_path("log"), NULL);
    ck_assert_ptr_nonnull(strstr(text, "the old ones stay in use"));
    ck_assert_ptr_nonnull(strstr(text, "named.pem"));
    free(text);
}
END_TEST

static TCase *renewal(void) {
    TCase *group = tcase_create("renewal");
    tcase_add_test(group, a_renewed_file_is_read_again);
    tcase_add_test(group, a_changed_store_of_the_system_is_read_again);
    tcase_add_test(group, a_malformed_file_leaves_the_old_context);
    return group;
}

static TCase *choices(void) {
    TCase *group = tcase_create("choices");
    tcase_add_test(group, a_named_ca_is_taken);
    tcase_add_test(group, pins_alone_are_enough);
    tcase_add_test(group, pins_and_ca_go_together);
    tcase_add_test(group, the_state_folders_ca_is_found);
    tcase_add_test(group, own_certificate_that_has_expired_is_a_warning);
    tcase_add_test(group, with_nothing_named_the_systems_store_verifies);
    tcase_add_test(group, a_missing_ca_is_an_error);
    tcase_add_test(group, a_broken_ca_in_the_state_folder_is_an_error);
    return group;
}

UNIT_MAIN("agent/identity/trust", choices, renewal)
