/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_system_error: the words of Windows.
 */
#include "config.h"

#include "lib/base/system_error.h"
#include "unit.h"

#include <string.h>

START_TEST(a_number_has_words) {
    char text[SYSTEM_ERROR_TEXT];
    ck_assert_str_eq(system_error_text(5, text), text);
    ck_assert_msg(strlen(text) > 5 && strcmp(text + strlen(text) - 4, " (5)") == 0, "%s", text);
    ck_assert_msg(!strpbrk(text, "\r\n"), "%s", text);
}
END_TEST

START_TEST(a_number_without_words_is_told_alone) {
    char text[SYSTEM_ERROR_TEXT];
    ck_assert_str_eq(system_error_text(0x2fffffff, text), "error 805306367");
}
END_TEST

static TCase *texts(void) {
    TCase *group = tcase_create("texts");
    tcase_add_test(group, a_number_has_words);
    tcase_add_test(group, a_number_without_words_is_told_alone);
    return group;
}

UNIT_MAIN("lib/base/system_error", texts)
