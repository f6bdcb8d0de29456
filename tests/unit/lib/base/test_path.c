/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_path: paths taken apart and put together. What each system has of its own is in its table.
 */
#include "config.h"

#include "lib/base/path.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const struct parts {
    const char *path;
    bool is_absolute;
    const char *root, *folder, *name;
} parts[] = {
    {"", false, "", "", ""},
    {"name", false, "", "", "name"},
    {"..", false, "", "", ".."},
    {"a/name", false, "", "a/", "name"},
    {"a/b/", false, "", "a/b/", ""},
#ifdef _WIN32
    {"/name", false, "/", "/", "name"},
    {"\\a/b\\name", false, "\\", "\\a/b\\", "name"},
    {"a\\name", false, "", "a\\", "name"},
    {"C:", false, "C:", "C:", ""},
    {"C:name", false, "C:", "C:", "name"},
    {"c:/", true, "c:/", "c:/", ""},
    {"C:\\name", true, "C:\\", "C:\\", "name"},
    {"C:\\a/name", true, "C:\\", "C:\\a/", "name"},
    {"1:\\name", false, "", "1:\\", "name"},
    {"name:stream", false, "", "", "name:stream"},
    {"\\\\server\\share\\a\\name", true, "\\\\server\\share\\", "\\\\server\\share\\a\\", "name"},
    {"//server/share/name", true, "//server/share/", "//server/share/", "name"},
    {"\\\\server\\share", true, "\\\\server\\share", "\\\\server\\share", ""},
    {"\\\\server", true, "\\\\server", "\\\\server", ""},
    {"\\\\?\\C:\\name", true, "\\\\?\\C:\\", "\\\\?\\C:\\", "name"},
    {"\\\\?\\UNC\\server\\share\\name", true, "\\\\?\\UNC\\server\\share\\", "\\\\?\\UNC\\server\\share\\", "name"},
    {"\\\\.\\pipe\\name", true, "\\\\.\\pipe\\", "\\\\.\\pipe\\", "name"},
#else
    {"/", true, "/", "/", ""},
    {"/name", true, "/", "/", "name"},
    {"//a//name", true, "/", "//a//", "name"},
    {"a\\name", false, "", "", "a\\name"},
    {"C:/name", false, "", "C:/", "name"},
#endif
};
START_TEST(a_path_has_a_root_a_folder_and_a_name) {
    const struct parts *expected = &parts[_i];
    size_t folder = path_folder_length(expected->path);
    ck_assert_msg(path_is_absolute(expected->path) == expected->is_absolute, "%s", expected->path);
    ck_assert_msg(path_root_length(expected->path) == strlen(expected->root), "%s: a root of %zu", expected->path,
                  path_root_length(expected->path));
    ck_assert_msg(folder == strlen(expected->folder), "%s: a folder of %zu", expected->path, folder);
    ck_assert_str_eq(path_name(expected->path), expected->name);
}
END_TEST

static void check_join(const char *folder, const char *name, const char *expected) {
    char *path = path_join(folder, strlen(folder), name);
    ck_assert_str_eq(path, expected);
    free(path);
}

START_TEST(a_separator_is_put_in_where_there_is_none) {
    check_join("", "name", "name");
    check_join("a/", "name", "a/name");
#ifdef _WIN32
    check_join("C:\\a", "name", "C:\\a\\name");
    check_join("C:\\a\\", "name", "C:\\a\\name");
    check_join("C:/a", "name", "C:/a/name");
    check_join("C:/a\\b", "name", "C:/a\\b\\name");
#else
    check_join("/a", "name", "/a/name");
    check_join("/", "name", "/name");
    check_join("a\\", "name", "a\\/name");
#endif
    char *path = path_join("abc", 1, "name");
    ck_assert_msg(path[1] == path_separator() && strcmp(path + 2, "name") == 0, "%s", path);
    free(path);
}
END_TEST

static const struct beside {
    const char *path, *name, *result;
} besides[] = {
    {"/a/file", "name", "/a/name"},
    {"file", "name", "name"},
    {"a/file", "../name", "a/../name"},
    {"/a/file", "/b/name", "/b/name"},
    {"/file", "name", "/name"},
#ifdef _WIN32
    {"C:\\a\\file", "b/name", "C:\\a\\b/name"},
    {"C:/a/file", "D:\\name", "D:\\name"},
    {"C:file", "name", "C:name"},
    {"C:\\a\\file", "\\name", "\\name"},
#endif
};
START_TEST(a_name_without_a_root_is_beside_the_path) {
    char *path = path_beside(besides[_i].path, besides[_i].name);
    ck_assert_str_eq(path, besides[_i].result);
    free(path);
}
END_TEST

START_TEST(separators_are_written_so_that_json_can_have_them) {
    char path[] = "/a\\b/c";
    path_to_slashes(path);
    ck_assert_str_eq(path, path_is_separator('\\') ? "/a/b/c" : "/a\\b/c");
}
END_TEST

static TCase *texts(void) {
    TCase *group = tcase_create("texts");
    tcase_add_loop_test(group, a_path_has_a_root_a_folder_and_a_name, 0, sizeof parts / sizeof *parts);
    tcase_add_loop_test(group, a_name_without_a_root_is_beside_the_path, 0, sizeof besides / sizeof *besides);
    tcase_add_test(group, a_separator_is_put_in_where_there_is_none);
    tcase_add_test(group, separators_are_written_so_that_json_can_have_them);
    return group;
}

UNIT_MAIN("lib/base/path", texts)
