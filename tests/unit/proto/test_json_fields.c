/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_json_fields: members of a peer's JSON with type, length and characters; text made fit for a peer.
 */
#include "config.h"

#include "lib/base/secret.h"
#include "proto/json_fields.h"
#include "unit.h"

#include <string.h>

enum { LONGEST = 5, LARGEST = 9 };

static int take_text(const json_t *json, enum json_need need, struct error *error) {
    const char *text = "untouched";
    int result = json_take_text(json, "x", need, LONGEST, &text, error);
    ck_assert(result == 0 || strcmp(text, "untouched") == 0);
    return result;
}

static int take_number(const json_t *json, enum json_need need, struct error *error) {
    uint64_t number = 77;
    int result = json_take_number(json, "x", need, LARGEST, &number, error);
    ck_assert(result == 0 ? number <= LARGEST || number == 77 : number == 77);
    return result;
}

static int take_hex(const json_t *json, enum json_need need, struct error *error) {
    const char *text = "untouched";
    int result = json_take_hex(json, "x", need, 4, &text, error);
    ck_assert(result == 0 || strcmp(text, "untouched") == 0);
    return result;
}

static int take_secret(const json_t *json, enum json_need need, struct error *error) {
    uint8_t bytes[SECRET_SIZE];
    bool has = false;
    return json_take_secret(json, "x", need, bytes, &has, error);
}

static int take_bool(const json_t *json, enum json_need need, struct error *error) {
    bool value = true;
    int result = json_take_bool(json, "x", &value, error);
    ck_assert(need == JSON_OPTIONAL); /* there is no other */
    ck_assert(result == 0 || value);
    return result;
}

static const struct {
    int (*take)(const json_t *json, enum json_need need, struct error *error);
    const char *json;
    enum json_need need;
    const char *error; /* NULL: it is taken */
} members[] = {
    {take_text, "{\"x\":\"abcde\"}", JSON_REQUIRED, NULL},
    {take_text, "{\"x\":\"\\u00e9\\u20ac\"}", JSON_REQUIRED, NULL},
    {take_text, "{}", JSON_OPTIONAL, NULL},
    {take_text, "{\"x\":\"\"}", JSON_OPTIONAL, NULL},
    {take_text, "{}", JSON_REQUIRED, "\"x\" is missing"},
    {take_text, "{\"x\":\"\"}", JSON_REQUIRED, "\"x\" is empty"},
    {take_text, "{\"x\":7}", JSON_OPTIONAL, "\"x\" is not a string"},
    {take_text, "{\"x\":null}", JSON_OPTIONAL, "\"x\" is not a string"},
    {take_text, "{\"x\":\"abcdef\"}", JSON_OPTIONAL, "\"x\" is longer than 5 bytes"},
    {take_text, "{\"x\":\"a\\n\"}", JSON_OPTIONAL, "\"x\" holds a control character"},
    {take_text, "{\"x\":\"\\u007f\"}", JSON_OPTIONAL, "\"x\" holds a control character"},
    {take_text, "{\"x\":\"\\u009b\"}", JSON_OPTIONAL, "\"x\" holds a control character"},
    {take_number, "{\"x\":9}", JSON_REQUIRED, NULL},
    {take_number, "{\"x\":0}", JSON_REQUIRED, NULL},
    {take_number, "{}", JSON_OPTIONAL, NULL},
    {take_number, "{}", JSON_REQUIRED, "\"x\" is missing"},
    {take_number, "{\"x\":10}", JSON_REQUIRED, "\"x\" is not between 0 and 9"},
    {take_number, "{\"x\":-1}", JSON_REQUIRED, "\"x\" is not between 0 and 9"},
    {take_number, "{\"x\":1.0}", JSON_REQUIRED, "\"x\" is not a whole number"},
    {take_number, "{\"x\":\"1\"}", JSON_REQUIRED, "\"x\" is not a whole number"},
    {take_bool, "{\"x\":false}", JSON_OPTIONAL, NULL},
    {take_bool, "{}", JSON_OPTIONAL, NULL},
    {take_bool, "{\"x\":1}", JSON_OPTIONAL, "\"x\" is neither true nor false"},
    {take_bool, "{\"x\":\"true\"}", JSON_OPTIONAL, "\"x\" is neither true nor false"},
    {take_hex, "{\"x\":\"0aF9\"}", JSON_REQUIRED, NULL},
    {take_hex, "{}", JSON_OPTIONAL, NULL},
    {take_hex, "{\"x\":\"0aF\"}", JSON_REQUIRED, "\"x\" is not 4 hexadecimal digits"},
    {take_hex, "{\"x\":\"0aFg\"}", JSON_REQUIRED, "\"x\" is not 4 hexadecimal digits"},
    {take_hex, "{\"x\":\"0aF90\"}", JSON_REQUIRED, "\"x\" is longer than 4 bytes"},
    {take_secret, "{}", JSON_OPTIONAL, NULL},
    {take_secret, "{}", JSON_REQUIRED, "\"x\" is missing"},
    {take_secret, "{\"x\":\"00\"}", JSON_OPTIONAL, "\"x\" is not 64 hexadecimal digits"},
};

START_TEST(a_member_is_taken_or_its_fault_is_named) {
    struct error error = {""};
    json_t *json = json_loads(members[_i].json, 0, NULL);
    ck_assert_ptr_nonnull(json);
    ck_assert_int_eq(members[_i].take(json, members[_i].need, &error), members[_i].error ? -1 : 0);
    ck_assert_str_eq(error.text, members[_i].error ? members[_i].error : "");
    json_decref(json);
}
END_TEST

START_TEST(a_secret_is_bytes) {
    static const char digits[] = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fFF";
    uint8_t bytes[SECRET_SIZE] = {0};
    bool has = false;
    json_t *json = json_pack("{s:s}", "x", digits), *none = json_object();
    ck_assert_int_eq(json_take_secret(json, "x", JSON_REQUIRED, bytes, &has, NULL), 0);
    ck_assert(has);
    ck_assert_uint_eq(bytes[0], 1);
    ck_assert_uint_eq(bytes[31], 0xff);
    ck_assert_int_eq(json_take_secret(none, "x", JSON_OPTIONAL, bytes, &has, NULL), 0);
    ck_assert(!has);
    json_decref(json), json_decref(none);
}
END_TEST

static const struct {
    const char *from, *clean;
    size_t size;
} texts[] = {
    {"abc", "abc", 8},
    {NULL, "", 8},
    {"abcdefgh", "abcdefg", 8},
    {"a\x01"
     "b\x7f"
     "c",
     "a?b?c", 8},
    {"\xc2\x9b", "?", 8},                        /* C1 */
    {"caf\xc3\xa9", "caf\xc3\xa9", 8},           /* two bytes */
    {"abcdef\xc3\xa9", "abcdef", 8},             /* cut between characters */
    {"\xe2\x82\xac", "\xe2\x82\xac", 8},         /* three bytes */
    {"\xf0\x9f\x90\x88", "\xf0\x9f\x90\x88", 8}, /* four bytes */
    {"\xc0\x80", "??", 8},                       /* overlong */
    {"\xed\xa0\x80", "???", 8},                  /* a surrogate */
    {"\xf4\x90\x80\x80", "????", 8},             /* above U+10FFFF */
    {"a\xe2\x82", "a??", 8},                     /* cut short */
    {"\xff", "?", 8},
};

START_TEST(text_for_a_peer_is_clean) {
    char to[8];
    json_text_copy_clean(to, texts[_i].size, texts[_i].from);
    ck_assert_str_eq(to, texts[_i].clean);
    ck_assert(json_text_is_clean(to, sizeof to));
}
END_TEST

START_TEST(text_is_escaped_for_a_string) {
    char to[9];
    json_text_escape(to, sizeof to, "a\"b\\");
    ck_assert_str_eq(to, "a\\\"b\\\\");
    json_text_escape(to, sizeof to, "\"\"\"\"\"\"\"");
    ck_assert_str_eq(to, "\\\"\\\"\\\"\\\""); /* cut, and never within an escape */
}
END_TEST

static TCase *taking(void) {
    TCase *group = tcase_create("taking");
    tcase_add_loop_test(group, a_member_is_taken_or_its_fault_is_named, 0, sizeof members / sizeof *members);
    tcase_add_test(group, a_secret_is_bytes);
    return group;
}

static TCase *making(void) {
    TCase *group = tcase_create("making");
    tcase_add_loop_test(group, text_for_a_peer_is_clean, 0, sizeof texts / sizeof *texts);
    tcase_add_test(group, text_is_escaped_for_a_string);
    return group;
}

UNIT_MAIN("proto/json_fields", taking, making)
