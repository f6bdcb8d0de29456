/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_file_glob: the files that a pattern names.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/strlist.h"
#include "unit.h"

#include <string.h>

static struct strlist found;
static struct error error;

static int look_for(const char *name, size_t limit) {
    strlist_done(&found);
    error.text[0] = '\0';
    return file_glob(unit_path(name), limit, &found, &error);
}

START_TEST(files_come_in_the_order_of_their_bytes) {
    unit_text_file("b.json", "");
    unit_text_file("a.json", "");
    unit_text_file("C.json", "");
    unit_text_file(".hidden.json", "");
    unit_text_file("d.json~", "");
    ck_assert_int_eq(look_for("*.json", 10), 0);
    ck_assert_uint_eq(found.count, 3);
    ck_assert_str_eq(found.items[0], unit_path("C.json"));
    ck_assert_str_eq(found.items[1], unit_path("a.json"));
    ck_assert_str_eq(found.items[2], unit_path("b.json"));
    ck_assert_int_eq(file_glob(unit_path("a.*"), 10, &found, &error), 0);
    ck_assert_uint_eq(found.count, 3); /* once */
    strlist_done(&found);
}
END_TEST

START_TEST(no_match_is_no_error_but_a_missing_name_is) {
    ck_assert_int_eq(look_for("*.json", 10), 0);
    ck_assert_int_eq(look_for("nowhere/?.json", 10), 0);
    ck_assert_uint_eq(found.count, 0);
    ck_assert_int_eq(look_for("gone.json", 10), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "there is no file "));
}
END_TEST

START_TEST(more_files_than_allowed_are_refused) {
    unit_text_file("a.json", "");
    unit_text_file("b.json", "");
    ck_assert_int_eq(look_for("*.json", 1), -1);
    ck_assert_str_eq(error.text, "more than 1 files; fewer are expected");
    strlist_done(&found);
}
END_TEST

START_TEST(a_folder_to_which_everybody_may_add_files_is_refused) {
    unit_make_folder(unit_path("d"));
    unit_text_file("d/a.json", "");
    unit_let_others_write(unit_path("d"));
    ck_assert_int_eq(look_for("d/?.json", 10), -1);
    ck_assert_ptr_nonnull(strstr(error.text, " may add files to the folder of "));
    unit_keep_to_owner(unit_path("d"));
    ck_assert_int_eq(look_for("d/?.json", 10), 0);
    strlist_done(&found);
}
END_TEST

static TCase *matching(void) {
    TCase *group = tcase_create("matching");
    tcase_add_test(group, files_come_in_the_order_of_their_bytes);
    tcase_add_test(group, no_match_is_no_error_but_a_missing_name_is);
    tcase_add_test(group, more_files_than_allowed_are_refused);
    tcase_add_test(group, a_folder_to_which_everybody_may_add_files_is_refused);
    return group;
}

UNIT_MAIN("lib/base/file_glob", matching)
