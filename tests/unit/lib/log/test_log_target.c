/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_log_target: whether a log could be opened, and whether the journal reads it; test_log.c has its lines.
 */
#include "config.h"

#include "lib/log/log.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void check_target(const char *to, const char *complaint) {
    struct error error = {""};
    int result = log_check_target(to, &error);
    ck_assert_msg(result == (complaint ? -1 : 0) && strstr(error.text, complaint ? complaint : ""), "%s: %s", to,
                  error.text);
}

START_TEST(a_target_is_tried_and_not_made) {
    check_target("stderr", NULL);
    check_target("/dev/null", NULL);
    check_target(unit_text_file("old", "a line\n"), NULL);
    check_target(unit_path("new"), NULL);
    ck_assert_int_ne(access(unit_path("new"), F_OK), 0);
    check_target(unit_folder(), "\" is a folder; name a file in it");
    check_target(unit_path("nowhere/log"), "there is no folder for \"/");
    check_target(unit_path("old/log"), "Not a directory; name another file");
}
END_TEST

/* Not as root, who may write everywhere; and by short paths, because the folders above are root's own. */
START_TEST(a_target_that_may_not_be_written_is_found) {
    const char *folder = unit_path("closed"), *file = unit_path("closed/old");
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    unit_text_file("closed/old", "a line\n");
    ck_assert(chmod(file, 0444) == 0 && chmod(folder, 0555) == 0 && chmod(unit_folder(), 0755) == 0);
    ck_assert_int_eq(chdir(unit_folder()), 0);
    bool is_root = geteuid() == 0;
    ck_assert(!is_root || seteuid(4242) == 0);
    check_target("closed/old", "Permission denied; give it to the user that writes it, or name another");
    check_target("closed/new", "Permission denied; make the file for the user that writes it");
    ck_assert(!is_root || seteuid(0) == 0);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

/* The variable names the stream that the journal reads; it may be inherited, or mean nothing. */
START_TEST(the_journals_stream_is_this_one_or_another) {
    struct stat status;
    char right[64], other[64];
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fstat(ends[1], &status), 0);
    snprintf(right, sizeof right, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    snprintf(other, sizeof other, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino + 1);
    const char *const values[] = {right, other, "", "1", "no:number", NULL};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (values[i])
            setenv("JOURNAL_STREAM", values[i], 1);
        else
            unsetenv("JOURNAL_STREAM");
        ck_assert_int_eq(log_target_is_journal(ends[1]), i == 0);
    }
    setenv("JOURNAL_STREAM", right, 1);
    close(ends[0]), close(ends[1]);
    ck_assert(!log_target_is_journal(ends[1]));
}
END_TEST

static TCase *targets(void) {
    TCase *group = tcase_create("targets");
    tcase_add_test(group, a_target_is_tried_and_not_made);
    tcase_add_test(group, a_target_that_may_not_be_written_is_found);
    tcase_add_test(group, the_journals_stream_is_this_one_or_another);
    return group;
}

UNIT_MAIN("lib/log/log_target", targets)
