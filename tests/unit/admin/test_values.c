/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_values: times and texts as answers have them.
 */
#include "config.h"

#include "admin/values.h"

#include "unit.h"

#include <string.h>

static void expect(json_t *json, const char *text) {
    char *got = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);

    ck_assert_str_eq(got, text);
    free(got);
    json_decref(json);
}

START_TEST(name_is_1_to_64_letters_digits_and_marks) {
    char text[66] = "";

    memset(text, 'a', 64);
    ck_assert(value_is_name("a") && value_is_name("A-b_c.9") && value_is_name(text));
    text[64] = 'a';
    ck_assert(!value_is_name("") && !value_is_name("a b") && !value_is_name("a/b") && !value_is_name(text));
}
END_TEST

START_TEST(times_are_rfc_3339_in_utc) {
    expect(value_time(1795969871009), "\"2026-11-29T16:31:11.009Z\"");
    expect(value_time(0), "null");
    expect(value_time_of(0), "null");
}
END_TEST

/* A text that a peer has sent makes no answer fail. */
START_TEST(text_that_is_no_utf8_is_shown_all_the_same) {
    expect(value_text("caf\xc3\xa9"), "\"caf\xc3\xa9\"");
    expect(value_text("a\xff\xfe"
                      "b"),
           "\"a??b\"");
    expect(value_text("cut\xc3"), "\"cut?\"");
    expect(value_text(NULL), "null");
}
END_TEST

START_TEST(span_of_what_did_not_happen_is_null) {
    expect(value_span_ms(1000, 3500), "2.5");
    expect(value_span_ms(1000, 0), "null");
    expect(value_span_ms(0, 1000), "null");
    expect(value_ms(0), "null");
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");

    tcase_add_test(group, name_is_1_to_64_letters_digits_and_marks);
    tcase_add_test(group, times_are_rfc_3339_in_utc);
    tcase_add_test(group, text_that_is_no_utf8_is_shown_all_the_same);
    tcase_add_test(group, span_of_what_did_not_happen_is_null);
    return group;
}

UNIT_MAIN("admin/values", all)
