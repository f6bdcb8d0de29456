/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_file_posix: modes, owners and links.
 */
#include "config.h"

#include "lib/base/file.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static unsigned mode_of(const char *path) {
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static const struct mode {
    unsigned mode;
    const char *refusal; /* NULL: it is right */
} modes[] = {{0600, NULL},
             {0640, NULL},
             {0660, NULL},
             {0400, NULL},
             {0644, " may read "},
             {0604, " may read "},
             {0602, " may change "},
             {0601, " may execute "},
             {0666, " may read or change "}};
START_TEST(a_secret_that_others_can_reach_is_refused) {
    const char *path = unit_text_file("secret", "0123");
    struct error error = {""};
    size_t length;
    ck_assert_int_eq(chmod(path, modes[_i].mode), 0);
    char *text = file_read_secret(path, 10, &length, &error);
    ck_assert_msg(!text == !!modes[_i].refusal, "%04o: %s", modes[_i].mode, error.text);
    if (modes[_i].refusal) {
        ck_assert_msg(strstr(error.text, modes[_i].refusal), "%04o: %s", modes[_i].mode, error.text);
        ck_assert_ptr_nonnull(strstr(error.text, "chmod 0640"));
        ck_assert_ptr_null(strstr(error.text, "0123"));
    }
    free(text);
}
END_TEST

/* ---- writing ---- */

START_TEST(a_replaced_file_has_the_new_mode) {
    const char *path = unit_path("agents.json");
    struct error error = {""};
    ck_assert_msg(file_write(path, "one", 3, 0640, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(mode_of(path), 0640);
    ck_assert_int_eq(file_write(path, "second", 6, 0600, &error), 0);
    ck_assert_uint_eq(mode_of(path), 0600);
    char *staged = file_stage(path, "third", 5, 0640, &error);
    ck_assert_uint_eq(mode_of(staged), 0640);
    file_unstage(staged);
}
END_TEST

START_TEST(the_umask_does_not_change_the_mode) {
    const char *path = unit_path("file");
    umask(0077);
    ck_assert_int_eq(file_write(path, "x", 1, 0644, NULL), 0);
    ck_assert_uint_eq(mode_of(path), 0644);
}
END_TEST

START_TEST(a_link_stays_a_link) {
    const char *path = unit_text_file("real", "old"), *link = unit_path("link");
    ck_assert_int_eq(symlink(path, link), 0);
    ck_assert_int_eq(file_write(link, "new", 3, 0600, NULL), 0);
    struct stat status;
    ck_assert_int_eq(lstat(link, &status), 0);
    ck_assert(S_ISLNK(status.st_mode));
    char *text = unit_read(path, NULL);
    ck_assert_str_eq(text, "new");
    free(text);
}
END_TEST

/* For file_sweep_staged(): last changed so many seconds ago. */
static const char *aged(const char *name, long seconds) {
    const struct timespec then = {time(NULL) - seconds, 0}, times[] = {then, then};
    const char *path = unit_text_file(name, "half of a fi");
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
    return path;
}

START_TEST(what_a_killed_writer_has_left_is_removed_by_a_later_one) {
    ck_assert_int_eq(mkdir(unit_path("kill"), 0700), 0);
    const char *left = aged("kill/.munnel-a1B2c3", 3700), *young = aged("kill/.munnel-a1B2c4", 3000),
               *longer = aged("kill/.munnel-a1B2c3d", 9999), *other = aged("kill/.munnel-ab.txt", 9999),
               *named = aged("kill/munnel-a1B2c3", 9999), *foreign = aged("kill/.munnel-a1B2c5", 9999);
    struct error error;
    ck_assert_int_eq(symlink(named, unit_path("kill/.munnel-a1B2c6")), 0);
    ck_assert_int_eq(mkdir(unit_path("kill/.munnel-a1B2c7"), 0700), 0);
    bool is_foreign = geteuid() == 0 && chown(foreign, 1, (gid_t)-1) == 0;
    ck_assert_int_eq(file_write(unit_path("kill/file"), "x", 1, 0640, &error), 0);
    ck_assert(!file_exists(left));
    ck_assert(file_exists(young) && file_exists(longer) && file_exists(other) && file_exists(named));
    ck_assert(file_exists(unit_path("kill/.munnel-a1B2c6")) && file_exists(unit_path("kill/.munnel-a1B2c7")));
    ck_assert_int_eq(file_exists(foreign), is_foreign);
}
END_TEST

START_TEST(the_group_of_the_old_file_is_kept) {
    const char *path = unit_text_file("file", "old");
    if (geteuid() != 0 || chown(path, 0, 4242))
        return; /* only root may */
    ck_assert_int_eq(file_write(path, "new", 3, 0640, NULL), 0);
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_gid, 4242);
}
END_TEST

START_TEST(what_root_puts_into_a_services_folder_is_the_services) {
    const char *folder = unit_path("of a service");
    struct error error = {""};
    ck_assert_int_eq(file_make_folder(folder, 0700, &error), 0);
    if (geteuid() != 0 || chown(folder, 4242, 4343))
        return; /* only root may */
    char *path = file_in(folder, "joined.json");
    ck_assert_msg(file_write(path, "new", 3, 0600, &error) == 0, "%s", error.text);
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_uid, 4242);
    ck_assert_uint_eq(status.st_gid, 4343);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    free(path);
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");
    tcase_add_loop_test(group, a_secret_that_others_can_reach_is_refused, 0, sizeof modes / sizeof *modes);
    return group;
}

static TCase *writing(void) {
    TCase *group = tcase_create("writing");
    tcase_add_test(group, a_replaced_file_has_the_new_mode);
    tcase_add_test(group, the_umask_does_not_change_the_mode);
    tcase_add_test(group, a_link_stays_a_link);
    tcase_add_test(group, what_a_killed_writer_has_left_is_removed_by_a_later_one);
    tcase_add_test(group, the_group_of_the_old_file_is_kept);
    tcase_add_test(group, what_root_puts_into_a_services_folder_is_the_services);
    return group;
}

UNIT_MAIN("lib/base/file_posix", reading, writing)
