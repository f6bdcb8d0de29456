/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_identity: which servers an agent serves, with which credential and which trust: named, joined or found.
 */
#include "config.h"

#include "agent/identity/identity.h"
#include "unit.h"
#include "unit_log.h"

#include "lib/tls/cert_issue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIN "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct agent_options options;
static struct known_servers *joined;
static struct identity_set *identities;
static struct error error;

static void make_token(char text[AUTH_TOKEN_TEXT], const char *name) {
    struct auth_token token;
    ck_assert_int_eq(auth_token_make(&token, name), 0);
    auth_token_format(&token, text);
}

static const char *token_file(const char *file, const char *name) {
    char text[AUTH_TOKEN_TEXT];
    make_token(text, name);
    return unit_text_file(file, text);
}

/* As if a code for a.example had been taken. */
static void join_one(void) {
    char address[] = "a.example:10001", token[AUTH_TOKEN_TEXT];
    struct known_server server = {.address = address, .token = token};
    make_token(token, "by-code");
    ck_assert_int_eq(strlist_add(&server.pins, PIN), 0);
    ck_assert_msg(known_servers_put(joined, &server, &error) == 0, "%s", error.text);
    strlist_done(&server.pins);
}

static void set_up(void) {
    unsetenv("CREDENTIALS_DIRECTORY");
    options = (struct agent_options){0};
    joined = known_servers_read(unit_folder(), &error);
    ck_assert_ptr_nonnull(joined);
}

static void tear_down(void) {
    strlist_done(&options.servers);
    known_servers_free(joined);
    identity_free(identities);
}

static void name_server(const char *address) {
    ck_assert_int_eq(strlist_add(&options.servers, address), 0);
}

static void make(size_t count) {
    identities = identity_make(&options, joined, unit_folder(), &error);
    ck_assert_msg(identities, "%s", error.text);
    ck_assert_uint_eq(identity_count(identities), count);
}

static const struct server_identity *server(size_t index) {
    return &identity_servers(identities)[index];
}

START_TEST(each_named_server_is_one) {
    name_server("a.example:10001");
    name_server("b.example:10001");
    make(2);
    ck_assert_str_eq(server(1)->text, "b.example:10001");
    ck_assert_ptr_nonnull(server(1)->trust);
    ck_assert(!server(1)->token->present);
    ck_assert_str_eq(identity_unproved(identities), "a.example:10001");
}
END_TEST

START_TEST(a_found_token_serves_for_all) {
    token_file("agent.token", "found");
    name_server("a.example:10001");
    name_server("b.example:10001");
    make(2);
    ck_assert_str_eq(server(0)->token->credential, "found");
    ck_assert_str_eq(server(1)->token->credential, "found");
    ck_assert_ptr_null(identity_unproved(identities));
}
END_TEST

START_TEST(the_service_managers_folder_is_asked) {
    char text[AUTH_TOKEN_TEXT];
    name_server("a.example:10001");
    make_token(text, "managed");
    unit_text_file("agent.token", text);
    setenv("CREDENTIALS_DIRECTORY", unit_folder(), 1);
    identities = identity_make(&options, joined, unit_path("empty"), &error);
    ck_assert_ptr_nonnull(identities);
    ck_assert_str_eq(server(0)->token->credential, "managed");
}
END_TEST

START_TEST(an_empty_credentials_folder_is_none) {
    char text[AUTH_TOKEN_TEXT];
    name_server("a.example:10001");
    make_token(text, "found-by-chance");
    unit_text_file("agent.token", text);
    ck_assert_int_eq(chdir(unit_folder()), 0); /* where an empty name would lead */
    setenv("CREDENTIALS_DIRECTORY", "", 1);
    identities = identity_make(&options, joined, unit_path("empty"), &error);
    ck_assert_ptr_nonnull(identities);
    ck_assert(!server(0)->token->present);
}
END_TEST

START_TEST(a_joined_server_has_its_own_token) {
    token_file("agent.token", "found");
    join_one();
    name_server("a.example:10001");
    name_server("b.example:10001");
    make(2);
    ck_assert_str_eq(server(0)->token->credential, "by-code");
    ck_assert_str_eq(server(1)->token->credential, "found");
}
END_TEST

static void write_pair(const char *certificate, const char *key) {
    const struct cert_request ca = {.common_name = "CA", .days = 5, .use = CERT_CA};
    const struct cert_request agent = {.common_name = "web1", .days = 5, .use = CERT_CLIENT};
    ck_assert_int_eq(cert_issue(&ca, NULL, NULL, unit_path("made-ca.pem"), unit_path("made-ca.key"), &error), 0);
    ck_assert_int_eq(cert_issue(&agent, unit_path("made-ca.pem"), unit_path("made-ca.key"), unit_path(certificate),
                                unit_path(key), &error),
                     0);
}

static bool shows_certificate(void) {
    return SSL_CTX_get0_certificate(trust_context(server(0)->trust, NULL, ""));
}

/* ---- every pair of the order: the earlier one wins ---- */

enum place { NAMED_FILE, NAMED_CODE, CREDENTIALS_FOLDER, BESIDE_CA, STORED_CODE, STATE_FOLDER, PLACES };
static const char *const winners[PLACES] = {"named", "by-code", "managed", "beside", "by-code", "found"};

static const char *write_token(const char *folder, const char *name) {
    char text[AUTH_TOKEN_TEXT], path[64];
    make_token(text, name);
    snprintf(path, sizeof path, "%s/agent.token", folder);
    ck_assert(mkdir(unit_path(folder), 0700) == 0 || errno == EEXIST);
    return unit_text_file(path, text);
}

static void make_ca(const char *folder) {
    const struct cert_request ca = {.common_name = "CA", .days = 5, .use = CERT_CA};
    char path[64];
    snprintf(path, sizeof path, "%s/ca.pem", folder);
    ck_assert(mkdir(unit_path(folder), 0700) == 0 || errno == EEXIST);
    ck_assert_int_eq(cert_issue(&ca, NULL, NULL, unit_path(path), unit_path("made.key"), &error), 0);
}

static void put_token(enum place place) {
    switch (place) {
    case NAMED_FILE:
        options.token_file = (char *)(uintptr_t)token_file("named", "named");
        break;
    case NAMED_CODE:
    case STORED_CODE:
        join_one();
        options.join = place == NAMED_CODE ? (char *)(uintptr_t) "-" : options.join;
        break;
    case CREDENTIALS_FOLDER:
        write_token("managed", "managed");
        setenv("CREDENTIALS_DIRECTORY", unit_path("managed"), 1);
        break;
    case BESIDE_CA:
        make_ca("beside");
        write_token("beside", "beside");
        options.ca = (char *)(uintptr_t)unit_path("beside/ca.pem");
        break;
    default:
        token_file("agent.token", "found");
    }
}

START_TEST(of_two_credentials_the_earlier_of_the_order_wins) {
    enum place first = (enum place)(_i / PLACES), second = (enum place)(_i % PLACES);
    if (first >= second)
        return;
    name_server("a.example:10001");
    put_token(second);
    put_token(first);
    make(1);
    ck_assert_msg(strcmp(server(0)->token->credential, winners[first]) == 0, "of %d and %d it took that of %s", first,
                  second, server(0)->token->credential);
}
END_TEST

/* As on a server's own machine: the folder holds the first server's CA and a token for its agents. */
START_TEST(what_was_found_for_another_server_is_not_offered) {
    make_ca("");
    token_file("agent.token", "found");
    write_pair("agent.pem", "agent.key");
    name_server("a.example:10001");
    make(1);
    ck_assert_str_eq(server(0)->token->credential, "found");
    ck_assert(shows_certificate());
    identity_free(identities);
    make_ca("other");
    options.ca = (char *)(uintptr_t)unit_path("other/ca.pem");
    make(1);
    ck_assert(!server(0)->token->present);
    ck_assert(!shows_certificate());
    ck_assert_str_eq(identity_unproved(identities), "a.example:10001");
    identity_free(identities);
    options.ca = NULL;
    ck_assert_int_eq(strlist_add(&options.pins, PIN), 0);
    make(1);
    ck_assert(!server(0)->token->present);
    strlist_done(&options.pins);
}
END_TEST

START_TEST(a_named_token_file_goes_before_the_code) {
    join_one();
    options.token_file = (char *)(uintptr_t)token_file("named", "named");
    name_server("a.example:10001");
    make(1);
    ck_assert_str_eq(server(0)->token->credential, "named");
}
END_TEST

START_TEST(with_no_server_named_all_joined_are_served) {
    join_one();
    make(1);
    ck_assert_str_eq(server(0)->text, "a.example:10001");
    ck_assert_str_eq(server(0)->token->credential, "by-code");
}
END_TEST

START_TEST(with_nothing_named_and_nothing_joined_the_error_says_what_to_write) {
    ck_assert_ptr_null(identity_make(&options, joined, unit_folder(), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "--join"));
}
END_TEST

START_TEST(a_certificate_lies_where_a_token_would) {
    name_server("a.example:10001");
    make(1);
    ck_assert(!shows_certificate());
    identity_free(identities);
    write_pair("agent.pem", "agent.key"); /* in the state folder */
    make(1);
    ck_assert(shows_certificate());
    ck_assert_ptr_null(identity_unproved(identities));
}
END_TEST

START_TEST(half_a_certificate_is_an_error) {
    name_server("a.example:10001");
    write_pair("agent.pem", "elsewhere.key");
    ck_assert_ptr_null(identity_make(&options, joined, unit_folder(), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "agent.pem exists, but"));
}
END_TEST

START_TEST(too_many_servers_are_an_error) {
    for (int i = 0; i < 65; i++)
        name_server("a.example:10001");
    ck_assert_ptr_null(identity_make(&options, joined, unit_folder(), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "64"));
}
END_TEST

START_TEST(a_bad_token_file_is_an_error) {
    options.token_file = (char *)(uintptr_t)unit_text_file("named", "no token");
    name_server("a.example:10001");
    ck_assert_ptr_null(identity_make(&options, joined, unit_folder(), &error));
    ck_assert_msg(strncmp(error.text, "--token-file: ", 14) == 0, "%s", error.text);
}
END_TEST

START_TEST(an_error_names_the_option_or_the_file) {
    char file[] = "agent.json";
    options.file = file;
    options.token_file = (char *)(uintptr_t)unit_text_file("named", "no token");
    name_server("a.example:10001");
    ck_assert_ptr_null(identity_make(&options, joined, unit_folder(), &error));
    ck_assert_msg(strncmp(error.text, "agent.json: token_file: ", 24) == 0, "%s", error.text);
    options.by_flag.token_file = true;
    ck_assert_ptr_null(identity_make(&options, joined, unit_folder(), &error));
    ck_assert_msg(strncmp(error.text, "--token-file: ", 14) == 0, "%s", error.text);
}
END_TEST

/* ---- the log ---- */

static char *logged(void) {
    struct log *log = unit_log(LOG_LEVEL_INFO);
    identity_log(identities, log);
    log_free(log);
    return unit_read(unit_path("log"), NULL);
}

START_TEST(the_log_has_the_credentials_that_there_are_and_no_others) {
    token_file("agent.token", "found");
    name_server("a.example:10001");
    make(1);
    char *text = logged();
    ck_assert_ptr_nonnull(strstr(text, "server a.example:10001  configured verified_by="));
    ck_assert_ptr_nonnull(strstr(text, "credential=found token=/"));
    ck_assert_ptr_null(strstr(text, "certificate="));
    ck_assert_ptr_null(strstr(text, "no token"));
    free(text);
}
END_TEST

/* As after a rotation: the new code is stored, but the old agent.token lies beside --ca. */
START_TEST(a_file_that_goes_before_a_stored_code_is_warned_of) {
    name_server("a.example:10001");
    put_token(BESIDE_CA);
    put_token(STORED_CODE);
    make(1);
    ck_assert_str_eq(server(0)->token->credential, "beside");
    ck_assert_str_eq(server(0)->file_before_code, unit_path("beside/agent.token"));
    char *text = logged();
    ck_assert_ptr_nonnull(strstr(text, "a token file goes before it, and they differ"));
    ck_assert_ptr_nonnull(strstr(text, "beside/agent.token"));
    free(text);
    identity_free(identities);
    options.join = (char *)(uintptr_t) "-";
    make(1);
    ck_assert_str_eq(server(0)->token->credential, "by-code");
    ck_assert_str_eq(server(0)->file_before_code, unit_path("beside/agent.token"));
}
END_TEST

START_TEST(a_file_with_the_token_of_the_stored_code_is_not_warned_of) {
    name_server("a.example:10001");
    put_token(BESIDE_CA);
    put_token(STORED_CODE);
    unit_text_file("beside/agent.token", known_servers_at(joined, 0)->token);
    make(1);
    ck_assert_str_eq(server(0)->token->from, unit_path("beside/agent.token"));
    ck_assert_str_eq(server(0)->file_before_code, "");
    identity_free(identities);
    ck_assert_int_eq(remove(unit_path("beside/agent.token")), 0);
    put_token(STATE_FOLDER);
    make(1);
    ck_assert_str_eq(server(0)->file_before_code, "");
}
END_TEST

START_TEST(without_credentials_the_log_warns_and_names_where_it_looked) {
    name_server("a.example:10001");
    make(1);
    char *text = logged();
    ck_assert_ptr_null(strstr(text, "credential="));
    ck_assert_ptr_nonnull(strstr(text, "no token and no certificate: most servers will reject this agent"));
    ck_assert_ptr_nonnull(strstr(text, "/agent.token"));
    free(text);
}
END_TEST

static TCase *choosing(void) {
    TCase *group = tcase_create("choosing");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, each_named_server_is_one);
    tcase_add_test(group, a_found_token_serves_for_all);
    tcase_add_test(group, the_service_managers_folder_is_asked);
    tcase_add_test(group, an_empty_credentials_folder_is_none);
    tcase_add_test(group, a_joined_server_has_its_own_token);
    tcase_add_loop_test(group, of_two_credentials_the_earlier_of_the_order_wins, 0, PLACES * PLACES);
    tcase_add_test(group, what_was_found_for_another_server_is_not_offered);
    tcase_add_test(group, a_named_token_file_goes_before_the_code);
    tcase_add_test(group, a_file_that_goes_before_a_stored_code_is_warned_of);
    tcase_add_test(group, a_file_with_the_token_of_the_stored_code_is_not_warned_of);
    tcase_add_test(group, with_no_server_named_all_joined_are_served);
    tcase_add_test(group, with_nothing_named_and_nothing_joined_the_error_says_what_to_write);
    tcase_add_test(group, a_certificate_lies_where_a_token_would);
    tcase_add_test(group, half_a_certificate_is_an_error);
    tcase_add_test(group, too_many_servers_are_an_error);
    tcase_add_test(group, a_bad_token_file_is_an_error);
    tcase_add_test(group, an_error_names_the_option_or_the_file);
    tcase_add_test(group, the_log_has_the_credentials_that_there_are_and_no_others);
    tcase_add_test(group, without_credentials_the_log_warns_and_names_where_it_looked);
    return group;
}

UNIT_MAIN("agent/identity/identity", choosing)
