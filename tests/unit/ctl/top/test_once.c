/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_once: one table as text and as JSON. */
#include "config.h"

#include "ctl/top/once.h"

#include "ctl/answer.h"
#include "ctl/top/fixture.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct top top;
static char *printed;

static void set_up(void) {
    fixture_begin(&top);
}

static void tear_down(void) {
    fixture_end(&top);
    free(printed);
}

typedef int printer(struct top *top, const struct once *once, struct error *error);

static int print_json(struct top *of, const struct once *once, struct error *error) {
    return once_print_json(of, once, error);
}

static void print(printer *to, size_t limit, unsigned width) {
    struct error error = {""};
    size_t size;
    struct once once = {open_memstream(&printed, &size), limit, width};

    ck_assert_msg(to(&top, &once, &error) == 0, "%s", error.text);
    (void)fclose(once.file);
}

START_TEST(without_a_terminal_nothing_is_cut) {
    print(once_print, 0, 0);
    ck_assert_ptr_nonnull(strstr(printed, "0.0.0.0:2222"));
    ck_assert_ptr_nonnull(strstr(printed, "2026-11-28 09:02"));
    ck_assert_ptr_nonnull(strstr(printed, "  → Look at its machine: load, memory, and the log of munnel-agent\n"));
    ck_assert_ptr_null(strstr(printed, "…"));
    ck_assert_ptr_null(strstr(printed, "\033"));
}
END_TEST

START_TEST(on_a_terminal_it_has_its_width) {
    print(once_print, 0, 80);
    for (const char *at = printed; *at; at += strcspn(at, "\n") + 1)
        ck_assert_uint_le(strcspn(at, "\n"), 80 + 20); /* bytes, some of characters with three */
}
END_TEST

START_TEST(rows_are_limited) {
    print(once_print, 2, 0);
    ck_assert_ptr_nonnull(strstr(printed, "\nweb "));
    ck_assert_ptr_null(strstr(printed, "\nbuild-cache"));
}
END_TEST

START_TEST(an_empty_table_is_told) {
    fixture_answer_with(&top, json_array(), 0);
    print(once_print, 0, 0);
    ck_assert_ptr_nonnull(strstr(printed, "No services.\n"));
}
END_TEST

START_TEST(json_is_what_the_server_answered) {
    print(print_json, 2, 0);
    json_t *json = json_loads(printed, 0, NULL);
    ck_assert_ptr_nonnull(json);
    ck_assert_str_eq(answer_text(json, "status.host", ""), "relay1");
    ck_assert_uint_eq(json_array_size(answer_at(json, "services")), 2);
    ck_assert_str_eq(answer_text(json_array_get(answer_at(json, "services"), 0), "name", ""), "ssh");
    json_decref(json);
}
END_TEST

static TCase *printing(void) {
    TCase *group = tcase_create("printing");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, without_a_terminal_nothing_is_cut);
    tcase_add_test(group, on_a_terminal_it_has_its_width);
    tcase_add_test(group, rows_are_limited);
    tcase_add_test(group, an_empty_table_is_told);
    tcase_add_test(group, json_is_what_the_server_answered);
    return group;
}

UNIT_MAIN("ctl/top/once", printing)
