/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_tables: the tables fit together. */
#include "config.h"

#include "ctl/top/tables.h"

#include "unit.h"

#include <string.h>

START_TEST(each_table_has_a_default_sort_and_room) {
    for (unsigned i = 0; i < TABLE_COUNT; i++) {
        ck_assert_uint_ge(tables[i]->sort_count, 1);
        ck_assert_uint_le(tables[i]->column_count, TABLE_COLUMNS);
    }
}
END_TEST

/* A column that says it is the sorted one names a sort that there is. */
static void check_sorts(const struct top_table *table) {
    for (size_t c = 0; c < table->column_count; c++) {
        const char *name = table->columns[c].sort;
        bool is_found = !name;
        for (size_t k = 0; name && k < table->sort_count; k++)
            is_found |= strcmp(table->sorts[k].name, name) == 0;
        ck_assert_msg(is_found, "%s: %s", table->name, name);
    }
}

START_TEST(columns_name_sorts_that_there_are) {
    for (unsigned i = 0; i < TABLE_COUNT; i++) {
        check_sorts(tables[i]);
        check_sorts(tables_of_agent[i]);
    }
}
END_TEST

START_TEST(relays_are_sorted_by_the_server) {
    for (size_t k = 0; k < tables[TABLE_RELAYS]->sort_count; k++)
        ck_assert_ptr_nonnull(tables[TABLE_RELAYS]->sorts[k].query);
}
END_TEST

START_TEST(other_spans_are_left_out_first) {
    const struct top_table *table = tables[TABLE_SERVICES];
    char path[TABLE_PATH];

    ck_assert_str_eq(tables_span_path(path, "in_rate", TABLE_60S), "in_rate.s60");
    ck_assert_str_eq(tables_span_label(TABLE_1S), "1 s");
    for (size_t c = 0; c < table->column_count; c++)
        if (table->columns[c].has_span && table->columns[c].span == TABLE_1S)
            ck_assert_uint_gt(tables_rank(&table->columns[c], table->sorts, TABLE_10S),
                              tables_rank(&table->columns[c], table->sorts, TABLE_1S));
}
END_TEST

START_TEST(rates_are_those_of_the_column) {
    json_t *item = json_pack("{s:{s:i,s:i,s:i}}", "in_rate", "s1", 125000, "s10", 250000, "s60", 375000);
    const struct top_table *table = tables[TABLE_SERVICES];
    const struct top_look look = {0, TABLE_1S};
    static const char *const wanted[] = {"1.0", "2.0", "3.0"};
    unsigned found = 0;

    for (size_t c = 0; c < table->column_count; c++) {
        const struct column *column = &table->columns[c];
        struct top_cell cell;
        if (strcmp(column->path, "in_rate"))
            continue;
        tables_write(&cell, column, item, &look);
        ck_assert_str_eq(cell.text, wanted[column->span]);
        found++;
    }
    ck_assert_uint_eq(found, 3);
    json_decref(item);
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("tables");
    tcase_add_test(group, each_table_has_a_default_sort_and_room);
    tcase_add_test(group, columns_name_sorts_that_there_are);
    tcase_add_test(group, relays_are_sorted_by_the_server);
    tcase_add_test(group, other_spans_are_left_out_first);
    tcase_add_test(group, rates_are_those_of_the_column);
    return group;
}

UNIT_MAIN("ctl/top/tables", all)
