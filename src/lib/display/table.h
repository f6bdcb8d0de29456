/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * table: rows and columns for people: aligned, and on a terminal within its width, for which the widest columns are
 * shortened.
 * Runs on: the main thread, which is the only one to print. Owns: its cells, until table_done().
 */
#ifndef MUNNEL_LIB_DISPLAY_TABLE_H
#define MUNNEL_LIB_DISPLAY_TABLE_H

#include "lib/base/format.h"
#include "lib/display/display.h"

struct table_column {
    const char *title; /* NULL in all columns: the table has no line of titles */
    bool is_right;     /* numbers */
    bool is_whole;     /* never shortened: a name that is meant to be copied */
    /* Where other columns would be shortened to less than 12, those with 1 are left out, then those with 2 as well. */
    unsigned spare;
};

struct table {
    const struct table_column *columns;
    size_t column_count;
    struct table_cell {
        char *text;
        enum tone tone;
    } * cells; /* row by row */
    size_t count, room;
    bool lacks_memory;
};

/* `columns` stays the caller's. */
struct table table_begin(const struct table_column *columns, size_t count);
/* The next cell of the row, or the first of the next one; "" becomes "-". Its text must be clean, see display.h. */
void table_add(struct table *table, enum tone tone, const char *text);
void table_format(struct table *table, enum tone tone, const char *format, ...) PRINTF_LIKE(3, 4);
/* 0; -1: memory was lacking for a cell, and nothing is written. */
int table_print(const struct table *table, const struct display *display);
void table_done(struct table *table);

#endif
