/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_strbuf: what fits, what is cut, numbers.
 */
#include "config.h"

#include "lib/base/strbuf.h"
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

START_TEST(parts_follow_each_other) {
    char bytes[32];
    struct strbuf text = strbuf_begin(bytes, sizeof bytes);
    ck_assert_str_eq(bytes, "");
    strbuf_add(&text, "relay ");
    strbuf_add_part(&text, "0011223344", 4);
    strbuf_add_part(&text, "-", 4);
    strbuf_add_number(&text, 17);
    ck_assert_str_eq(bytes, "relay 0011-17");
    ck_assert_uint_eq(text.length, 13);
    ck_assert(!text.is_cut);
}
END_TEST

START_TEST(what_does_not_fit_is_cut_and_nothing_follows) {
    char bytes[8] = "xxxxxxx";
    struct strbuf text = strbuf_begin(bytes, 6);
    strbuf_add(&text, "abcde");
    ck_assert(!text.is_cut);
    strbuf_add_number(&text, 7);
    ck_assert(text.is_cut);
    ck_assert_str_eq(bytes, "abcde");
    text = strbuf_begin(bytes, 4);
    strbuf_add_number(&text, 123456);
    strbuf_add(&text, "");
    strbuf_add(&text, "x");
    ck_assert_str_eq(bytes, "123");
    ck_assert_uint_eq(text.length, 3);
    ck_assert_int_eq(bytes[6], 'x'); /* beyond the sizes that were named */
}
END_TEST

START_TEST(numbers_are_as_printf_writes_them) {
    static const uint64_t numbers[] = {0, 9, 10, 255, 65535, 100000, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char bytes[STRBUF_DIGITS + 1], expected[STRBUF_DIGITS + 1];
        struct strbuf text = strbuf_begin(bytes, sizeof bytes);
        strbuf_add_number(&text, numbers[i]);
        snprintf(expected, sizeof expected, "%" PRIu64, numbers[i]);
        ck_assert_str_eq(bytes, expected);
    }
}
END_TEST

START_TEST(a_copy_is_terminated) {
    char bytes[4];
    strbuf_copy(bytes, sizeof bytes, "ab");
    ck_assert_str_eq(bytes, "ab");
    strbuf_copy(bytes, sizeof bytes, "abcdef");
    ck_assert_str_eq(bytes, "abc");
    strbuf_copy(bytes, 1, "abcdef");
    ck_assert_str_eq(bytes, "");
}
END_TEST

static TCase *texts(void) {
    TCase *group = tcase_create("texts");
    tcase_add_test(group, parts_follow_each_other);
    tcase_add_test(group, what_does_not_fit_is_cut_and_nothing_follows);
    tcase_add_test(group, numbers_are_as_printf_writes_them);
    tcase_add_test(group, a_copy_is_terminated);
    return group;
}

UNIT_MAIN("lib/base/strbuf", texts)
