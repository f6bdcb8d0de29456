/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_text: what comes from outside cannot reach a terminal as anything but glyphs; widths. */
#include "config.h"

#include "ctl/top/text.h"

#include "unit.h"

#include <locale.h>
#include <stdio.h>

static void set_up(void) {
    ck_assert(setlocale(LC_CTYPE, "C.UTF-8"));
}

static void expect_clean(const char *from, bool is_ascii, const char *wanted) {
    char clean[64];

    text_clean(clean, sizeof clean, from, is_ascii);
    ck_assert_str_eq(clean, wanted);
}

START_TEST(control_characters_become_question_marks) {
    expect_clean("a\033[2Jb", false, "a?[2Jb");
    expect_clean("\r\n\t\x7f", false, "????");
    expect_clean("\xc2\x9b"
                 "31m",
                 false, "?31m"); /* CSI as one character */
}
END_TEST

START_TEST(what_turns_or_hides_others_becomes_question_marks) {
    expect_clean("a\u202eb\u2066c\u200bd\ufeff", false, "a?b?c?d?");
}
END_TEST

START_TEST(what_is_no_utf8_becomes_question_marks) {
    expect_clean("a\xff\xc0\xaf"
                 "b\xe6\x9d",
                 false, "a???b??");
}
END_TEST

START_TEST(other_writing_stays) {
    expect_clean("büro-東京 ●", false, "büro-東京 ●");
}
END_TEST

START_TEST(ascii_has_signs_for_our_marks_only) {
    expect_clean("● web ▾ büro… 東", true, "* web v b?ro~ ?");
}
END_TEST

START_TEST(text_that_does_not_fit_is_cut_between_characters) {
    char small[5];

    text_clean(small, sizeof small, "ab東京", false);
    ck_assert_str_eq(small, "ab");
    text_clean(small, sizeof small, "abcdef", false);
    ck_assert_str_eq(small, "abcd");
}
END_TEST

START_TEST(wide_characters_take_two_columns_and_marks_none) {
    unsigned used;

    ck_assert_uint_eq(text_width("web"), 3);
    ck_assert_uint_eq(text_width("東京"), 4);
    ck_assert_uint_eq(text_width("u\u0308"), 1);
    ck_assert_uint_eq(text_fit("東京", 3, &used), 3);
    ck_assert_uint_eq(used, 2);
    ck_assert_uint_eq(text_character("u\u0308x", &used), 3);
    ck_assert_uint_eq(used, 1);
}
END_TEST

START_TEST(lines_end_behind_words) {
    size_t next;

    ck_assert_uint_eq(text_line("one two three", 8, &next), 7);
    ck_assert_uint_eq(next, 8);
    ck_assert_uint_eq(text_line("onetwothree", 4, &next), 4); /* no place to break */
    ck_assert_uint_eq(next, 4);
    ck_assert_uint_eq(text_line("one", 8, &next), 3);
    ck_assert_uint_eq(next, 3);
}
END_TEST

static TCase *cleaning(void) {
    TCase *group = tcase_create("cleaning");
    tcase_add_checked_fixture(group, set_up, NULL);
    tcase_add_test(group, control_characters_become_question_marks);
    tcase_add_test(group, what_turns_or_hides_others_becomes_question_marks);
    tcase_add_test(group, what_is_no_utf8_becomes_question_marks);
    tcase_add_test(group, other_writing_stays);
    tcase_add_test(group, ascii_has_signs_for_our_marks_only);
    tcase_add_test(group, text_that_does_not_fit_is_cut_between_characters);
    return group;
}

static TCase *widths(void) {
    TCase *group = tcase_create("widths");
    tcase_add_checked_fixture(group, set_up, NULL);
    tcase_add_test(group, wide_characters_take_two_columns_and_marks_none);
    tcase_add_test(group, lines_end_behind_words);
    return group;
}

UNIT_MAIN("ctl/top/text", cleaning, widths)
