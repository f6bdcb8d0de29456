/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_report: the table is aligned, sums up, and lets nothing of what others wrote move a cursor.
 */
#include "config.h"

#include "agent/check/report.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static char *text;
static size_t size;

static void print(const struct report *report, bool is_coloured) {
    free(text);
    FILE *file = open_memstream(&text, &size);

    ck_assert_int_eq(report_print(report, file, is_coloured), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(table_has_a_line_for_each_hop_and_one_that_sums_up) {
    struct report report = report_begin();

    report_add(&report, &(struct hop){.name = "configuration"}, "fine");
    report_add(&report, &(struct hop){.server = "a:1", .name = "tcp", .result = HOP_FAIL, .remedy = "try"},
               "bad\033[2J\n");
    report_add(&report, &(struct hop){.server = "a:1", .name = "tls", .result = HOP_SKIP}, "not tried");
    print(&report, false);
    ck_assert_msg(
        strncmp(text, "PASS  configuration           fine\n\na:1\nFAIL  tcp                     bad?[2J?\n",
                strlen("PASS  configuration           fine\n\na:1\nFAIL  tcp                     bad?[2J?\n")) == 0,
        "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "                              -> try\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nSUMMARY FAIL: 1 passed, 1 failed, 1 skipped, in 0."));
    print(&report, true);
    ck_assert_ptr_nonnull(strstr(text, "\033[1;31mFAIL\033[0m  tcp"));
    report_done(&report);
    free(text);
}
END_TEST

static TCase *tables(void) {
    TCase *group = tcase_create("tables");

    tcase_add_test(group, table_has_a_line_for_each_hop_and_one_that_sums_up);
    return group;
}

UNIT_MAIN("agent/check/report", tables)
