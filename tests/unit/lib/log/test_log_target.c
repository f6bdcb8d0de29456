/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_log_target: whether a log could be opened, whether the journal reads it, and a stream that does not block;
 * test_log.c has its lines, test_log_target_windows.c is its counterpart.
 */
#include "config.h"

#include "lib/log/log.h"
#include "unit.h"

#include <fcntl.h>
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

START_TEST(a_file_that_is_made_is_not_for_others) {
    struct error error = {""};
    struct stat status;
    log_target_free(log_target_open(LOG_FORMAT_TEXT, unit_path("made"), &error));
    ck_assert_int_eq(stat(unit_path("made"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07137, 0);
}
END_TEST

/* ---- a log to standard error, which is a pipe ---- */

enum { LINES = 5000, MOST = 4 * 1024 * 1024, LOG_TIME = 24, PATIENCE_MS = 5000 };

static struct log *new_log(void) {
    struct error error = {""};
    struct log *log = log_new("test", LOG_FORMAT_TEXT, LOG_LEVEL_INFO, "stderr", &error);
    ck_assert_msg(log, "%s", error.text);
    return log;
}

struct reading { /* what has come out of the pipe */
    int fd;
    char *text;
    size_t used;
};

static bool has_last_line(void *context) {
    struct reading *reading = context;
    for (size_t count; (count = unit_pipe_take(reading->fd, reading->text + reading->used, MOST - 1 - reading->used));)
        reading->used += count;
    return strstr(reading->text, "line 4999 ");
}

/* JOURNAL_STREAM, which a program inherits, names the descriptor's stream, or another. */
START_TEST(the_journal_is_known_by_its_stream) {
    char stream[64];
    struct stat status;
    int ends[2];
    unit_pipe(ends);
    ck_assert_int_eq(fstat(ends[1], &status), 0);
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino + (_i ? 1 : 0));
    unit_set_environment("JOURNAL_STREAM", stream);
    int saved = dup(STDERR_FILENO);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    struct log *log = new_log();
    log_write(log, LOG_LEVEL_WARNING, "server", "hot");
    log_free(log);
    dup2(saved, STDERR_FILENO);
    char text[256] = "";
    ck_assert_int_gt(read(ends[0], text, sizeof text - 1), 0);
    if (_i == 0) {
        ck_assert_str_eq(text, "<4>warning server  hot\n");
    } else {
        ck_assert_str_eq(text + LOG_TIME, " warning server  hot\n");
    }
}
END_TEST

/* What another program that shares the terminal may have done. */
START_TEST(a_non_blocking_descriptor_loses_nothing_and_stays_one) {
    struct reading reading = {.text = calloc(1, MOST)};
    int ends[2], saved = dup(STDERR_FILENO), flags = _i ? O_NONBLOCK : 0;
    char expected[64];
    unit_pipe(ends);
    reading.fd = ends[0];
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETFL, flags), 0);
    struct log *log = new_log();
    for (unsigned i = 0; i < LINES; i++)
        log_write(log, LOG_LEVEL_INFO, "relay", "line %u of many that fill the pipe", i);
    ck_assert(unit_wait_until(has_last_line, &reading, PATIENCE_MS));
    for (unsigned i = 0; i < LINES; i += 7) {
        snprintf(expected, sizeof expected, "line %u of", i);
        ck_assert_ptr_nonnull(strstr(reading.text, expected));
    }
    ck_assert_int_eq(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, flags);
    log_free(log);
    dup2(saved, STDERR_FILENO);
    free(reading.text);
}
END_TEST

static TCase *targets(void) {
    TCase *group = tcase_create("targets");
    tcase_add_test(group, a_target_is_tried_and_not_made);
    tcase_add_test(group, a_target_that_may_not_be_written_is_found);
    tcase_add_test(group, a_file_that_is_made_is_not_for_others);
    tcase_add_test(group, the_journals_stream_is_this_one_or_another);
    return group;
}

static TCase *streams(void) {
    TCase *group = tcase_create("streams");
    tcase_add_loop_test(group, the_journal_is_known_by_its_stream, 0, 2);
    tcase_add_loop_test(group, a_non_blocking_descriptor_loses_nothing_and_stays_one, 0, 2);
    return group;
}

UNIT_MAIN("lib/log/log_target", targets, streams)
