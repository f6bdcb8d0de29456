/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * table: see table.h. libsmartcols, which util-linux makes its tables with, shortens narrow columns before the widest
 * one and leaves no mark, so that an address that was cut looks whole.
 */
#include "config.h"

#include "lib/display/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, NARROWEST = 6, READABLE = 12, SPARE_MOST = 2, CELL_TEXT = 512 };

struct table table_begin(const struct table_column *columns, size_t count) {
    return (struct table){.columns = columns, .column_count = count};
}

static bool make_room(struct table *table) {
    size_t room = table->room * 2 + 64;

    if (table->count < table->room)
        return true;
    struct table_cell *cells = realloc(table->cells, room * sizeof *cells);
    if (!cells)
        return false;
    table->cells = cells;
    table->room = room;
    return true;
}

void table_add(struct table *table, enum tone tone, const char *text) {
    struct table_cell *cell = make_room(table) ? &table->cells[table->count] : NULL;

    if (cell)
        *cell = (struct table_cell){strdup(*text ? text : "-"), tone};
    if (cell && cell->text)
        table->count++;
    else
        table->lacks_memory = true;
}

void table_format(struct table *table, enum tone tone, const char *format, ...) {
    char text[CELL_TEXT];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    table_add(table, tone, text);
}

static bool has_titles(const struct table *table) {
    return table->columns[0].title;
}

static void measure(const struct table *table, size_t *widths) {
    for (size_t i = 0; i < table->column_count; i++)
        widths[i] = has_titles(table) ? display_columns(table->columns[i].title) : 0;
    for (size_t i = 0; i < table->count; i++) {
        size_t columns = display_columns(table->cells[i].text);
        if (columns > widths[i % table->column_count])
            widths[i % table->column_count] = columns;
    }
}

static bool can_shrink(const struct table *table, size_t column) {
    return !table->columns[column].is_whole && !table->columns[column].is_right;
}

/* The one that can give up a column; column_count: none. */
static size_t find_widest(const struct table *table, const size_t *widths) {
    size_t widest = table->column_count;

    for (size_t i = 0; i < table->column_count; i++)
        if (can_shrink(table, i) && widths[i] > NARROWEST &&
            (widest == table->column_count || widths[i] > widths[widest]))
            widest = i;
    return widest;
}

/* With the gaps. `most`: what a column that can be narrower counts for. */
static size_t total_width(const struct table *table, const size_t *widths, size_t most) {
    size_t total = 0;

    for (size_t i = 0; i < table->column_count; i++)
        if (widths[i])
            total += GAP + (can_shrink(table, i) && widths[i] > most ? most : widths[i]);
    return total - GAP;
}

/* A column that is left out has the width 0. */
static void fit(const struct table *table, size_t *widths, size_t limit) {
    for (unsigned spare = 1; spare <= SPARE_MOST && total_width(table, widths, READABLE) > limit; spare++)
        for (size_t i = 0; i < table->column_count; i++)
            if (table->columns[i].spare == spare)
                widths[i] = 0;
    for (size_t total = total_width(table, widths, SIZE_MAX); total > limit; total--) {
        size_t widest = find_widest(table, widths);
        if (widest == table->column_count)
            return;
        widths[widest]--;
    }
}

/* Returns what has to be left free behind it, if anything follows. */
static unsigned print_cell(const struct table *table, const struct display *display, size_t column, const char *text,
                           enum tone tone, size_t width) {
    size_t columns = display_columns(text);
    bool is_cut = columns > width;
    size_t length = is_cut ? display_cut(text, width - 1) : strlen(text);
    size_t used = is_cut ? display_columns_of(text, length) + 1 : columns;
    int pad = used < width ? (int)(width - used) : 0;

    fprintf(display->file, "%*s", table->columns[column].is_right ? pad : 0, "");
    display_tone(display, tone, "%.*s%s", (int)length, text, is_cut ? display_ellipsis() : "");
    return GAP + (table->columns[column].is_right ? 0 : (unsigned)pad);
}

/* `cells` NULL: the titles. */
static void print_row(const struct table *table, const struct display *display, const struct table_cell *cells,
                      const size_t *widths) {
    unsigned gap = 0;

    for (size_t i = 0; i < table->column_count; i++) {
        if (!widths[i])
            continue;
        fprintf(display->file, "%*s", (int)gap, "");
        gap = print_cell(table, display, i, cells ? cells[i].text : table->columns[i].title,
                         cells ? cells[i].tone : TONE_TITLE, widths[i]);
    }
    fputc('\n', display->file);
}

int table_print(const struct table *table, const struct display *display) {
    size_t *widths = calloc(table->column_count, sizeof *widths);

    if (!widths || table->lacks_memory) {
        free(widths);
        return -1;
    }
    measure(table, widths);
    if (display->width)
        fit(table, widths, display->width);
    if (has_titles(table))
        print_row(table, display, NULL, widths);
    for (size_t i = 0; i + table->column_count <= table->count; i += table->column_count)
        print_row(table, display, table->cells + i, widths);
    free(widths);
    return 0;
}

void table_done(struct table *table) {
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i].text);
    free(table->cells);
    *table = (struct table){0};
}
