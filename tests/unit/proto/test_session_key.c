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
    char id[SESSION_ID_HEX], identity[SESSION_IDENTITY_SIZE];
    uint8_t key[SECRET_SIZE], agents[SECRET_SIZE], servers[SECRET_SIZE];
    name(id);
    session_key_identify(identity, id, 7);
    ck_assert(session_key_find(key, secret, id));
    ck_assert_int_eq(session_key_for_tls(agents, key), 0);
    ck_assert_mem_ne(agents, key, SECRET_SIZE);
    ck_assert(session_key_find_for_tls(servers, secret, identity));
    ck_assert_mem_eq(agents, servers, SECRET_SIZE);
}
END_TEST

START_TEST(another_process_knows_none_of_them) {
    char id[SESSION_ID_HEX], identity[SESSION_IDENTITY_SIZE];
    uint8_t key[SECRET_SIZE];
    name(id);
    session_key_identify(identity, id, 7);
    ck_assert(!session_key_find(key, another, id));
    ck_assert(!session_key_find_for_tls(key, another, identity));
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

/* ---- identities: an id and a number ---- */

START_TEST(an_identity_is_an_id_and_a_number) {
    static const uint64_t numbers[] = {1, 9, 10, 4294967296, UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char id[SESSION_ID_HEX], again[SESSION_ID_HEX], identity[SESSION_IDENTITY_SIZE];
        uint64_t number = 0;
        name(id);
        session_key_identify(identity, id, numbers[i]);
        ck_assert(session_key_split(again, &number, identity));
        ck_assert_str_eq(again, id);
        ck_assert_uint_eq(number, numbers[i]);
    }
}
END_TEST

#define SOME_ID "0123456789abcdef0123456789abcdef"

static const char *const no_identities[] = {
    "",
    ".",
    ".1",
    "1.1",
    SOME_ID,
    SOME_ID ".",
    SOME_ID ".0",
    SOME_ID ".01",
    SOME_ID ".+1",
    SOME_ID ".-1",
    SOME_ID ". 1",
    SOME_ID ".1 ",
    SOME_ID ".1.1",
    SOME_ID ".0x1",
    SOME_ID "0.1",
    SOME_ID ".18446744073709551616",
    SOME_ID ".99999999999999999999",
};

/* Each link has one way to be written: another way would be another link's. */
START_TEST(what_is_no_identity_has_no_key) {
    char id[SESSION_ID_HEX];
    uint8_t key[SECRET_SIZE];
    uint64_t number;
    ck_assert_msg(!session_key_split(id, &number, no_identities[_i]), "%s", no_identities[_i]);
    ck_assert(!session_key_find_for_tls(key, secret, no_identities[_i]));
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

static TCase *identities(void) {
    TCase *group = tcase_create("identities");
    tcase_add_test(group, an_identity_is_an_id_and_a_number);
    tcase_add_loop_test(group, what_is_no_identity_has_no_key, 0,
                        (int)(sizeof no_identities / sizeof no_identities[0]));
    return group;
}

UNIT_MAIN("proto/session_key", keys, identities)
