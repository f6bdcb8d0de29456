/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_standard_streams: what is closed when a program starts leads to nothing, and no other file gets its number.
 */
#include "config.h"

#include "lib/os/standard_streams.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

START_TEST(a_closed_input_ends_at_once_and_leaves_its_number_to_no_file) {
    struct error error = {""};
    int kept = dup(STDIN_FILENO);

    close(STDIN_FILENO);
    ck_assert_msg(standard_streams_open(&error) == 0, "%s", error.text);
    int file = open(unit_text_file("file", "text"), O_RDONLY);
    ck_assert_int_gt(file, STDERR_FILENO);
    ck_assert_int_eq(getchar(), EOF);
    close(file);
    if (kept >= 0)
        ck_assert_int_ge(dup2(kept, STDIN_FILENO), 0);
}
END_TEST

START_TEST(a_closed_output_takes_what_is_printed) {
    struct error error = {""};
    int kept = dup(STDOUT_FILENO);

    fflush(stdout);
    close(STDOUT_FILENO);
    ck_assert_msg(standard_streams_open(&error) == 0, "%s", error.text);
    ck_assert_int_gt(printf("nowhere\n"), 0);
    ck_assert_int_eq(fflush(stdout), 0);
    ck_assert_int_ge(dup2(kept, STDOUT_FILENO), 0);
}
END_TEST

static TCase *streams(void) {
    TCase *group = tcase_create("streams");

    tcase_add_test(group, a_closed_input_ends_at_once_and_leaves_its_number_to_no_file);
    tcase_add_test(group, a_closed_output_takes_what_is_printed);
    return group;
}

UNIT_MAIN("lib/os/standard_streams", streams)
