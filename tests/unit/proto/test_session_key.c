/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_session_key: ids and keys of sessions, and whose they are.
 */
#include "config.h"

#include "unit.h"

#include "proto/session_key.h"

#include <stdio.h>
#include <string.h>

static const uint8_t secret[SECRET_SIZE] = {1, 2, 3}, another[SECRET_SIZE] = {1, 2, 4};

static void name(char id[SESSION_ID_HEX]) {
    ck_assert_int_eq(session_key_name(id, secret), 0);
    ck_assert_uint_eq(strlen(id), 32);
}

START_TEST(sessions_have_ids_and_keys_of_their_own) {
    char a[SESSION_ID_HEX], b[SESSION_ID_HEX];
    uint8_t key_a[SECRET_SIZE], key_b[SECRET_SIZE], again[SECRET_SIZE];
    name(a);
    name(b);
    ck_assert_str_ne(a, b);
    ck_assert(session_key_find(key_a, secret, a));
    ck_assert(session_key_find(key_b, secret, b));
    ck_assert_mem_ne(key_a, key_b, SECRET_SIZE);
    ck_assert(session_key_find(again, secret, a));
    ck_assert_mem_eq(key_a, again, SECRET_SIZE);
}
END_TEST

START_TEST(the_key_for_tls_is_another_and_the_same_at_both_ends) {
    char id[SESSION_ID_HEX];
    uint8_t key[SECRET_SIZE], agents[SECRET_SIZE], servers[SECRET_SIZE];
    name(id);
    ck_assert(session_key_find(key, secret, id));
    ck_assert_int_eq(session_key_for_tls(agents, key), 0);
    ck_assert_mem_ne(agents, key, SECRET_SIZE);
    ck_assert(session_key_find_for_tls(servers, secret, id));
    ck_assert_mem_eq(agents, servers, SECRET_SIZE);
}
END_TEST

START_TEST(another_process_knows_none_of_them) {
    char id[SESSION_ID_HEX];
    uint8_t key[SECRET_SIZE];
    name(id);
    ck_assert(!session_key_find(key, another, id));
    ck_assert(!session_key_find_for_tls(key, another, id));
}
END_TEST

START_TEST(each_digit_of_an_id_counts) {
    char id[SESSION_ID_HEX];
    uint8_t key[SECRET_SIZE];
    name(id);
    for (size_t i = 0; i < 32; i++) {
        char right = id[i];
        id[i] = right == '0' ? '1' : '0';
        ck_assert_msg(!session_key_find(key, secret, id), "digit %zu", i);
        id[i] = right;
    }
    ck_assert(session_key_find(key, secret, id));
}
END_TEST

static const char *const no_ids[] = {
    "",
    "0",
    "session",
    "0123456789abcdef",
    "0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s",
    "0123456789abcdef0123456789abcde\n",
};

START_TEST(what_is_no_id_has_no_key) {
    uint8_t key[SECRET_SIZE];
    ck_assert(!session_key_find(key, secret, no_ids[_i]));
}
END_TEST

START_TEST(an_id_with_more_or_less_behind_it_is_none) {
    char id[SESSION_ID_HEX], changed[SESSION_ID_HEX + 2];
    uint8_t key[SECRET_SIZE];
    name(id);
    snprintf(changed, sizeof changed, "%s0", id);
    ck_assert(!session_key_find(key, secret, changed));
    snprintf(changed, sizeof changed, " %s", id);
    ck_assert(!session_key_find(key, secret, changed));
    id[31] = '\0';
    ck_assert(!session_key_find(key, secret, id));
}
END_TEST

static TCase *keys(void) {
    TCase *group = tcase_create("keys");
    tcase_add_test(group, sessions_have_ids_and_keys_of_their_own);
    tcase_add_test(group, the_key_for_tls_is_another_and_the_same_at_both_ends);
    tcase_add_test(group, another_process_knows_none_of_them);
    tcase_add_test(group, each_digit_of_an_id_counts);
    tcase_add_loop_test(group, what_is_no_id_has_no_key, 0, (int)(sizeof no_ids / sizeof no_ids[0]));
    tcase_add_test(group, an_id_with_more_or_less_behind_it_is_none);
    return group;
}

UNIT_MAIN("proto/session_key", keys)
