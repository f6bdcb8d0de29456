/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_secret: random bytes, their digits, digests, and wiping.
 */
#include "config.h"

#include "lib/base/secret.h"
#include "unit.h"

#include <string.h>

START_TEST(random_bytes_differ) {
    uint8_t a[SECRET_SIZE] = {0}, b[SECRET_SIZE] = {0};
    ck_assert_int_eq(secret_random(a, sizeof a), 0);
    ck_assert_int_eq(secret_random(b, sizeof b), 0);
    ck_assert(!secret_equal(a, b, sizeof a));
}
END_TEST

START_TEST(hexadecimal_goes_there_and_back) {
    const uint8_t bytes[] = {0x00, 0x7f, 0x80, 0xff, 0x1a};
    uint8_t back[sizeof bytes];
    char text[2 * sizeof bytes + 1];
    ck_assert_str_eq(secret_to_hex(bytes, sizeof bytes, text), "007f80ff1a");
    ck_assert(secret_from_hex(back, sizeof back, "007F80ff1A"));
    ck_assert(secret_equal(bytes, back, sizeof bytes));
}
END_TEST

static const char *const not_hex[] = {"", "00", "0011", "001", "00112", "00zz", "0x11", "001g", "00 1", "0011 "};
START_TEST(what_is_not_exactly_hexadecimal_is_refused) {
    uint8_t bytes[2];
    bool is_right = strcmp(not_hex[_i], "0011") == 0;
    ck_assert_int_eq(secret_from_hex(bytes, sizeof bytes, not_hex[_i]), is_right);
}
END_TEST

/* FIPS 180-2's "abc", in two parts. */
START_TEST(sha256_is_of_both_parts) {
    uint8_t digest[SECRET_SIZE];
    char text[SECRET_HEX];
    ck_assert_int_eq(secret_sha256(digest, "a", 1, "bc", 2), 0);
    ck_assert_str_eq(secret_to_hex(digest, sizeof digest, text),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

/* RFC 4231, case 1, whose key of 20 bytes is the same as one of 32 filled up with zeros. */
START_TEST(hmac_is_as_rfc_4231_says) {
    uint8_t key[SECRET_SIZE] = {0}, mac[SECRET_SIZE];
    char text[SECRET_HEX];
    memset(key, 0x0b, 20);
    ck_assert_int_eq(secret_hmac(mac, key, "Hi There", 8), 0);
    ck_assert_str_eq(secret_to_hex(mac, sizeof mac, text),
                     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}
END_TEST

START_TEST(wiping_leaves_zeros) {
    uint8_t bytes[8], zeros[8] = {0};
    memset(bytes, 0xaa, sizeof bytes);
    secret_wipe(bytes, sizeof bytes);
    ck_assert_mem_eq(bytes, zeros, sizeof bytes);
}
END_TEST

static TCase *secrets(void) {
    TCase *group = tcase_create("secrets");
    tcase_add_test(group, random_bytes_differ);
    tcase_add_test(group, hexadecimal_goes_there_and_back);
    tcase_add_loop_test(group, what_is_not_exactly_hexadecimal_is_refused, 0, sizeof not_hex / sizeof *not_hex);
    tcase_add_test(group, sha256_is_of_both_parts);
    tcase_add_test(group, hmac_is_as_rfc_4231_says);
    tcase_add_test(group, wiping_leaves_zeros);
    return group;
}

UNIT_MAIN("lib/base/secret", secrets)
