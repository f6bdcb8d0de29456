/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_layout: as many columns as fit, those of the lowest rank at any width. */
#include "config.h"

#include "ctl/top/layout.h"

#include "ctl/top/fixture.h"
#include "unit.h"

#include <string.h>

static struct top top;
static unsigned widths[TABLE_COLUMNS];
static struct rows_order order;

static void set_up(void) {
    fixture_begin(&top);
    order = top_order(&top, &top.tabs[0]);
    memset(widths, 0, sizeof widths);
    layout_measure(widths, tables[TABLE_SERVICES], &top.tabs[0].rows, 0, 100, &(struct top_look){top.now, top.span});
}

static void tear_down(void) {
    fixture_end(&top);
}

START_TEST(nothing_is_wider_than_the_terminal) {
    for (unsigned width = 80; width < 300; width++) {
        struct layout layout = layout_choose(widths, width, &order);
        ck_assert_uint_le(layout.width, width);
        for (unsigned i = 1; i < layout.count; i++)
            ck_assert_uint_gt(layout.columns[i].x, layout.columns[i - 1].x + layout.columns[i - 1].width);
    }
}
END_TEST

START_TEST(a_wide_terminal_has_all_columns) {
    struct layout layout = layout_choose(widths, 300, &order);

    ck_assert_uint_eq(layout.count, tables[TABLE_SERVICES]->column_count);
}
END_TEST

START_TEST(the_needed_columns_are_there_at_any_width) {
    struct layout narrow = layout_choose(widths, 10, &order);

    ck_assert_uint_eq(narrow.count, 6); /* name, state, able, relays, in and out of the chosen span */
}
END_TEST

START_TEST(columns_never_become_narrower_while_rows_change) {
    unsigned before[TABLE_COLUMNS];
    struct rows none = {0};

    memcpy(before, widths, sizeof before);
    layout_measure(widths, tables[TABLE_SERVICES], &none, 0, 100, &(struct top_look){top.now, top.span});
    ck_assert_mem_eq(before, widths, sizeof before);
}
END_TEST

START_TEST(what_it_is_sorted_by_is_there) {
    unsigned least[TABLE_COLUMNS] = {0};
    const struct top_table *table = tables[TABLE_RELAYS];
    struct rows none = {0};

    layout_measure(least, table, &none, 0, 0, &(struct top_look){top.now, top.span});
    for (size_t k = 0; k < table->sort_count; k++) {
        struct rows_order by = {.table = table, .sort = &table->sorts[k]};
        struct layout layout = layout_choose(least, 80, &by);
        unsigned found = 0;
        ck_assert_uint_le(layout.width, 80);
        for (unsigned i = 0; i < layout.count; i++)
            found += tables_is_sorted(layout.columns[i].column, by.sort, by.span);
        ck_assert_msg(found > 0, "%s", by.sort->name);
    }
}
END_TEST

static TCase *layouts(void) {
    TCase *group = tcase_create("layouts");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, nothing_is_wider_than_the_terminal);
    tcase_add_test(group, a_wide_terminal_has_all_columns);
    tcase_add_test(group, the_needed_columns_are_there_at_any_width);
    tcase_add_test(group, what_it_is_sorted_by_is_there);
    tcase_add_test(group, columns_never_become_narrower_while_rows_change);
    return group;
}

UNIT_MAIN("ctl/top/layout", layouts)
