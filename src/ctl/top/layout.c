/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * layout: see layout.h.
 */
#include "config.h"

#include "ctl/top/layout.h"

#include "ctl/top/text.h"

#include <stdbool.h>
#include <string.h>

enum { GAP_LEFT = 2, GAP_RIGHT = 1, RANK_MOST = 40, SORT_MARK = 1 };
enum { COMPACT_RANK = 4, COMPACT_WIDTH = 14 }; /* texts become so narrow before a column of this rank is left out */

static unsigned larger(unsigned a, unsigned b) {
    return a > b ? a : b;
}

static unsigned smaller(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* A title has room for the mark of the sorted column. */
static unsigned title_width(const struct column *column) {
    return larger(text_width(column->above), text_width(column->title) + (column->sort ? SORT_MARK : 0));
}

void layout_measure(unsigned widths[TABLE_COLUMNS], const struct top_table *table, const struct rows *rows,
                    size_t first, size_t count, const struct top_look *look) {
    for (size_t c = 0; c < table->column_count; c++) {
        const struct column *column = &table->columns[c];
        widths[c] = larger(larger(widths[c], column->least), title_width(column));
        for (size_t i = first; i < rows->count && i < first + count; i++) {
            struct top_cell cell = {.style = 0};
            char clean[TABLE_CELL];
            tables_write(&cell, column, rows->items[i].item, look);
            text_clean(clean, sizeof clean, cell.text, false);
            widths[c] = larger(widths[c], text_width(clean));
        }
        widths[c] = smaller(widths[c], larger(column->most, title_width(column)));
    }
}

static unsigned gap(const struct column *column, bool is_first) {
    return is_first ? 0 : column->is_right ? GAP_RIGHT : GAP_LEFT;
}

static unsigned least_width(const struct column *column) {
    return larger(column->least, column->is_right ? title_width(column) : 0);
}

/* Of the chosen columns, with none wider than `most`, if it can be narrower. */
static unsigned total_width(const struct top_table *table, const unsigned widths[TABLE_COLUMNS],
                            const bool is_chosen[TABLE_COLUMNS], unsigned most) {
    unsigned total = 0;

    for (size_t c = 0; c < table->column_count; c++) {
        const struct column *column = &table->columns[c];
        if (is_chosen[c])
            total += smaller(widths[c], larger(most, least_width(column))) + gap(column, c == 0);
    }
    return total;
}

/* The widest of those that can be narrower, one step. False: there is none. */
static bool shrink(const struct top_table *table, unsigned widths[TABLE_COLUMNS], const bool is_chosen[TABLE_COLUMNS]) {
    size_t widest = table->column_count;

    for (size_t c = 0; c < table->column_count; c++)
        if (is_chosen[c] && widths[c] > least_width(&table->columns[c]) &&
            (widest == table->column_count || widths[c] > widths[widest]))
            widest = c;
    if (widest == table->column_count)
        return false;
    widths[widest]--;
    return true;
}

/* Columns that belong together, "Mbit/s in" and "out" say, are there or not as one. */
static void set_chosen(bool is_chosen[TABLE_COLUMNS], size_t of, const struct rows_order *order, bool is_set) {
    const struct top_table *table = order->table;
    const struct column *first = &table->columns[of];

    for (size_t c = 0; c < table->column_count; c++) {
        const struct column *column = &table->columns[c];
        bool is_same = *first->above && strcmp(column->above, first->above) == 0 &&
                       tables_rank(column, order->sort, order->span) == tables_rank(first, order->sort, order->span);
        if (c == of || is_same)
            is_chosen[c] = is_set;
    }
}

static void choose(bool is_chosen[TABLE_COLUMNS], unsigned widths[TABLE_COLUMNS], unsigned width,
                   const struct rows_order *order) {
    const struct top_table *table = order->table;

    for (unsigned rank = 0; rank < RANK_MOST; rank++)
        for (size_t c = 0; c < table->column_count; c++) {
            unsigned most = rank > COMPACT_RANK ? TABLE_FLEXIBLE : COMPACT_WIDTH;
            if (tables_rank(&table->columns[c], order->sort, order->span) != rank || is_chosen[c])
                continue;
            set_chosen(is_chosen, c, order, true);
            if (rank > TABLE_NEEDED && total_width(table, widths, is_chosen, most) > width)
                set_chosen(is_chosen, c, order, false);
        }
    while (total_width(table, widths, is_chosen, TABLE_FLEXIBLE) > width && shrink(table, widths, is_chosen)) {
    }
}

struct layout layout_choose(const unsigned widths[TABLE_COLUMNS], unsigned width, const struct rows_order *order) {
    const struct top_table *table = order->table;
    unsigned own[TABLE_COLUMNS];
    bool is_chosen[TABLE_COLUMNS] = {false};
    struct layout layout = {0};

    for (size_t c = 0; c < table->column_count; c++)
        own[c] = table->columns[c].most == TABLE_FLEXIBLE ? table->columns[c].least : widths[c];
    choose(is_chosen, own, width, order);
    unsigned total = total_width(table, own, is_chosen, TABLE_FLEXIBLE), left = total < width ? width - total : 0;
    for (size_t c = 0; c < table->column_count; c++) {
        const struct column *column = &table->columns[c];
        if (!is_chosen[c])
            continue;
        if (column->most == TABLE_FLEXIBLE)
            own[c] = smaller(own[c] + left, widths[c]);
        layout.width += gap(column, !layout.count);
        layout.columns[layout.count++] = (struct layout_column){column, layout.width, own[c]};
        layout.width += own[c];
    }
    return layout;
}
