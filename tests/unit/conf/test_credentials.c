/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_credentials: who is let in and who is not.
 */
#include "config.h"

#include "unit.h"

#include "conf/credentials.h"
#include "proto/auth_proof.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1800000000 };

static const uint8_t channel[SECRET_SIZE] = {7};

static struct credential named(const char *name, char *const *groups, size_t count, uint8_t key) {
    struct credential made = {.name = (char *)name, .key_count = 1, .groups = {(char **)groups, count}};
    memset(made.keys[0].key, key, SECRET_SIZE);
    return made;
}

static void prove(uint8_t proof[SECRET_SIZE], uint8_t with) {
    uint8_t key[SECRET_SIZE];
    memset(key, with, sizeof key);
    ck_assert_int_eq(auth_proof_make(proof, key, AUTH_PROOF_AGENT, channel), 0);
}

static bool admits(const struct credentials *credentials, const char *name, uint8_t with, time_t now) {
    const struct credential *found = (const struct credential *)1;
    const uint8_t *key = (const uint8_t *)1;
    uint8_t proof[SECRET_SIZE];
    prove(proof, with);
    bool in = credentials_check(credentials, name, proof, channel, now, &found, &key);
    ck_assert_int_eq(in, !!found);
    ck_assert_int_eq(in, !!key);
    if (in) {
        ck_assert_str_eq(found->name, name);
        ck_assert_int_eq(key[0], with);
    }
    return in;
}

static struct credentials *with_web1(void) {
    char group[] = "web", *groups[] = {group};
    struct credential web1 = named("web1", groups, 1, 1);
    struct credentials *credentials = credentials_new();
    ck_assert_int_eq(credentials_put(credentials, &web1, NULL), 0);
    return credentials;
}

START_TEST(only_the_right_key_of_the_right_name_gets_in) {
    struct credentials *credentials = with_web1();
    ck_assert(admits(credentials, "web1", 1, NOW));
    ck_assert(!admits(credentials, "web1", 2, NOW));
    ck_assert(!admits(credentials, "web2", 1, NOW));
    ck_assert(!admits(credentials, "", 1, NOW));
    credentials_free(credentials);
}
END_TEST

START_TEST(the_key_of_unknown_names_lets_none_in) {
    struct credentials *credentials = with_web1();
    ck_assert(!admits(credentials, "unknown", 0, NOW));
    ck_assert(!admits(credentials, "web1", 0, NOW)); /* its missing keys are checked by the same dummy */
    credentials_free(credentials);
    credentials = credentials_new();
    ck_assert(!admits(credentials, "", 0, NOW));
    credentials_free(credentials);
}
END_TEST

START_TEST(a_proof_of_another_channel_or_role_is_none) {
    struct credentials *credentials = with_web1();
    const struct credential *found;
    const uint8_t *key;
    uint8_t proof[SECRET_SIZE], own[SECRET_SIZE], other[SECRET_SIZE] = {8};
    memset(own, 1, sizeof own);
    prove(proof, 1);
    ck_assert(!credentials_check(credentials, "web1", proof, other, NOW, &found, &key));
    ck_assert_int_eq(auth_proof_make(proof, own, AUTH_PROOF_SERVER, channel), 0);
    ck_assert(!credentials_check(credentials, "web1", proof, channel, NOW, &found, &key));
    credentials_free(credentials);
}
END_TEST

START_TEST(dates_end_a_key_and_a_credential) {
    char star[] = "*", *groups[] = {star};
    struct credential web1 = named("web1", groups, 1, 1);
    web1.key_count = 2;
    memset(web1.keys[1].key, 2, SECRET_SIZE);
    web1.keys[0].until = NOW + 10;
    web1.expires = NOW + 20;
    struct credentials *credentials = credentials_new();
    ck_assert_int_eq(credentials_put(credentials, &web1, NULL), 0);
    ck_assert(admits(credentials, "web1", 1, NOW + 9));
    ck_assert(!admits(credentials, "web1", 1, NOW + 10));
    ck_assert(admits(credentials, "web1", 2, NOW + 10));
    ck_assert(!admits(credentials, "web1", 2, NOW + 20));
    credentials_free(credentials);
}
END_TEST

START_TEST(groups_belong_to_the_credential) {
    char web[] = "web", db[] = "db", star[] = "*", *some[] = {web, db}, *all[] = {star};
    struct credential narrow = named("a", some, 2, 1), wide = named("b", all, 1, 1);
    ck_assert(credential_carries(&narrow, ""));
    ck_assert(credential_carries(&narrow, "web"));
    ck_assert(credential_carries(&narrow, "db"));
    ck_assert(!credential_carries(&narrow, "we"));
    ck_assert(!credential_carries(&narrow, "Web"));
    ck_assert(!credential_carries(&narrow, "*"));
    ck_assert(credential_carries(&wide, "anything"));
    ck_assert(credential_carries(&wide, ""));
}
END_TEST

START_TEST(putting_replaces_and_removing_forgets) {
    char star[] = "*", *groups[] = {star};
    struct credentials *credentials = credentials_new();
    char name[16];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "agent%d", i);
        struct credential one = named(name, groups, 1, (uint8_t)(i + 1));
        ck_assert_int_eq(credentials_put(credentials, &one, NULL), 0);
    }
    ck_assert_uint_eq(credentials_count(credentials), 40);
    struct credential again = named("agent7", groups, 1, 99);
    ck_assert_int_eq(credentials_put(credentials, &again, NULL), 0);
    ck_assert_uint_eq(credentials_count(credentials), 40);
    ck_assert(admits(credentials, "agent7", 99, NOW));
    ck_assert(!admits(credentials, "agent7", 8, NOW));
    ck_assert(credentials_remove(credentials, "agent7"));
    ck_assert(!credentials_remove(credentials, "agent7"));
    ck_assert(!admits(credentials, "agent7", 99, NOW));
    ck_assert(admits(credentials, "agent8", 9, NOW));
    ck_assert(admits(credentials, "agent39", 40, NOW));
    ck_assert(credentials_remove(credentials, "agent39"));
    ck_assert_uint_eq(credentials_count(credentials), 38);
    ck_assert_ptr_null(credentials_at(credentials, 38));
    credentials_free(credentials);
}
END_TEST

START_TEST(what_cannot_be_right_is_not_put) {
    char star[] = "*", *groups[] = {star};
    struct credentials *credentials = credentials_new();
    struct error error = {{0}};
    struct credential one = named("a b", groups, 1, 1);
    ck_assert_int_eq(credentials_put(credentials, &one, &error), -1);
    one = named("a", groups, 0, 1);
    ck_assert_int_eq(credentials_put(credentials, &one, &error), -1);
    one = named("a", groups, 1, 1);
    one.key_count = 0;
    ck_assert_int_eq(credentials_put(credentials, &one, &error), -1);
    one.key_count = CREDENTIAL_KEYS + 1;
    ck_assert_int_eq(credentials_put(credentials, &one, &error), -1);
    ck_assert_uint_eq(credentials_count(credentials), 0);
    credentials_free(credentials);
}
END_TEST

static TCase *checking(void) {
    TCase *group = tcase_create("checking");
    tcase_add_test(group, only_the_right_key_of_the_right_name_gets_in);
    tcase_add_test(group, the_key_of_unknown_names_lets_none_in);
    tcase_add_test(group, a_proof_of_another_channel_or_role_is_none);
    tcase_add_test(group, dates_end_a_key_and_a_credential);
    tcase_add_test(group, groups_belong_to_the_credential);
    tcase_add_test(group, putting_replaces_and_removing_forgets);
    tcase_add_test(group, what_cannot_be_right_is_not_put);
    return group;
}

UNIT_MAIN("conf/credentials", checking)
