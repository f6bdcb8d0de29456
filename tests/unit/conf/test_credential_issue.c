/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_credential_issue: a new token goes in front, no valid one is dropped for it, and dates are taken as people write
 * them.
 */
#include "config.h"

#include "conf/credential_issue.h"
#include "unit.h"

#include <string.h>
#include <time.h>

static struct credential make(int keys) {
    char name[] = "web";
    struct credential credential = {.name = strdup(name), .key_count = keys};

    for (int i = 0; i < keys; i++)
        memset(credential.keys[i].key, i + 1, SECRET_SIZE);
    return credential;
}

START_TEST(a_date_is_a_span_or_a_day_to_come) {
    struct error error = {""};
    time_t moment = 0, now = time(NULL);

    ck_assert_int_eq(credential_parse_end(&moment, "2d", &error), 0);
    ck_assert(moment >= now + 2 * 86400 && moment <= now + 2 * 86400 + 60);
    ck_assert_int_eq(credential_parse_end(&moment, "2999-01-31", &error), 0);
    ck_assert_int_eq(credential_parse_end(&moment, "1999-01-31", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "in the past"));
    ck_assert_int_eq(credential_parse_end(&moment, "soon", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is not a date"));
}
END_TEST

START_TEST(the_new_token_is_the_first) {
    struct credential credential = make(1);
    struct error error = {""};
    struct auth_token token;
    uint8_t key[SECRET_SIZE];
    time_t until = time(NULL) + 1000;

    ck_assert_int_eq(credential_make_room(&credential, until, "agents.json", &error), 0);
    ck_assert_int_eq(credential_add_token(&credential, &token, &error), 0);
    auth_token_key(&token, key);
    ck_assert_int_eq(credential.key_count, 2);
    ck_assert_mem_eq(credential.keys[0].key, key, SECRET_SIZE);
    ck_assert_int_eq(credential.keys[0].until, 0);
    ck_assert_int_eq(credential.keys[1].key[0], 1);
    ck_assert_int_eq(credential.keys[1].until, until);
    ck_assert_str_eq(token.name, "web");
    credential_done(&credential);
}
END_TEST

START_TEST(keys_that_have_ended_make_room_and_valid_ones_do_not) {
    struct credential credential = make(CREDENTIAL_KEYS);
    struct error error = {""};
    time_t now = time(NULL);

    for (int i = 1; i < CREDENTIAL_KEYS; i++)
        credential.keys[i].until = now + 1000;
    ck_assert_int_eq(credential_make_room(&credential, now + 10, "agents.json", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "still valid"));
    credential.keys[CREDENTIAL_KEYS - 1].until = now - 1;
    ck_assert_int_eq(credential_make_room(&credential, now + 10, "agents.json", &error), 0);
    ck_assert_int_eq(credential.key_count, CREDENTIAL_KEYS - 1);
    ck_assert_int_eq(credential.keys[0].until, now + 10);
    ck_assert_int_eq(credential.keys[1].until, now + 1000);
    credential_done(&credential);
}
END_TEST

static TCase *tokens(void) {
    TCase *group = tcase_create("tokens");

    tcase_add_test(group, a_date_is_a_span_or_a_day_to_come);
    tcase_add_test(group, the_new_token_is_the_first);
    tcase_add_test(group, keys_that_have_ended_make_room_and_valid_ones_do_not);
    return group;
}

UNIT_MAIN("conf/credential_issue", tokens)
