/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_file: whole or not at all, secrets that others can read, names. What only POSIX has: test_file_posix.c.
 */
#include "config.h"

#include "lib/base/file.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static unsigned count_entries(const char *folder) {
    unsigned count = 0;
    DIR *entries = opendir(folder);
    ck_assert_ptr_nonnull(entries);
    while (readdir(entries))
        count++;
    closedir(entries);
    return count - 2; /* . and .. */
}

/* ---- reading ---- */

static const size_t sizes[] = {0, 1, 4093, 4094, 4095, 4096, 4097, 8191, 8192, 100000};
START_TEST(a_file_is_read_whole_up_to_the_limit) {
    size_t size = sizes[_i], length = 99;
    char *bytes = malloc(size + 1);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7);
    const char *path = unit_file("file", bytes, size);
    struct error error = {""};
    char *got = file_read(path, size, &length, &error);
    ck_assert_msg(got, "%s", error.text);
    ck_assert_uint_eq(length, size);
    ck_assert_int_eq(memcmp(got, bytes, size), 0);
    ck_assert_int_eq(got[size], '\0');
    free(got);
    got = file_read(path, 1 << 20, NULL, &error);
    ck_assert_ptr_nonnull(got);
    free(got);
    if (size > 0) {
        ck_assert_ptr_null(file_read(path, size - 1, &length, &error));
        ck_assert_ptr_nonnull(strstr(error.text, "too long"));
    }
    free(bytes);
}
END_TEST

START_TEST(what_cannot_be_read_is_named_with_the_cause) {
    struct error error = {""};
    const char *path = unit_path("none");
    ck_assert_ptr_null(file_read(path, 10, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error.text, path));
    ck_assert_ptr_nonnull(strstr(error.text, strerror(ENOENT)));
    ck_assert_ptr_null(file_read(unit_folder(), 10, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error.text, strerror(EISDIR)));
}
END_TEST

START_TEST(a_secret_that_others_may_read_is_refused) {
    const char *path = unit_text_file("secret", "0123");
    struct error error = {""};
    size_t length;
    char *text = file_read_secret(path, 10, &length, &error);
    ck_assert_msg(text && length == 4, "%s", error.text);
    free(text);
    unit_let_others_read(path);
    ck_assert_ptr_null(file_read_secret(path, 10, &length, &error));
    ck_assert_msg(strstr(error.text, " may read"), "%s", error.text);
}
END_TEST

START_TEST(what_a_name_is_and_how_it_begins_are_seen_without_waiting) {
    const char *path = unit_text_file("file", "0123456");
    enum file_kind kind;
    char bytes[5] = "";
    ck_assert_int_eq(file_kind(path), FILE_REGULAR);
    ck_assert_int_eq(file_kind(unit_folder()), FILE_FOLDER);
    ck_assert_int_eq(file_kind(unit_path("none")), FILE_ABSENT);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_int_eq(file_peek(path, bytes, 4, &kind), 4);
    ck_assert_str_eq(bytes, "0123");
    ck_assert_int_eq(file_peek(unit_folder(), bytes, 4, &kind), 0);
    ck_assert_int_eq(kind, FILE_FOLDER);
    ck_assert_int_eq(file_peek(unit_path("none"), bytes, 4, &kind), -1);
    if (!unit_make_fifo(unit_path("pipe")))
        return;
    ck_assert_int_eq(file_peek(unit_path("pipe"), bytes, 4, &kind), 0);
    ck_assert_int_eq(kind, FILE_OTHER);
}
END_TEST

/* ---- writing ---- */

START_TEST(a_file_is_replaced_whole) {
    const char *path = unit_path("agents.json");
    struct error error = {""};
    ck_assert_msg(file_write(path, "one", 3, 0640, &error) == 0, "%s", error.text);
    ck_assert_int_eq(file_write(path, "second", 6, 0600, &error), 0);
    char *text = unit_read(path, NULL);
    ck_assert_str_eq(text, "second");
    free(text);
    ck_assert_uint_eq(count_entries(unit_folder()), 1);
}
END_TEST

START_TEST(a_failed_write_leaves_the_old_file_and_nothing_else) {
    const char *folder = unit_path("taken");
    struct error error = {""};
    ck_assert_int_eq(file_make_folder(unit_path("taken/inside"), 0700, &error), 0);
    ck_assert_int_eq(file_write(folder, "x", 1, 0600, &error), -1); /* a folder cannot be renamed over */
    ck_assert_ptr_nonnull(strstr(error.text, folder));
    ck_assert_uint_eq(count_entries(unit_folder()), 1);
    ck_assert_int_eq(file_write(unit_path("no/folder"), "x", 1, 0600, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, strerror(ENOENT)));
}
END_TEST

START_TEST(a_staged_file_gets_its_name_at_once_or_not_at_all) {
    struct error error = {""};
    const char *path = unit_path("folder/file");
    unit_make_folder(unit_path("folder"));
    char *staged = file_stage(path, "one", 3, 0640, &error);
    ck_assert_msg(staged && !file_exists(path), "%s", error.text);
    ck_assert_int_eq(file_publish(staged, path, true, &error), 0);
    ck_assert(!file_exists(staged));
    file_unstage(staged);
    staged = file_stage(path, "two", 3, 0640, &error);
    ck_assert_int_eq(file_publish(staged, path, true, &error), -1); /* another program's, perhaps */
    ck_assert_int_eq(errno, EEXIST);
    char *text = unit_read(path, NULL);
    ck_assert_str_eq(text, "one");
    free(text);
    ck_assert_int_eq(file_publish(staged, path, false, &error), 0);
    text = unit_read(path, NULL);
    ck_assert_str_eq(text, "two");
    free(text);
    file_unstage(staged);
    file_unstage(file_stage(path, "three", 5, 0640, &error));
    file_sync_folder(path);
    ck_assert_uint_eq(count_entries(unit_path("folder")), 1);
    ck_assert_int_eq(file_remove(path, &error), 0);
    ck_assert_int_eq(file_remove(path, &error), -1);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_ptr_null(file_stage(unit_path("none/file"), "", 0, 0640, &error));
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* ---- folders and names ---- */

START_TEST(folders_are_made_with_their_parents) {
    struct error error = {""};
    const char *path = unit_path("a/b/c");
    ck_assert_msg(file_make_folder(path, 0750, &error) == 0, "%s", error.text);
    ck_assert_int_eq(file_make_folder(path, 0750, &error), 0);
    ck_assert(file_exists(path));
    ck_assert_int_eq(file_make_folder(unit_path("a/d/"), 0750, &error), 0);
    unit_text_file("file", "");
    ck_assert_int_eq(file_make_folder(unit_path("file"), 0750, &error), -1);
    ck_assert_int_eq(file_make_folder(unit_path("file/below"), 0750, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, strerror(ENOTDIR)));
    ck_assert_int_eq(file_make_folder("", 0750, &error), -1);
    ck_assert(!file_exists(unit_path("none")));
}
END_TEST

static const struct beside {
    const char *path, *name, *result;
} besides[] = {
    {"/etc/munnel.json", "server.pem", "/etc/server.pem"},
    {"munnel.json", "server.pem", "server.pem"},
    {"conf/munnel.json", "../x", "conf/../x"},
    {"/etc/munnel.json", "/run/x", "/run/x"},
    {"/munnel.json", "x", "/x"},
};
START_TEST(names_are_relative_to_the_file) {
    char *result = file_beside(besides[_i].path, besides[_i].name);
    ck_assert_str_eq(result, besides[_i].result);
    free(result);
}
END_TEST

static void check_in(const char *folder, const char *name, const char *expected) {
    char *result = file_in(folder, name);
    ck_assert_str_eq(result, expected);
    free(result);
}

START_TEST(names_are_put_into_folders) {
    check_in("/var/lib", "x", "/var/lib/x");
    check_in("/", "x", "/x");
    check_in("a/", "x", "a/x");
    check_in("", "x", "x");
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");
    tcase_add_loop_test(group, a_file_is_read_whole_up_to_the_limit, 0, sizeof sizes / sizeof *sizes);
    tcase_add_test(group, what_a_name_is_and_how_it_begins_are_seen_without_waiting);
    tcase_add_test(group, what_cannot_be_read_is_named_with_the_cause);
    tcase_add_test(group, a_secret_that_others_may_read_is_refused);
    return group;
}

static TCase *writing(void) {
    TCase *group = tcase_create("writing");
    tcase_add_test(group, a_file_is_replaced_whole);
    tcase_add_test(group, a_failed_write_leaves_the_old_file_and_nothing_else);
    tcase_add_test(group, a_staged_file_gets_its_name_at_once_or_not_at_all);
    return group;
}

static TCase *names(void) {
    TCase *group = tcase_create("names");
    tcase_add_test(group, folders_are_made_with_their_parents);
    tcase_add_loop_test(group, names_are_relative_to_the_file, 0, sizeof besides / sizeof *besides);
    tcase_add_test(group, names_are_put_into_folders);
    return group;
}

UNIT_MAIN("lib/base/file", reading, writing, names)
