/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_credential_files: where the token is looked for, in which order, and what is wrong with a file.
 */
#include "config.h"

#include "agent/identity/credential_files.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct token token;
static struct error error;

/* A token file `path` (below the test's folder) for a credential of this name. */
static const char *make_token(const char *path, const char *name) {
    struct auth_token made;
    char text[AUTH_TOKEN_TEXT];

    ck_assert_int_eq(auth_token_make(&made, name), 0);
    auth_token_format(&made, text);
    return unit_text_file(path, text);
}

static const char *make_folder(const char *name) {
    const char *path = unit_path(name);

    ck_assert_int_eq(mkdir(path, 0700), 0);
    return path;
}

static struct credential_places four_places(void) {
    const char *credentials = make_folder("credentials"), *state = make_folder("state");

    make_folder("ca");
    make_token("credentials/agent.token", "from-credentials");
    make_token("ca/agent.token", "beside-ca");
    make_token("state/agent.token", "from-state");
    return (struct credential_places){.token_file = make_token("said.token", "said"),
                                      .credentials_folder = credentials,
                                      .ca = unit_path("ca/ca.pem"),
                                      .state_folder = state};
}

static const char *found(const struct credential_places *places) {
    ck_assert_msg(token_find(&token, places, &error) == 0, "%s", error.text);
    return token.present ? token.credential : "none";
}

START_TEST(places_are_asked_in_order) {
    struct credential_places places = four_places();

    ck_assert_str_eq(found(&places), "said");
    places.token_file = NULL;
    ck_assert_str_eq(found(&places), "from-credentials");
    unlink(unit_path("credentials/agent.token"));
    ck_assert_str_eq(found(&places), "beside-ca");
    unlink(unit_path("ca/agent.token"));
    ck_assert_str_eq(found(&places), "from-state");
    unlink(unit_path("state/agent.token"));
    ck_assert_str_eq(found(&places), "none");
}
END_TEST

START_TEST(places_that_are_not_named_are_skipped) {
    ck_assert_str_eq(found(&(struct credential_places){0}), "none");
}
END_TEST

START_TEST(places_are_named_for_people) {
    struct credential_places places = {.ca = "/x/ca.pem", .state_folder = "/s"};
    char text[200], cut[12];

    credential_places_describe(&places, text, sizeof text);
    ck_assert_str_eq(text, "/x/agent.token, /s/agent.token");
    credential_places_describe(&places, cut, sizeof cut);
    ck_assert_uint_lt(strlen(cut), sizeof cut);
}
END_TEST

START_TEST(key_is_the_tokens) {
    struct credential_places places = {.token_file = make_token("t", "web1")};
    struct auth_token parsed;
    uint8_t key[SECRET_SIZE];
    char *text = unit_read(places.token_file, NULL);

    ck_assert_str_eq(found(&places), "web1");
    ck_assert_int_eq(auth_token_parse(&parsed, text, &error), 0);
    auth_token_key(&parsed, key);
    ck_assert_mem_eq(token.key, key, sizeof key);
    free(text);
}
END_TEST

START_TEST(a_named_file_must_exist) {
    struct credential_places places = {.token_file = unit_path("nowhere"), .state_folder = make_folder("state")};

    make_token("state/agent.token", "other");
    ck_assert_int_eq(token_find(&token, &places, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "nowhere"));
}
END_TEST

START_TEST(a_world_readable_file_is_an_error_and_not_skipped) {
    struct credential_places places = {.ca = unit_path("ca.pem"), .state_folder = make_folder("state")};

    make_token("state/agent.token", "other");
    ck_assert_int_eq(chmod(make_token("agent.token", "web1"), 0644), 0);
    ck_assert_int_eq(token_find(&token, &places, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "agent.token"));
}
END_TEST

START_TEST(unreadable_file_is_an_error) {
    struct credential_places places = {.state_folder = unit_folder()};

    if (geteuid() == 0) { /* root reads everything: a folder in its place is as unreadable */
        make_folder("agent.token");
    } else {
        ck_assert_int_eq(chmod(make_token("agent.token", "web1"), 0), 0);
    }
    ck_assert_int_eq(token_find(&token, &places, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "agent.token"));
}
END_TEST

START_TEST(what_is_no_token_is_an_error_that_names_the_file) {
    struct credential_places places = {.token_file = unit_text_file("t", "web1:1234\n")};

    ck_assert_int_eq(token_find(&token, &places, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, places.token_file));
    ck_assert_ptr_null(strstr(error.text, "1234")); /* nothing of a secret in an error */
    ck_assert(!token.present);
}
END_TEST

START_TEST(refresh_takes_a_rotated_token) {
    struct credential_places places = {.token_file = make_token("t", "web1")};
    uint8_t old[SECRET_SIZE];

    ck_assert_str_eq(found(&places), "web1");
    memcpy(old, token.key, sizeof old);
    ck_assert(!token_refresh(&token));
    make_token("t", "web1");
    ck_assert(token_refresh(&token));
    ck_assert_mem_ne(token.key, old, sizeof old);
    ck_assert_str_eq(token.from, places.token_file);
}
END_TEST

START_TEST(refresh_keeps_the_old_one_when_the_file_is_bad) {
    struct credential_places places = {.token_file = make_token("t", "web1")};

    ck_assert_str_eq(found(&places), "web1");
    unit_text_file("t", "half a tok");
    ck_assert(!token_refresh(&token));
    unlink(places.token_file);
    ck_assert(!token_refresh(&token));
    ck_assert_str_eq(token.credential, "web1");
    ck_assert(token.present);
}
END_TEST

static TCase *discovery(void) {
    TCase *group = tcase_create("discovery");

    tcase_add_test(group, places_are_asked_in_order);
    tcase_add_test(group, places_that_are_not_named_are_skipped);
    tcase_add_test(group, places_are_named_for_people);
    tcase_add_test(group, key_is_the_tokens);
    return group;
}

static TCase *faults(void) {
    TCase *group = tcase_create("faults");

    tcase_add_test(group, a_named_file_must_exist);
    tcase_add_test(group, a_world_readable_file_is_an_error_and_not_skipped);
    tcase_add_test(group, unreadable_file_is_an_error);
    tcase_add_test(group, what_is_no_token_is_an_error_that_names_the_file);
    return group;
}

static TCase *refreshing(void) {
    TCase *group = tcase_create("refreshing");

    tcase_add_test(group, refresh_takes_a_rotated_token);
    tcase_add_test(group, refresh_keeps_the_old_one_when_the_file_is_bad);
    return group;
}

UNIT_MAIN("agent/identity/credential_files", discovery, faults, refreshing)
