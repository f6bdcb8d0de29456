/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_display: what of a server's texts reaches the terminal, how wide it is, and where lines are broken.
 */
#include "config.h"

#include "lib/display/display.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void be_utf8(void) {
    ck_assert(unit_use_utf8(true));
}

static void expect_clean(const char *text, const char *clean) {
    char *got = display_clean(text);

    ck_assert_str_eq(got, clean);
    free(got);
}

START_TEST(escapes_and_controls_do_not_reach_the_terminal) {
    expect_clean("plain", "plain");
    expect_clean("\033[31mred\007\r", "?[31mred??");
    expect_clean("a\nb\tc", "a b c");
    expect_clean("\xc2\x9b"
                 "31m",
                 "?31m"); /* CSI of C1 */
    expect_clean("\xe2\x80\xae"
                 "txt.exe",
                 "?txt.exe"); /* turns the direction */
    expect_clean("w\xc3\xa9"
                 "b \xff\xc3",
                 "w\xc3\xa9"
                 "b ??");
}
END_TEST

START_TEST(other_locales_get_ascii_alone) {
    if (!unit_use_utf8(false))
        return;
    expect_clean("w\xc3\xa9"
                 "b",
                 "w?b");
    ck_assert_str_eq(display_ellipsis(), "+");
}
END_TEST

START_TEST(texts_keys_and_lists_of_an_answer_are_cleaned) {
    json_t *json = json_pack("{s:s, s:[s,i], s:{s:n}}", "a\033", "b\033", "list", "\007", 7, "o\001", "p\002");
    json_t *clean = display_clean_json(json);
    char *text = json_dumps(clean, JSON_COMPACT);

    ck_assert_str_eq(text, "{\"a?\":\"b?\",\"list\":[\"?\",7],\"o?\":{\"p?\":null}}");
    ck_assert_ptr_null(display_clean_json(NULL));
    free(text);
    json_decref(clean);
}
END_TEST

START_TEST(wide_and_combining_characters_are_counted_and_cut_as_such) {
    ck_assert_uint_eq(display_columns("abc"), 3);
    ck_assert_uint_eq(display_columns("\xe6\x97\xa5\xe6\x9c\xac"), 4); /* two, of two columns each */
    ck_assert_uint_eq(display_columns("e\xcc\x81"), 1);                /* e and an accent */
    ck_assert_uint_eq(display_cut("\xe6\x97\xa5\xe6\x9c\xac", 3), 3);  /* half of one does not fit */
    ck_assert_uint_eq(display_cut("e\xcc\x81x", 1), 3);
    ck_assert_uint_eq(display_cut("abc", 0), 0);
    ck_assert_uint_eq(display_cut("abc", 9), 3);
}
END_TEST

static void expect_folded(unsigned width, const char *text, const char *lines) {
    struct display display = {.file = unit_stream_begin(), .width = width};

    display_fold(&display, 4, 2, text);
    char *bytes = unit_stream_end(display.file);
    ck_assert_str_eq(bytes, lines);
    free(bytes);
}

START_TEST(lines_break_between_words_and_only_on_a_terminal) {
    expect_folded(12, "one two  three four", "one two\n  three four\n");
    expect_folded(12, "averyveryverylongword x", "averyveryverylongword\n  x\n");
    expect_folded(0, "one two three four five six", "one two three four five six\n");
    expect_folded(12, "", "\n");
}
END_TEST

START_TEST(a_file_gets_no_colours) {
    struct display display = {.file = unit_stream_begin()};

    display_tone(&display, TONE_BAD, "%s", "BAD");
    display.has_color = true;
    display_tone(&display, TONE_PLAIN, "%s", "-");
    display_tone(&display, TONE_BAD, "%s", "BAD");
    char *bytes = unit_stream_end(display.file);
    ck_assert_str_eq(bytes, "BAD-\033[31mBAD\033[0m");
    free(bytes);
    FILE *none = unit_stream_begin();
    display = display_of(none);
    ck_assert(!display.has_color && !display.width && display.is_utf8);
    free(unit_stream_end(none));
}
END_TEST

static TCase *displays(void) {
    TCase *group = tcase_create("displays");
    tcase_add_checked_fixture(group, be_utf8, NULL);
    tcase_add_test(group, escapes_and_controls_do_not_reach_the_terminal);
    tcase_add_test(group, other_locales_get_ascii_alone);
    tcase_add_test(group, texts_keys_and_lists_of_an_answer_are_cleaned);
    tcase_add_test(group, wide_and_combining_characters_are_counted_and_cut_as_such);
    tcase_add_test(group, lines_break_between_words_and_only_on_a_terminal);
    tcase_add_test(group, a_file_gets_no_colours);
    return group;
}

UNIT_MAIN("lib/display/display", displays)
