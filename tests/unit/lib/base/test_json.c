/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_json: above all what jansson by itself would let pass.
 */
#include "config.h"

#include "lib/base/json.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define BYTES(text)                                                                                                    \
    { (text), sizeof(text) - 1 }

static const struct bytes {
    const char *text;
    size_t length;
} refused[] = {
    BYTES(""),
    BYTES("null"),
    BYTES("[1]"),
    BYTES("\"text\""),
    BYTES("{"),
    BYTES("{}x"),
    BYTES("{}{}"),
    BYTES("{},{}"),
    BYTES("{}\0{}"),
    BYTES("{}\0"),
    BYTES("{\"a\0\":1}"),
    BYTES("{\"a\":1,\"a\":2}"),
    BYTES("{\"b\":{\"a\":1,\"a\":2}}"),
    BYTES("{\"a\":\"\\u0000\"}"),
    BYTES("{\"a\":\"\xff\"}"),
    BYTES("{\"a\":\"\xc0\x80\"}"),
    BYTES("{\"a\":1e999}"),
    BYTES("{\"a\":99999999999999999999}"),
    BYTES("{'a':1}"),
    BYTES("{\"a\":1,}"),
    BYTES("// no comments here\n{}"),
};

static const struct {
    const char *text, *error; /* behind "not JSON: " */
} sent[] = {
    {"{\"a\":\"\\u0000\"}", "line 1, column 13: a text cannot have the character \\u0000"},
    {"{\"a\\u0000\":1}", "line 1, column 10: a name cannot have the character \\u0000"},
    {"{\"a\":\"\\ud800\"}", "line 1, column 13: \\uD800 to \\uDFFF are halves of a character, and written in pairs"},
    {"{\"a\":\"\xff\"}", "line 1, column 6: this is not UTF-8"},
    {"{\"a\":1,\n\"a\":2}", "line 2, column 3: \"a\" is there twice in this object; remove one"},
    {"{\"a\":1,}", "line 1, column 8: the comma before this '}' is one too many; remove it"},
    {"{\"a\":1", "line 1, column 6: it ends too early: a closing '}' or ']' is missing"},
    {"{\"a\":\"x", "line 1, column 7: it ends within a text, whose closing '\"' is missing"},
    {"{\"a\":99999999999999999999}", "line 1, column 25: this number is too large: '99999999999999999999'"},
    {"{\"a\":1e999}", "line 1, column 10: this number is too large: '1e999'"},
    {"// no\n{}", "line 1, column 1: comments are not taken; here is '/'"},
    {"{} x", "line 1, column 4: nothing may follow the object's last '}'"},
    {"5", "line 1, column 1: one JSON object { ... } is expected"},
    {" ", "line 1, column 1: one JSON object { ... } is expected"},
};

START_TEST(what_is_wrong_with_a_sent_text_is_named_plainly) {
    struct error error = {""};
    ck_assert_ptr_null(json_parse_object(sent[_i].text, strlen(sent[_i].text), 1024, &error));
    ck_assert_msg(!strncmp(error.text, "not JSON: ", 10), "%s", error.text);
    ck_assert_str_eq(error.text + 10, sent[_i].error);
}
END_TEST

START_TEST(bad_text_from_a_peer_is_refused) {
    struct error error = {""};
    ck_assert_ptr_null(json_parse_object(refused[_i].text, refused[_i].length, 1024, &error));
    ck_assert_uint_gt(strlen(error.text), 0);
}
END_TEST

START_TEST(an_object_is_read_up_to_its_length) {
    const char text[] = "{\"a\":7} behind the end";
    struct error error = {""};
    json_t *object = json_parse_object(text, 7, 7, &error);
    ck_assert_msg(object, "%s", error.text);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "a")), 7);
    json_decref(object);
}
END_TEST

START_TEST(a_text_above_the_limit_is_not_parsed) {
    struct error error = {""};
    ck_assert_ptr_null(json_parse_object("{}      ", 8, 7, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "8 bytes"));
}
END_TEST

START_TEST(depth_is_limited) {
    enum { DEPTH = 30000 };
    static char text[5 * DEPTH + 1];
    char *end = text;
    for (int i = 0; i < DEPTH; i++) {
        memcpy(end, "{\"a\":", 5);
        end += 5;
    }
    struct error error = {""};
    ck_assert_ptr_null(json_parse_object(text, (size_t)(end - text), sizeof text, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "depth"));
}
END_TEST

START_TEST(only_a_string_is_read_as_one) {
    struct error error;
    const char text[] = "{\"n\":5,\"e\":\"\"}";
    json_t *object = json_parse_object(text, strlen(text), 1024, &error);
    ck_assert_ptr_nonnull(object);
    const char *string = "untouched";
    ck_assert(!json_get_string(object, "n", &string));
    ck_assert(!json_get_string(object, "none", &string));
    ck_assert_str_eq(string, "untouched");
    ck_assert(json_get_string(object, "e", &string));
    ck_assert_str_eq(string, "");
    json_decref(object);
}
END_TEST

static json_t *parse_file(const char *text, struct error *error) {
    char *copy = strdup(text);
    ck_assert_ptr_nonnull(copy);
    json_t *object = json_parse_file_text(copy, strlen(copy), "munnel.json", error);
    free(copy);
    return object;
}

START_TEST(a_byte_order_mark_is_no_part_of_a_file) {
    struct error error = {""};
    json_t *object = parse_file("\xef\xbb\xbf{ \"n\": 1 }", &error);
    ck_assert_msg(object, "%s", error.text);
    json_decref(object);
    ck_assert_ptr_null(parse_file("\xef\xbb{ \"n\": 1 }", &error)); /* half of one */
}
END_TEST

START_TEST(comments_are_blanked_only_outside_strings) {
    struct error error = {""};
    json_t *object = parse_file("// top\n{ \"url\": \"http://x\", // here\n"
                                "  \"quote\": \"\\\"//\\\\\", \"n\": 1 // \"not a string\n} // end",
                                &error);
    ck_assert_msg(object, "%s", error.text);
    const char *url = NULL, *quote = NULL;
    ck_assert(json_get_string(object, "url", &url));
    ck_assert_str_eq(url, "http://x");
    ck_assert(json_get_string(object, "quote", &quote));
    ck_assert_str_eq(quote, "\"//\\");
    json_decref(object);
}
END_TEST

START_TEST(errors_name_file_line_and_column) {
    struct error error = {""};
    ck_assert_ptr_null(parse_file("// one\n// two\n{ \"a\": tru }", &error));
    ck_assert_msg(strncmp(error.text, "munnel.json:3:10: ", 18) == 0, "%s", error.text);
    ck_assert_ptr_null(parse_file("{\n \"a\": 1, // first\n \"a\": 2 }", &error));
    ck_assert_msg(strncmp(error.text, "munnel.json:3:4: \"a\" is there", 26) == 0, "%s", error.text);
    ck_assert_ptr_null(parse_file("[]", &error));
    ck_assert_msg(strncmp(error.text, "munnel.json:1:1: ", 17) == 0, "%s", error.text);
    ck_assert_ptr_null(parse_file("/", &error));
    ck_assert_ptr_null(parse_file("{ \"a\": \"unfinished // }\n", &error));
}
END_TEST

static const struct {
    const char *text, *error;
} mistakes[] = {
    {"{ \"a\": 1, }", ":1:11: the comma before this '}' is one too many; remove it"},
    {"{ \"a\": 1, // last\n}", ":2:1: the comma before this '}' is one too many; remove it"},
    {"{ \"a\": [1, 2,] }", ":1:14: the comma before this ']' is one too many; remove it"},
    {"{ \"a\": { \"b\": 1 },\n}", ":2:1: the comma before this '}' is one too many; remove it"},
    {"{ \"a\": 1\n  \"b\": 2 }", ":2:5: a comma is missing before '\"b\"'"},
    {"{ \"a\": [1 2] }", ":1:11: a comma is missing before '2'"},
    {"{ \"a\": [{} {}] }", ":1:12: a comma is missing before '{'"},
    {"{ \"a\": 1; \"b\": 2 }", ":1:9: ',' or '}' expected near ';'"},
    {"{ \"a\": [1, 2 }", ":1:14: ',' or ']' expected near '}'"},
    {"{ \"a\": 1", ":1:8: the file ends too early: a closing '}' or ']' is missing"},
    {"{ \"a\": ", ":1:7: the file ends too early: a closing '}' or ']' is missing"},
    {"{", ":1:1: the file ends too early: a closing '}' or ']' is missing"},
    {"{ \"a\": \"x", ":1:9: the file ends within a text, whose closing '\"' is missing"},
    {"{ \"a\": \"x,}\n\" }", ":1:11: the closing '\"' of the text on this line is missing"},
    {"{ \"a\": \"x\n\" }", ":1:9: the closing '\"' of the text on this line is missing"},
    {"{ a: 1 }", ":1:3: names stand in \"double quotes\"; here is 'a'"},
    {"{ anamethatistoolongtobeshown: 1 }", ":1:29: names stand in \"double quotes\""},
    {"{ \"a\": }", ":1:8: a value is missing before '}'"},
    {"{ , }", ":1:3: names stand in \"double quotes\"; here is ','"},
    {"{ 'a': 1 }", ":1:3: names and texts stand in \"double quotes\", not in 'single quotes'"},
    {"{ \"a\": 'x' }", ":1:8: names and texts stand in \"double quotes\", not in 'single quotes'"},
    {"{ \"a\": True }",
     ":1:11: texts stand in \"double quotes\"; without them there are numbers, true, false and null; here is 'True'"},
    {"{ \"a\": 08 }", ":1:8: this is not a number in JSON: '0'"},
    {"{ \"a\" 1 }", ":1:7: a colon is missing between a name and its value, before '1'"},
    {"{ \"a\": 1, \"a\": 2 }", ":1:13: \"a\" is there twice in this object; remove one"},
    {"{ \"a name that is longer\": 1, \"a name that is longer\": 2 }",
     ":1:53: \"a name that is longer\" is there twice in this object; remove one"},
    {"{ \"\": 1, \"\": 2 }", ":1:11: \"\" is there twice in this object; remove one"},
    {"{ \"a\\\"b\": 1, \"a\\\"b\": 2 }", ":1:19: \"a\\\"b\" is there twice in this object; remove one"},
    {"# comment\n{}", ":1:1: only // begins a comment, which ends with its line; here is '#'"},
    {"/* comment */ {}", ":1:1: only // begins a comment, which ends with its line; here is '/'"},
    {"{ # comment\n}", ":1:3: only // begins a comment, which ends with its line; here is '#'"},
    {"{ \"a\": 1 # comment\n}", ":1:10: only // begins a comment, which ends with its line; here is '#'"},
    {"{ \"a\": [1, /* */ 2] }", ":1:12: only // begins a comment, which ends with its line; here is '/'"},
    {"{ \"a\": \"C:\\keys\" }", ":1:12: a backslash in a text is written twice: \\\\"},
    {"{ \"a\": \"x\ty\" }", ":1:9: a tab in a text is written \\t, another control character \\u and four digits"},
    {"{ \"a\": \"\xe9\" }", ":1:8: this is not UTF-8; save the file as UTF-8"},
    {"{} }", ":1:4: nothing but comments may follow the object's last '}'"},
    {"}", ":1:1: one JSON object { ... } is expected"},
    {", }", ":1:1: one JSON object { ... } is expected"},
    {"", ": the file is empty; one JSON object { ... } is expected"},
    {" // a comment alone\n", ": the file is empty; one JSON object { ... } is expected"},
    {"\xff\xfe{", ": the file is UTF-16; save it as UTF-8"},
    {"\xfe\xff", ": the file is UTF-16; save it as UTF-8"},
};

START_TEST(mistakes_in_a_file_are_named_plainly) {
    struct error error = {""};
    ck_assert_ptr_null(parse_file(mistakes[_i].text, &error));
    ck_assert_str_eq(error.text + strlen("munnel.json"), mistakes[_i].error);
}
END_TEST

START_TEST(measured_numbers_have_six_digits_behind_the_point) {
    char *text =
        json_to_text(json_pack("[{s:f}, f, f, f, f, i]", "a", 0.1 + 0.2, 2.0 / 3, -1234567.0000005, 1e10 / 3, 0.0, 7));
    ck_assert_str_eq(text, "[{\"a\":0.3},0.666667,-1234567.000001,3333333333.33333,0.0,7]");
    free(text);
}
END_TEST

START_TEST(text_is_compact_and_takes_the_reference) {
    json_t *object = json_pack("{s:s, s:i}", "a", "\n/", "b", 1);
    char *text = json_to_text(object);
    ck_assert_str_eq(text, "{\"a\":\"\\n/\",\"b\":1}");
    free(text);
    ck_assert_ptr_null(json_to_text(NULL));
}
END_TEST

START_TEST(utf_16_without_a_mark_is_named_too) {
    char text[] = {'{', 0, '}', 0};
    struct error error = {""};
    ck_assert_ptr_null(json_parse_file_text(text, sizeof text, "munnel.json", &error));
    ck_assert_str_eq(error.text, "munnel.json: the file is UTF-16; save it as UTF-8");
}
END_TEST

static TCase *from_peers(void) {
    TCase *group = tcase_create("from peers");
    tcase_add_loop_test(group, bad_text_from_a_peer_is_refused, 0, sizeof refused / sizeof *refused);
    tcase_add_loop_test(group, what_is_wrong_with_a_sent_text_is_named_plainly, 0, sizeof sent / sizeof *sent);
    tcase_add_test(group, an_object_is_read_up_to_its_length);
    tcase_add_test(group, a_text_above_the_limit_is_not_parsed);
    tcase_add_test(group, depth_is_limited);
    tcase_add_test(group, only_a_string_is_read_as_one);
    return group;
}

static TCase *for_people(void) {
    TCase *group = tcase_create("for people");
    tcase_add_test(group, a_byte_order_mark_is_no_part_of_a_file);
    tcase_add_test(group, comments_are_blanked_only_outside_strings);
    tcase_add_test(group, errors_name_file_line_and_column);
    tcase_add_loop_test(group, mistakes_in_a_file_are_named_plainly, 0, sizeof mistakes / sizeof *mistakes);
    tcase_add_test(group, utf_16_without_a_mark_is_named_too);
    tcase_add_test(group, measured_numbers_have_six_digits_behind_the_point);
    tcase_add_test(group, text_is_compact_and_takes_the_reference);
    return group;
}

UNIT_MAIN("lib/base/json", from_peers, for_people)
