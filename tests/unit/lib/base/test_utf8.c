/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_utf8: well-formed characters at each border, and what is none.
 */
#include "config.h"

#include "lib/base/utf8.h"

#include "unit.h"

START_TEST(characters_have_their_length) {
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {{"a", 1},
                 {"\x7f", 1},
                 {"\xc2\x80", 2},
                 {"\xdf\xbf", 2},
                 {"\xe0\xa0\x80", 3},
                 {"\xed\x9f\xbf", 3},
                 {"\xee\x80\x80", 3},
                 {"\xf0\x90\x80\x80", 4},
                 {"\xf4\x8f\xbf\xbf", 4},
                 {"", 0},
                 {"\x80", 0},
                 {"\xc0\x80", 0},
                 {"\xc1\xbf", 0},
                 {"\xc2", 0},
                 {"\xc2\x41", 0},
                 {"\xe0\x9f\xbf", 0},
                 {"\xed\xa0\x80", 0},
                 {"\xe2\x82", 0},
                 {"\xf0\x8f\xbf\xbf", 0},
                 {"\xf4\x90\x80\x80", 0},
                 {"\xf5\x80\x80\x80", 0},
                 {"\xff", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(utf8_length(cases[i].text) == cases[i].length, "case %zu", i);
}
END_TEST

START_TEST(characters_have_their_number) {
    static const struct {
        const char *text;
        uint32_t number;
    } cases[] = {{"a", 'a'},
                 {"\xc3\xa9", 0xe9},
                 {"\xe2\x80\xa6", 0x2026},
                 {"\xf0\x9f\x98\x80", 0x1f600},
                 {"\xf4\x8f\xbf\xbf", 0x10ffff}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_uint_eq(utf8_decode(cases[i].text, utf8_length(cases[i].text)), cases[i].number);
}
END_TEST

START_TEST(a_clean_text_has_no_control_characters) {
    ck_assert(utf8_is_clean(""));
    ck_assert(utf8_is_clean("a \xc3\xa4 \xf0\x9f\x98\x80"));
    static const char *const bad[] = {"a\n", "\x1f", "\x7f", "\xc2\x80", "\xc2\x9f", "a\xff", "\xe2\x82"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!utf8_is_clean(bad[i]), "case %zu", i);
    ck_assert(utf8_is_clean("\xc2\xa0"));
}
END_TEST

static TCase *characters(void) {
    TCase *group = tcase_create("characters");
    tcase_add_test(group, characters_have_their_length);
    tcase_add_test(group, characters_have_their_number);
    tcase_add_test(group, a_clean_text_has_no_control_characters);
    return group;
}

UNIT_MAIN("lib/base/utf8", characters)
