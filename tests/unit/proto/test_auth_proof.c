/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_auth_proof: tokens as text, and proofs that hold for one key, one role and one channel only.
 */
#include "config.h"

#include "unit.h"

#include "proto/auth_proof.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

START_TEST(a_token_comes_back_from_its_text) {
    struct auth_token made, got;
    char text[AUTH_TOKEN_TEXT + 2];
    ck_assert_int_eq(auth_token_make(&made, "web-1.example_x"), 0);
    auth_token_format(&made, text);
    ck_assert_uint_eq(strlen(text), strlen("web-1.example_x:") + 64);
    ck_assert_int_eq(auth_token_parse(&got, text, NULL), 0);
    ck_assert_str_eq(got.name, made.name);
    ck_assert_mem_eq(got.secret, made.secret, SECRET_SIZE);
    snprintf(text + strlen(text), 2, "\n");
    ck_assert_int_eq(auth_token_parse(&got, text, NULL), 0);
}
END_TEST

START_TEST(the_longest_name_fits) {
    struct auth_token token;
    char name[AUTH_PROOF_NAME_MAX + 2], text[AUTH_TOKEN_TEXT];
    memset(name, 'n', sizeof name);
    name[AUTH_PROOF_NAME_MAX] = '\0';
    ck_assert_int_eq(auth_token_make(&token, name), 0);
    auth_token_format(&token, text);
    ck_assert_int_eq(auth_token_parse(&token, text, NULL), 0);
    ck_assert_str_eq(token.name, name);
    name[AUTH_PROOF_NAME_MAX] = 'n';
    name[AUTH_PROOF_NAME_MAX + 1] = '\0';
    ck_assert_int_eq(auth_token_make(&token, name), -1);
}
END_TEST

START_TEST(two_tokens_differ) {
    struct auth_token a, b;
    ck_assert_int_eq(auth_token_make(&a, "a"), 0);
    ck_assert_int_eq(auth_token_make(&b, "a"), 0);
    ck_assert_int_ne(memcmp(a.secret, b.secret, SECRET_SIZE), 0);
}
END_TEST

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
static const char *const bad_tokens[] = {
    "",
    "\n",
    "name",
    DIGITS "f",
    ":" DIGITS "f",
    ".:" DIGITS "f",
    "..:" DIGITS "f",
    "na me:" DIGITS "f",
    "n\xc3\xa9:" DIGITS "f",
    "name:",
    "name:" DIGITS,
    "name:" DIGITS "g",
    "name:" DIGITS "f0",
    "name: " DIGITS "f",
    "name:" DIGITS "f x",
    "name:password",
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:" DIGITS "f",
};

START_TEST(what_is_no_token_is_refused_without_quoting_it) {
    struct auth_token token;
    struct error error = {{0}};
    ck_assert_msg(auth_token_parse(&token, bad_tokens[_i], &error) == -1, "taken: %s", bad_tokens[_i]);
    ck_assert_str_ne(error.text, "");
    ck_assert_ptr_null(strstr(error.text, DIGITS));
    ck_assert_ptr_null(strstr(error.text, "password"));
}
END_TEST

START_TEST(the_key_is_the_hash_that_the_design_names) {
    struct auth_token token = {.name = "a"};
    uint8_t key[SECRET_SIZE], right[EVP_MAX_MD_SIZE], text[12 + SECRET_SIZE];
    memset(token.secret, 0x5a, sizeof token.secret);
    memcpy(text, "munnel-agent", 12);
    memcpy(text + 12, token.secret, SECRET_SIZE);
    ck_assert_int_eq(EVP_Digest(text, sizeof text, right, NULL, EVP_sha256(), NULL), 1);
    auth_token_key(&token, key);
    ck_assert_mem_eq(key, right, SECRET_SIZE);
}
END_TEST

START_TEST(a_proof_holds_for_its_key_its_role_and_its_channel_only) {
    static const enum auth_proof_role roles[] = {AUTH_PROOF_AGENT, AUTH_PROOF_SERVER, AUTH_PROOF_DATA,
                                                 AUTH_PROOF_DATA_SERVER};
    uint8_t key[SECRET_SIZE], channel[SECRET_SIZE], proof[SECRET_SIZE];
    memset(key, 1, sizeof key);
    memset(channel, 2, sizeof channel);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(auth_proof_make(proof, key, roles[i], channel), 0);
        for (int k = 0; k < 4; k++)
            ck_assert_int_eq(auth_proof_check(proof, key, roles[k], channel), i == k);
    }
    ck_assert_int_eq(auth_proof_make(proof, key, AUTH_PROOF_AGENT, channel), 0);
    channel[31] ^= 1;
    ck_assert(!auth_proof_check(proof, key, AUTH_PROOF_AGENT, channel));
    channel[31] ^= 1;
    key[0] ^= 1;
    ck_assert(!auth_proof_check(proof, key, AUTH_PROOF_AGENT, channel));
    key[0] ^= 1;
    for (size_t i = 0; i < SECRET_SIZE; i++) {
        proof[i] ^= 0x80;
        ck_assert(!auth_proof_check(proof, key, AUTH_PROOF_AGENT, channel));
        proof[i] ^= 0x80;
    }
    ck_assert(auth_proof_check(proof, key, AUTH_PROOF_AGENT, channel));
}
END_TEST

static TCase *tokens(void) {
    TCase *group = tcase_create("tokens");
    tcase_add_test(group, a_token_comes_back_from_its_text);
    tcase_add_test(group, the_longest_name_fits);
    tcase_add_test(group, two_tokens_differ);
    tcase_add_loop_test(group, what_is_no_token_is_refused_without_quoting_it, 0,
                        (int)(sizeof bad_tokens / sizeof bad_tokens[0]));
    tcase_add_test(group, the_key_is_the_hash_that_the_design_names);
    return group;
}

static TCase *proofs(void) {
    TCase *group = tcase_create("proofs");
    tcase_add_test(group, a_proof_holds_for_its_key_its_role_and_its_channel_only);
    return group;
}

UNIT_MAIN("proto/auth_proof", tokens, proofs)
