/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * layout: which columns of a table there is room for, and how wide they are.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_LAYOUT_H
#define MUNNEL_CTL_TOP_LAYOUT_H

#include "ctl/top/rows.h"
#include "ctl/top/tables.h"

struct layout {
    unsigned count;
    unsigned width; /* of all, with the gaps */
    struct layout_column {
        const struct column *column;
        unsigned x, width;
    } columns[TABLE_COLUMNS];
};

/* Makes widths[] (one for each column of the table) as wide as these rows need; none becomes narrower. */
void layout_measure(unsigned widths[TABLE_COLUMNS], const struct top_table *table, const struct rows *rows,
                    size_t first, size_t count, const struct top_look *look);
/* By rank, as many as fit; those that are needed at any width become narrower. */
struct layout layout_choose(const unsigned widths[TABLE_COLUMNS], unsigned width, const struct rows_order *order);

#endif
