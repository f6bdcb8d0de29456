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

START_TEST(table_has_a_line_for_each_hop_and_one_that_sums_up) {
    struct report report = report_begin();
    struct display display = {.file = open_memstream(&text, &size)};

    report_add(&report, &(struct hop){.name = "configuration"}, "fine");
    report_add(&report, &(struct hop){.server = "a:1", .name = "tcp", .result = HOP_FAIL, .remedy = "try"},
               "bad\033[2J\n");
    report_add(&report, &(struct hop){.server = "a:1", .name = "tls", .result = HOP_SKIP}, "not tried");
    ck_assert_int_eq(report_print(&report, &display), 0);
    ck_assert_int_eq(fclose(display.file), 0);
    ck_assert_msg(strstr(text, "configuration  PASS       -  fine\n\na:1\nHOP"), "%s", text);
    ck_assert_msg(strstr(text, "tcp  FAIL       -  bad?[2J?\ntls  SKIP       -  not tried\n"), "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "\n  do: try\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nSUMMARY FAIL: 1 passed, 1 failed, 1 skipped, in 0."));
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
