/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_diag_archive: the MANIFEST, and secrets in texts of unknown content.
 */
#include "config.h"

#include "ctl/diag_archive.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "00112233445566778899aabbccddeeff00112233445566778899aabbccddee00"
#define STARS  "****************************************************************"

static void expect_redacted(const char *text, const char *redacted) {
    char *copy = strdup(text);

    diag_redact(copy, strlen(copy));
    ck_assert_str_eq(copy, redacted);
    free(copy);
}

START_TEST(codes_and_tokens_are_overwritten_and_nothing_else) {
    expect_redacted("code munnel1.eyJzIjpb_-9 end", "code munnel1.*********** end");
    expect_redacted("munnel1.", "munnel1.");
    expect_redacted("alpha:" DIGITS "\nb:" DIGITS, "alpha:" STARS "\nb:" STARS);
    expect_redacted("pin sha256:" DIGITS, "pin sha256:" DIGITS);
    expect_redacted(":" DIGITS "0", ":" DIGITS "0"); /* longer than a token */
    expect_redacted("127.0.0.1:10001 3f2a91c0-17", "127.0.0.1:10001 3f2a91c0-17");
}
END_TEST

START_TEST(the_manifest_tells_what_failed_and_why) {
    FILE *file = fopen(unit_path("d.tar"), "wb");
    struct diag_archive archive;
    struct error error = {"it is not there"};
    size_t length;

    diag_archive_begin(&archive, file, "d.tar", "folder");
    diag_archive_add(&archive, "good.txt", "hello", 5, NULL);
    diag_archive_add(&archive, "bad.txt", NULL, 0, &error);
    ck_assert_int_eq(diag_archive_end(&archive, &error), 0);
    fclose(file);
    ck_assert_uint_eq(archive.count, 2);
    ck_assert_uint_eq(archive.failed, 1);
    char *bytes = unit_read(unit_path("d.tar"), &length);
    ck_assert_str_eq(bytes + 1024, "folder/MANIFEST"); /* behind the header and the block of good.txt */
    ck_assert_ptr_nonnull(strstr(bytes + 1536, "ok      good.txt                     5 bytes\n"));
    ck_assert_ptr_nonnull(strstr(bytes + 1536, "FAILED  bad.txt                      it is not there\n"));
    free(bytes);
}
END_TEST

START_TEST(a_full_disk_is_an_error_at_the_end_that_names_the_file) {
    FILE *full = fopen("/dev/full", "wb");
    struct diag_archive archive;
    struct error error = {{0}};

    ck_assert_ptr_nonnull(full);
    setvbuf(full, NULL, _IONBF, 0);
    diag_archive_begin(&archive, full, "/tmp/d.tar", "folder");
    diag_archive_add(&archive, "good.txt", "hello", 5, NULL);
    ck_assert_int_eq(diag_archive_end(&archive, &error), -1);
    ck_assert_str_eq(error.text, "cannot write /tmp/d.tar: No space left on device; make room there, or write it "
                                 "elsewhere with --output FILE");
    fclose(full);
}
END_TEST

START_TEST(standard_output_is_named_by_its_name) {
    struct error error = {{0}};

    ck_assert_int_eq(diag_archive_refuse("-", EPIPE, &error), -1);
    ck_assert_str_eq(error.text, "cannot write standard output: Broken pipe; write it elsewhere with --output FILE");
}
END_TEST

static TCase *archives(void) {
    TCase *group = tcase_create("archives");
    tcase_add_test(group, codes_and_tokens_are_overwritten_and_nothing_else);
    tcase_add_test(group, the_manifest_tells_what_failed_and_why);
    tcase_add_test(group, a_full_disk_is_an_error_at_the_end_that_names_the_file);
    tcase_add_test(group, standard_output_is_named_by_its_name);
    return group;
}

UNIT_MAIN("ctl/diag_archive", archives)
