/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_log: what is written, a reader that is stuck, a disk that is full, rotation; with it log_ring.c.
 * test_log_target.c has what is peculiar to the descriptors of POSIX.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/log/log.h"
#include "lib/os/thread.h"
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000, NOT_BLOCKED_MS = 3000, LOG_TIME = 24 };

static struct log *new_log(enum log_level level, const char *to) {
    struct error error = {""};
    struct log *log = log_new("test", LOG_FORMAT_TEXT, level, to, &error);
    ck_assert_msg(log, "%s", error.text);
    return log;
}

static size_t count_of(const char *text, const char *what) {
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        count++;
    return count;
}

struct expected {
    const char *path, *text;
};

static bool file_holds(void *context) {
    const struct expected *expected = context;
    if (access(expected->path, R_OK))
        return false;
    char *text = unit_read(expected->path, NULL);
    bool holds = strstr(text, expected->text);
    free(text);
    return holds;
}

static bool comes_to_hold(const char *path, const char *text) {
    struct expected expected = {path, text};
    return unit_wait_until(file_holds, &expected, PATIENCE_MS);
}

START_TEST(lines_have_a_time_and_arrive_at_once) {
    const char *path = unit_path("log");
    struct log *log = new_log(LOG_LEVEL_INFO, path);
    log_write(log, LOG_LEVEL_INFO, "server", "listening on %s", "0.0.0.0:10001");
    ck_assert(comes_to_hold(path, "info    server  listening on 0.0.0.0:10001\n"));
    log_free(log);
    char *text = unit_read(path, NULL);
    unsigned year, month, day, hour, minute, second, ms;
    ck_assert_int_eq(sscanf(text, "%4u-%2u-%2uT%2u:%2u:%2u.%3uZ ", &year, &month, &day, &hour, &minute, &second, &ms),
                     7);
    ck_assert_int_eq(text[24], ' ');
    ck_assert_uint_ge(year, 2020);
    free(text);
}
END_TEST

START_TEST(levels_are_kept_apart_and_no_log_is_a_log) {
    const char *path = unit_path("log");
    struct log *log = new_log(LOG_LEVEL_WARNING, path);
    ck_assert(log_enabled(log, LOG_LEVEL_ERROR) && log_enabled(log, LOG_LEVEL_WARNING));
    ck_assert(!log_enabled(log, LOG_LEVEL_INFO) && !log_enabled(NULL, LOG_LEVEL_ERROR));
    log_write(log, LOG_LEVEL_INFO, "x", "too little");
    log_write(log, LOG_LEVEL_ERROR, "x", "enough");
    log_event(NULL, LOG_LEVEL_ERROR, "x", "nowhere", NULL);
    log_write(NULL, LOG_LEVEL_ERROR, "x", "nowhere");
    log_reopen(NULL);
    log_free(log);
    log_free(NULL);
    char *text = unit_read(path, NULL);
    ck_assert_uint_eq(count_of(text, "\n"), 1);
    ck_assert_ptr_nonnull(strstr(text, "enough"));
    free(text);
}
END_TEST

START_TEST(level_that_is_changed_holds_from_then_on) {
    struct log *log = new_log(LOG_LEVEL_WARNING, unit_path("log"));
    log_set_level(log, LOG_LEVEL_DEBUG);
    ck_assert(log_enabled(log, LOG_LEVEL_DEBUG) && log_level(log) == LOG_LEVEL_DEBUG);
    log_set_level(log, LOG_LEVEL_ERROR);
    ck_assert(!log_enabled(log, LOG_LEVEL_WARNING));
    log_set_level(NULL, LOG_LEVEL_DEBUG);
    log_free(log);
}
END_TEST

START_TEST(a_log_that_cannot_be_opened_says_why) {
    struct error error = {""};
    const char *path = unit_path("no/such/folder/log");
    ck_assert_ptr_null(log_new("test", LOG_FORMAT_TEXT, LOG_LEVEL_INFO, path, &error));
    const char *at = strstr(error.text, path);
    ck_assert_ptr_nonnull(at);
    ck_assert_str_ne(at + strlen(path), ""); /* the system's words, which differ */
}
END_TEST

/* ---- many threads ---- */

enum { WRITERS = 4, LINES = 2500 }; /* together less than the ring holds, so that none may be missing */

struct writer {
    struct log *log;
    unsigned number;
    pthread_t thread;
};

static void *write_many(void *context) {
    struct writer *writer = context;
    for (unsigned i = 0; i < LINES; i++)
        log_event(writer->log, LOG_LEVEL_INFO, "relay", "ended",
                  LOG_FIELDS(LOG_NUMBER("writer", writer->number), LOG_NUMBER("line", i), LOG_TEXT("x", "a b")));
    return NULL;
}

static void check_order(const char *text) {
    unsigned next[WRITERS] = {0}, writer, line;
    const char *at = text;
    while ((at = strstr(at, "writer="))) {
        ck_assert_int_eq(sscanf(at, "writer=%u line=%u", &writer, &line), 2);
        ck_assert_uint_lt(writer, WRITERS);
        ck_assert_uint_eq(line, next[writer]++);
        at++;
    }
    for (int i = 0; i < WRITERS; i++)
        ck_assert_uint_eq(next[i], LINES);
}

START_TEST(many_threads_write_whole_lines_in_order) {
    const char *path = unit_path("log");
    struct log *log = new_log(LOG_LEVEL_INFO, path);
    struct writer writers[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.log = log, .number = i};
        ck_assert_int_eq(thread_start(&writers[i].thread, "writer", write_many, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    log_free(log);
    char *text = unit_read(path, NULL);
    ck_assert_uint_eq(count_of(text, "\n"), WRITERS * LINES);
    check_order(text);
    free(text);
}
END_TEST

/* ---- a stuck reader ---- */

struct pipe_log {
    int ends[2], saved;
    struct log *log;
};

static void restore_stderr(struct pipe_log *piped) {
    dup2(piped->saved, STDERR_FILENO);
    close(piped->saved);
}

/* A log to standard error, which is a pipe. */
static struct pipe_log log_to_pipe(void) {
    struct pipe_log piped;
    unit_pipe(piped.ends);
    piped.saved = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(piped.ends[1], STDERR_FILENO), 0); /* Windows returns 0 */
    close(piped.ends[1]);
    piped.log = new_log(LOG_LEVEL_INFO, "stderr");
    return piped;
}

struct reading { /* what has come out of the pipe */
    int fd;
    char *text;
    size_t used, size;
    const char *wanted;
};

static bool read_some(struct reading *reading) {
    if (reading->used + 65536 >= reading->size) {
        reading->size = reading->size * 2 + 131072;
        reading->text = realloc(reading->text, reading->size);
        ck_assert_ptr_nonnull(reading->text);
    }
    size_t count = unit_pipe_take(reading->fd, reading->text + reading->used, 65536);
    reading->used += count;
    reading->text[reading->used] = '\0';
    return count > 0;
}

static bool has_been_read(void *context) {
    struct reading *reading = context;
    while (read_some(reading)) {
    }
    return strstr(reading->text, reading->wanted);
}

enum { FLOOD = 40000 };

START_TEST(a_stuck_reader_blocks_no_writer_and_reads_what_it_missed) {
    struct pipe_log piped = log_to_pipe();
    uint64_t start = clock_ms();
    for (unsigned i = 0; i < FLOOD; i++) { /* some 3 MB into a ring of 1 MiB */
        log_event(piped.log, LOG_LEVEL_INFO, "relay 3f2a-17", "ended",
                  LOG_FIELDS(LOG_NUMBER("line", i), LOG_TEXT("service", "WinVNC"),
                             LOG_TEXT("detail", "both ends done")));
    }
    ck_assert_uint_lt(clock_ms() - start, NOT_BLOCKED_MS);

    struct reading reading = {.fd = piped.ends[0], .wanted = "lines dropped"};
    ck_assert(unit_wait_until(has_been_read, &reading, PATIENCE_MS));
    log_write(piped.log, LOG_LEVEL_INFO, "server", "all is well again");
    reading.wanted = "all is well again\n";
    ck_assert(unit_wait_until(has_been_read, &reading, PATIENCE_MS));

    unsigned dropped = 0;
    const char *notice = strstr(reading.text, "lines dropped");
    ck_assert_uint_eq(count_of(reading.text, "lines dropped"), 1);
    ck_assert_int_eq(sscanf(strstr(notice, "count="), "count=%u", &dropped), 1);
    ck_assert_uint_gt(dropped, 0);
    ck_assert_uint_eq(count_of(reading.text, " ended "), FLOOD - dropped);
    log_free(piped.log);
    restore_stderr(&piped);
    free(reading.text);
}
END_TEST

START_TEST(freeing_does_not_wait_for_a_stuck_reader) {
    struct pipe_log piped = log_to_pipe();
    for (unsigned i = 0; i < FLOOD; i++)
        log_write(piped.log, LOG_LEVEL_INFO, "relay", "line %u", i);
    uint64_t start = clock_ms();
    log_free(piped.log);
    ck_assert_uint_lt(clock_ms() - start, NOT_BLOCKED_MS);
    close(piped.ends[0]); /* lets the thread go: EPIPE */
    restore_stderr(&piped);
}
END_TEST

START_TEST(a_reader_that_is_gone_blocks_no_writer) {
    struct pipe_log piped = log_to_pipe();
    close(piped.ends[0]);
    uint64_t start = clock_ms();
    for (unsigned i = 0; i < FLOOD; i++)
        log_write(piped.log, LOG_LEVEL_INFO, "relay", "line %u", i);
    log_free(piped.log);
    ck_assert_uint_lt(clock_ms() - start, NOT_BLOCKED_MS);
    restore_stderr(&piped);
}
END_TEST

/* ---- files ---- */

START_TEST(a_rotated_file_is_left_behind) {
    const char *path = unit_path("log"), *old = unit_path("log.1");
    struct log *log = new_log(LOG_LEVEL_INFO, path);
    log_write(log, LOG_LEVEL_INFO, "server", "before");
    ck_assert(comes_to_hold(path, "before"));
    ck_assert_int_eq(rename(path, old), 0);
    log_reopen(log);
    log_write(log, LOG_LEVEL_INFO, "server", "after");
    ck_assert(comes_to_hold(path, "after"));
    log_free(log);
    char *text = unit_read(old, NULL);
    ck_assert_ptr_null(strstr(text, "after"));
    free(text);
}
END_TEST

static bool has_reopened(void *log) {
    return log_reopen_error(log) == 0;
}

static bool has_failed_to_reopen(void *log) {
    return log_reopen_error(log) != 0;
}

/* A folder takes the file's place. */
START_TEST(file_that_cannot_be_opened_again_is_reported_until_it_can) {
    const char *path = unit_path("log");
    struct error error;

    struct log *log = new_log(LOG_LEVEL_INFO, path);
    ck_assert_int_eq(rename(path, unit_path("log.1")), 0);
    unit_make_folder(path);
    log_reopen(log);
    ck_assert(unit_wait_until(has_failed_to_reopen, log, PATIENCE_MS));
    ck_assert_int_eq(rmdir(path), 0);
    log_reopen(log);
    ck_assert(unit_wait_until(has_reopened, log, PATIENCE_MS));
    ck_assert_int_eq(rename(path, unit_path("log.2")), 0);
    unit_make_folder(path);
    log_reopen(log);
    ck_assert(unit_wait_until(has_failed_to_reopen, log, PATIENCE_MS));
    struct log_target *target = log_target_open(LOG_FORMAT_TEXT, unit_path("other"), &error);
    ck_assert_msg(target, "%s", error.text);
    log_change(log, LOG_FORMAT_TEXT, LOG_LEVEL_INFO, target);
    ck_assert(unit_wait_until(has_reopened, log, PATIENCE_MS));
    log_free(log);
    ck_assert_int_eq(log_reopen_error(NULL), 0);
}
END_TEST

START_TEST(level_format_and_file_change_while_it_runs) {
    const char *path = unit_path("log"), *other = unit_path("other");
    struct error error = {""};
    struct log *log = new_log(LOG_LEVEL_INFO, path);
    log_write(log, LOG_LEVEL_INFO, "server", "before");
    ck_assert(comes_to_hold(path, "before"));
    ck_assert_ptr_null(log_target_open(LOG_FORMAT_TEXT, unit_path("no/such/log"), &error));
    struct log_target *target = log_target_open(LOG_FORMAT_TEXT, other, &error);
    ck_assert_msg(target, "%s", error.text);
    log_change(log, LOG_FORMAT_JSON, LOG_LEVEL_DEBUG, target);
    log_write(log, LOG_LEVEL_DEBUG, "server", "after");
    ck_assert(comes_to_hold(other, "\"event\":\"after\"}"));
    log_change(log, LOG_FORMAT_TEXT, LOG_LEVEL_WARNING, NULL);
    ck_assert(!log_enabled(log, LOG_LEVEL_INFO));
    log_write(log, LOG_LEVEL_WARNING, "server", "as text");
    ck_assert(comes_to_hold(other, "  as text\n"));
    log_free(log);
    log_target_free(log_target_open(LOG_FORMAT_TEXT, other, &error));
    char *text = unit_read(path, NULL);
    ck_assert_ptr_null(strstr(text, "after"));
    free(text);
}
END_TEST

START_TEST(a_full_disk_ends_no_program) {
    if (access("/dev/full", W_OK))
        return; /* not every system has one */
    struct log *log = new_log(LOG_LEVEL_INFO, "/dev/full");
    for (unsigned i = 0; i < FLOOD; i++)
        log_write(log, LOG_LEVEL_INFO, "relay", "line %u", i);
    uint64_t start = clock_ms();
    log_free(log);
    ck_assert_uint_lt(clock_ms() - start, NOT_BLOCKED_MS);
}
END_TEST

START_TEST(a_limit_lets_a_burst_through_and_counts_the_rest) {
    struct log_limit limit = {0, 0, 0};
    unsigned skipped = 99, allowed = 0;
    for (int i = 0; i < 10; i++)
        allowed += log_limit_allows(&limit, 3, &skipped);
    bool minute_passed = allowed != 3; /* at most once a minute the burst starts anew */
    ck_assert(minute_passed || skipped == 0);
    ck_assert_uint_ge(allowed, 3);
    ck_assert_uint_le(allowed, 6);
    limit.minute--; /* as if the minute were over */
    unsigned used_up = limit.skipped;
    ck_assert(log_limit_allows(&limit, 3, &skipped));
    ck_assert_uint_eq(skipped, used_up);
    ck_assert_uint_eq(limit.skipped, 0);
    limit.minute--;
    ck_assert(log_limit_allows(&limit, 3, NULL));
}
END_TEST

static TCase *writing(void) {
    TCase *group = tcase_create("writing");
    tcase_add_test(group, lines_have_a_time_and_arrive_at_once);
    tcase_add_test(group, levels_are_kept_apart_and_no_log_is_a_log);
    tcase_add_test(group, level_that_is_changed_holds_from_then_on);
    tcase_add_test(group, a_log_that_cannot_be_opened_says_why);
    tcase_add_test(group, many_threads_write_whole_lines_in_order);
    tcase_add_test(group, a_rotated_file_is_left_behind);
    tcase_add_test(group, file_that_cannot_be_opened_again_is_reported_until_it_can);
    tcase_add_test(group, a_limit_lets_a_burst_through_and_counts_the_rest);
    return group;
}

static TCase *trouble(void) {
    TCase *group = tcase_create("trouble");
    tcase_add_test(group, a_stuck_reader_blocks_no_writer_and_reads_what_it_missed);
    tcase_add_test(group, freeing_does_not_wait_for_a_stuck_reader);
    tcase_add_test(group, a_reader_that_is_gone_blocks_no_writer);
    tcase_add_test(group, level_format_and_file_change_while_it_runs);
    tcase_add_test(group, a_full_disk_ends_no_program);
    return group;
}

UNIT_MAIN("lib/log/log", writing, trouble)
