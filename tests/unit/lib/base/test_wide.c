/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_wide: UTF-8 and UTF-16, and paths as Windows' calls take them.
 */
#include "config.h"

#include "lib/base/wide.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(texts_come_back_as_they_were) {
    static const char *const texts[] = {"", "a", "\xc3\xa4\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        wchar_t *wide = wide_of(texts[i]);
        char *text = wide_to_utf8(wide);
        ck_assert_str_eq(text, texts[i]);
        free(wide);
        free(text);
    }
}
END_TEST

START_TEST(what_is_no_text_is_refused) {
    ck_assert_ptr_null(wide_of("a\xff"));
    ck_assert_int_eq(errno, EILSEQ);
    ck_assert_ptr_null(path_to_wide("C:\\\xc3"));
    ck_assert_ptr_null(wide_to_utf8(L"\xd83d"));
    ck_assert_int_eq(errno, EILSEQ);
    ck_assert_ptr_null(path_to_wide(""));
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

static const struct path {
    const char *text;
    const wchar_t *wide;
    const char *back;
} paths[] = {
    {"C:\\a\\b", L"\\\\?\\C:\\a\\b", "C:\\a\\b"},
    {"C:/a/../c", L"\\\\?\\C:\\c", "C:\\c"},
    {"\\\\server\\share\\\xc3\xa4", L"\\\\?\\UNC\\server\\share\\\xe4", "\\\\server\\share\\\xc3\xa4"},
    {"//server/share/x", L"\\\\?\\UNC\\server\\share\\x", "\\\\server\\share\\x"},
    {"\\\\?\\C:\\a", L"\\\\?\\C:\\a", "C:\\a"},
    {"\\\\.\\pipe\\x", L"\\\\.\\pipe\\x", "\\\\.\\pipe\\x"},
};
START_TEST(a_path_is_absolute_and_may_be_long) {
    wchar_t *wide = path_to_wide(paths[_i].text);
    ck_assert_msg(wide && wcscmp(wide, paths[_i].wide) == 0, "%s: %ls", paths[_i].text, wide);
    char *back = path_of_wide(wide);
    ck_assert_str_eq(back, paths[_i].back);
    free(wide);
    free(back);
}
END_TEST

START_TEST(a_relative_path_begins_at_the_current_folder) {
    wchar_t *here = path_to_wide("."), *name = path_to_wide("name");
    size_t length = wcslen(here);
    ck_assert(wcsncmp(name, here, length) == 0 && wcscmp(name + length, L"\\name") == 0);
    free(here);
    free(name);
}
END_TEST

static TCase *texts(void) {
    TCase *group = tcase_create("texts");
    tcase_add_test(group, texts_come_back_as_they_were);
    tcase_add_test(group, what_is_no_text_is_refused);
    tcase_add_loop_test(group, a_path_is_absolute_and_may_be_long, 0, sizeof paths / sizeof *paths);
    tcase_add_test(group, a_relative_path_begins_at_the_current_folder);
    return group;
}

UNIT_MAIN("lib/base/wide", texts)
