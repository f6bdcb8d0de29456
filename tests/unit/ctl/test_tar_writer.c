/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_tar_writer: an archive that tar reads.
 */
#include "config.h"

#include "ctl/program_output.h"
#include "ctl/tar_writer.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAR_MS = 10000, BLOCK = 512 };

static FILE *open_new(const char *name) {
    FILE *file = fopen(unit_path(name), "wb");

    ck_assert_ptr_nonnull(file);
    return file;
}

/* What "tar WORD -f ARCHIVE NAME" prints. */
static char *run_tar(const char *word, const char *name) {
    char program[] = "tar", what[16], option[] = "-f", path[512], wanted[64];
    char *argv[] = {program, what, option, path, *name ? wanted : NULL, NULL};
    struct error error = {{0}};
    size_t length = 0;
    int code = -1;

    snprintf(what, sizeof what, "%s", word);
    snprintf(path, sizeof path, "%s", unit_path("a.tar"));
    snprintf(wanted, sizeof wanted, "%s", name);
    char *output = program_output(argv, NULL, TAR_MS, &length, &code, &error);
    ck_assert_msg(output && code == 0, "tar: %d: %s%s", code, error.text, output ? output : "");
    return output;
}

START_TEST(tar_reads_what_was_written) {
    static char large[3 * BLOCK + 7];
    FILE *file = open_new("a.tar");

    memset(large, 'x', sizeof large);
    ck_assert_int_eq(tar_add(file, "folder/empty", "", 0, 1000000000), 0);
    ck_assert_int_eq(tar_add(file, "folder/small", "hello\n", 6, 1000000000), 0);
    ck_assert_int_eq(tar_add(file, "folder/block", large, BLOCK, 1000000000), 0);
    ck_assert_int_eq(tar_add(file, "folder/large", large, sizeof large, 1000000000), 0);
    ck_assert_int_eq(tar_end(file), 0);
    fclose(file);
    char *names = run_tar("-t", ""), *small = run_tar("-xO", "folder/small"), *much = run_tar("-xO", "folder/large");
    char *details = run_tar("-tv", "folder/small");
    ck_assert_str_eq(names, "folder/empty\nfolder/small\nfolder/block\nfolder/large\n");
    ck_assert_str_eq(small, "hello\n");
    ck_assert_uint_eq(strlen(much), sizeof large);
    ck_assert_msg(strncmp(details, "-rw-------", 10) == 0, "%s", details);
    free(names);
    free(small);
    free(much);
    free(details);
}
END_TEST

START_TEST(a_name_that_does_not_fit_and_a_full_disk_are_errors) {
    char name[TAR_NAME_MOST + 2];
    FILE *file = open_new("b.tar"), *full = fopen("/dev/full", "wb");

    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert_int_eq(tar_add(file, name, "", 0, 0), -1);
    ck_assert_int_eq(errno, ENAMETOOLONG);
    ck_assert_int_eq(tar_add(file, name + 1, "", 0, 0), 0);
    ck_assert_ptr_nonnull(full);
    setvbuf(full, NULL, _IONBF, 0);
    ck_assert_int_eq(tar_add(full, "a", "b", 1, 0), -1);
    fclose(full);
    fclose(file);
}
END_TEST

static TCase *archives(void) {
    TCase *group = tcase_create("archives");
    tcase_add_test(group, tar_reads_what_was_written);
    tcase_add_test(group, a_name_that_does_not_fit_and_a_full_disk_are_errors);
    return group;
}

UNIT_MAIN("ctl/tar_writer", archives)
