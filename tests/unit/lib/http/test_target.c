/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_target: targets, path segments and queries; test_routes.c has them within requests.
 */
#include "config.h"

#include "lib/http/target.h"

#include "unit.h"

#include <string.h>

START_TEST(a_target_is_path_and_query) {
    struct target target;
    ck_assert(target_parse(&target, "/a/b?c=d?e"));
    ck_assert_uint_eq(target.path_length, 4);
    ck_assert_str_eq(target.query, "c=d?e");
    ck_assert_ptr_null(target.host);
    ck_assert(target_parse(&target, "HTTP://Host:80?x"));
    ck_assert_uint_eq(target.host_length, 7);
    ck_assert_mem_eq(target.path, "/", 1);
    ck_assert_str_eq(target.query, "x");
}
END_TEST

START_TEST(a_malformed_target_is_refused) {
    static const char *const bad[] = {"",     "a",  "*",       "/ ",        "/\x7f",    "/\xc3\xa4",   "/%",  "/%4",
                                      "/%4g", "/#", "http://", "http:///a", "ftp://a/", "http://u@h/", "//\n"};
    struct target target;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!target_parse(&target, bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(a_value_that_is_too_long_is_refused) {
    char value[TARGET_VALUE], text[3 * 256 + 1];
    memset(text, 'a', sizeof text);
    ck_assert(target_decode_segment(value, text, 255));
    ck_assert(!target_decode_segment(value, text, 256));
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = "%41"[i % 3];
    ck_assert(target_decode_segment(value, text, 255 * 3));
    ck_assert_uint_eq(strlen(value), 255);
    ck_assert(!target_decode_segment(value, text, 256 * 3));
    ck_assert(target_decode_query(value, "", 0));
    ck_assert(!target_decode_segment(value, "", 0));
}
END_TEST

START_TEST(a_query_has_parts) {
    const char *query = "&a=b=c&&d&=e&";
    struct target_part part;
    ck_assert(target_next_part(&query, &part));
    ck_assert_uint_eq(part.name_length, 1);
    ck_assert_uint_eq(part.value_length, 3);
    ck_assert(target_next_part(&query, &part));
    ck_assert_mem_eq(part.name, "d", 1);
    ck_assert_uint_eq(part.value_length, 0);
    ck_assert(target_next_part(&query, &part));
    ck_assert_uint_eq(part.name_length, 0);
    ck_assert(!target_next_part(&query, &part));
}
END_TEST

static TCase *targets(void) {
    TCase *group = tcase_create("targets");
    tcase_add_test(group, a_target_is_path_and_query);
    tcase_add_test(group, a_malformed_target_is_refused);
    tcase_add_test(group, a_value_that_is_too_long_is_refused);
    tcase_add_test(group, a_query_has_parts);
    return group;
}

UNIT_MAIN("lib/http/target", targets)
