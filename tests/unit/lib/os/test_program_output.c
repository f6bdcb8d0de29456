/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_program_output: what is printed is taken line by line, more than a pipe holds too, and what comes later ends
 * nowhere. (Wine keeps no Event Log, so its texts cannot be looked at here.)
 */
#include "config.h"

#include "lib/os/event_log.h"
#include "lib/os/program_output.h"
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

enum { LINES = 5000 };

START_TEST(much_output_ends_in_the_event_log_and_blocks_nothing) {
    int kept_output = dup(STDOUT_FILENO), kept_error = dup(STDERR_FILENO); /* for Check's report */
    struct program_output *output = program_output_to_event_log("munnel-unit");

    ck_assert_ptr_nonnull(output);
    for (int i = 0; i < LINES; i++)
        printf("line %d of some that are more than a pipe holds\n", i);
    fprintf(stderr, "an error without an end of its line");
    program_output_end(output);
    ck_assert_int_gt(printf("to nowhere\n"), 0);
    ck_assert_int_eq(fflush(stdout), 0);
    program_output_end(NULL);
    dup2(kept_output, STDOUT_FILENO);
    dup2(kept_error, STDERR_FILENO);
}
END_TEST

START_TEST(entries_of_each_level_are_taken) {
    struct error error = {""};
    struct event_log *log = event_log_open("munnel-unit", &error);

    ck_assert_msg(log, "%s", error.text);
    for (enum event_log_level level = EVENT_LOG_ERROR; level <= EVENT_LOG_DEBUG; level++)
        ck_assert(event_log_write(log, level, "gr\xc3\xbc\xc3\x9f dich"));
    ck_assert(!event_log_write(log, EVENT_LOG_INFO, "no UTF-8: \xff"));
    event_log_close(log);
    event_log_close(NULL);
}
END_TEST

static TCase *output(void) {
    TCase *group = tcase_create("output");

    tcase_add_test(group, entries_of_each_level_are_taken);
    tcase_add_test(group, much_output_ends_in_the_event_log_and_blocks_nothing);
    return group;
}

UNIT_MAIN("lib/os/program_output", output)
