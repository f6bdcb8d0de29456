/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_hop_table: the table of a check fits a narrow terminal, where its remedies are whole all the same.
 */
#include "config.h"

#include "lib/display/hop_table.h"
#include "unit.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

enum { NARROW = 80 };

static char *text;

static void print(const json_t *hops, const struct display *like) {
    free(text);
    struct display display = *like;
    display.file = unit_stream_begin();

    ck_assert_int_eq(hop_table_print(&display, hops), 0);
    hop_table_print_summary(&display, "fail", "echo fails at connect");
    text = unit_stream_end(display.file);
}

static json_t *make_hops(void) {
    json_t *hops = json_pack(
        "[{s:s,s:s,s:f,s:s,s:n},{s:s,s:s,s:n,s:s,s:s},{s:s,s:s,s:n,s:n,s:n}]", "hop", "listener", "result", "pass",
        "ms", 0.25, "detail", "fine", "remedy", "hop", "connect", "result", "fail", "ms", "detail",
        "127.0.0.1:80: a reason that does not fit into a line of eighty columns beside the other columns", "remedy",
        "Start the destination, or correct the configuration of the service, which is on the server and not here",
        "hop", "first byte", "result", "skip", "ms", "detail", "remedy");

    ck_assert_ptr_nonnull(hops);
    return hops;
}

START_TEST(hops_have_rows_and_failures_what_to_do) {
    json_t *hops = make_hops();

    print(hops, &(struct display){.width = 0});
    ck_assert_ptr_nonnull(strstr(text, "HOP         RESULT     TIME  DETAIL\nlistener    PASS    0.25 ms  fine\n"));
    ck_assert_ptr_nonnull(strstr(text, "connect     FAIL          -  127.0.0.1:80: a reason"));
    ck_assert_ptr_nonnull(strstr(text, "first byte  SKIP          -  -\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nconnect: 127.0.0.1:80: a reason"));
    ck_assert_ptr_nonnull(strstr(text, "\n  do: Start the destination, or"));
    ck_assert_ptr_nonnull(strstr(text, "\nSUMMARY FAIL: echo fails at connect\n"));
    json_decref(hops);
}
END_TEST

START_TEST(no_line_is_wider_than_the_terminal) {
    json_t *hops = make_hops();

    (void)setlocale(LC_CTYPE, "C.UTF-8");
    print(hops, &(struct display){.width = NARROW});
    ck_assert_ptr_nonnull(strstr(text, "\n  do: Start the destination, or"));
    ck_assert_ptr_nonnull(strstr(text, " not here\n"));
    char *rest;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        ck_assert_msg(display_columns(line) <= NARROW, "%s", line);
    json_decref(hops);
}
END_TEST

START_TEST(results_have_colours_on_a_terminal) {
    json_t *hops = make_hops();

    print(hops, &(struct display){.width = NARROW, .has_color = true});
    ck_assert_ptr_nonnull(strstr(text, "\033[31mFAIL\033[0m"));
    ck_assert_ptr_nonnull(strstr(text, "\033[32mPASS\033[0m"));
    json_decref(hops);
}
END_TEST

static TCase *tables(void) {
    TCase *group = tcase_create("tables");

    tcase_add_test(group, hops_have_rows_and_failures_what_to_do);
    tcase_add_test(group, no_line_is_wider_than_the_terminal);
    tcase_add_test(group, results_have_colours_on_a_terminal);
    return group;
}

UNIT_MAIN("lib/display/hop_table", tables)
