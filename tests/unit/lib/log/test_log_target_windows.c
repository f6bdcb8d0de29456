/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_log_target_windows: whether a log could be opened, and which entries of the Event Log its records become;
 * test_log.c has its lines.
 */
#include "config.h"

#include "lib/log/log_target.h"

#include "lib/log/log.h"
#include "lib/os/event_log.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

static void check_target(const char *to, const char *complaint) {
    struct error error = {""};
    int result = log_check_target(to, &error);
    ck_assert_msg(result == (complaint ? -1 : 0) && strstr(error.text, complaint ? complaint : ""), "%s: %s", to,
                  error.text);
}

START_TEST(a_target_is_tried_and_not_made) {
    check_target("stderr", NULL);
    check_target("stdout", NULL);
    check_target("eventlog", NULL);
    check_target("NUL", NULL);
    check_target(unit_text_file("old", "a line\n"), NULL);
    check_target(unit_path("new"), NULL);
    ck_assert_uint_eq(GetFileAttributesA(unit_path("new")), INVALID_FILE_ATTRIBUTES);
    check_target(unit_folder(), "\" is a folder; name a file in it");
    check_target(unit_path("nowhere/log"), "there is no folder for \"");
    check_target("syslog", "no syslog on Windows; write \"eventlog\"");
    check_target("journal", "no journal on Windows; write \"eventlog\"");
}
END_TEST

START_TEST(a_target_that_cannot_be_written_is_found) {
    const char *path = unit_text_file("closed", "a line\n");
    HANDLE only = CreateFileA(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    ck_assert_ptr_ne(only, INVALID_HANDLE_VALUE);
    check_target(path, "; give it to the account that writes it, or name another");
    CloseHandle(only);
    check_target(path, NULL);
}
END_TEST

/* ---- the Event Log ---- */

static char entries[512]; /* a line for each: its level and its text */
static unsigned taken_most;

bool __wrap_event_log_write(const struct event_log *log, enum event_log_level level, const char *text);
bool __wrap_event_log_write(const struct event_log *log, enum event_log_level level, const char *text) {
    size_t used = strlen(entries);
    ck_assert_ptr_nonnull(log);
    if (taken_most == 0)
        return false;
    taken_most--;
    snprintf(entries + used, sizeof entries - used, "%d %s\n", (int)level, text);
    return true;
}

/* What is done of two parts, as a ring has them whose text goes on at its begin. */
static ssize_t write_parts(const char *first, const char *second, unsigned most) {
    struct error error = {""};
    struct iovec parts[] = {{(void *)(uintptr_t)first, strlen(first)}, {(void *)(uintptr_t)second, strlen(second)}};
    struct log_target *target = log_target_open(LOG_FORMAT_TEXT, "eventlog", &error);
    unsigned lost = 99;
    ck_assert_msg(target, "%s", error.text);
    ck_assert_int_eq(target->envelope, LOG_ENVELOPE_PRIORITY);
    entries[0] = '\0';
    taken_most = most;
    ssize_t done = log_target_write(target, parts, 2, &lost);
    ck_assert_uint_eq(lost, 0);
    log_target_free(target);
    return done;
}

START_TEST(each_record_is_an_entry_of_its_level) {
    ck_assert_int_eq(write_parts("<3>one\n<4>two\n<6>th", "ree\n<7>four\n", 9), 7 + 7 + 9 + 8);
    ck_assert_str_eq(entries, "0 one\n1 two\n2 three\n3 four\n");
}
END_TEST

START_TEST(a_record_that_is_not_taken_is_written_again_later) {
    ck_assert_int_eq(write_parts("<3>one\n<4>tw", "o\n", 1), strlen("<3>one\n"));
    ck_assert_str_eq(entries, "0 one\n");
    ck_assert_int_eq(write_parts("<4>tw", "o\n", 0), -1);
}
END_TEST

static TCase *targets(void) {
    TCase *group = tcase_create("targets");
    tcase_add_test(group, a_target_is_tried_and_not_made);
    tcase_add_test(group, a_target_that_cannot_be_written_is_found);
    return group;
}

static TCase *event_logs(void) {
    TCase *group = tcase_create("event_logs");
    tcase_add_test(group, each_record_is_an_entry_of_its_level);
    tcase_add_test(group, a_record_that_is_not_taken_is_written_again_later);
    return group;
}

UNIT_MAIN("lib/log/log_target_windows", targets, event_logs)
