/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * table: see table.h. libsmartcols, which util-linux makes its tables with, shortens narrow columns before the widest
 * one and leaves no mark, so that an address that was cut looks whole.
 */
#include "config.h"

#include "lib/display/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, NARROWEST = 6, CELL_TEXT = 512 };

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

/* The one that can give up a column; column_count: none. */
static size_t find_widest(const struct table *table, const size_t *widths) {
    size_t widest = table->column_count;

    for (size_t i = 0; i < table->column_count; i++)
        if (!table->columns[i].is_whole && !table->columns[i].is_right && widths[i] > NARROWEST &&
            (widest == table->column_count || widths[i] > widths[widest]))
            widest = i;
    return widest;
}

static void fit(const struct table *table, size_t *widths, size_t limit) {
    size_t total = GAP * (table->column_count - 1);

    for (size_t i = 0; i < table->column_count; i++)
        total += widths[i];
    for (; total > limit; total--) {
        size_t widest = find_widest(table, widths);
        if (widest == table->column_count)
            return;
        widths[widest]--;
    }
}

static void print_cell(const struct table *table, const struct display *display, size_t column, const char *text,
                       enum tone tone, size_t width) {
    size_t columns = display_columns(text);
    bool is_last = column + 1 == table->column_count, is_cut = columns > width;
    size_t length = is_cut ? display_cut(text, width - 1) : strlen(text);
    char *part = strndup(text, length);
    size_t used = is_cut ? (part ? display_columns(part) : length) + 1 : columns;
    int pad = used < width ? (int)(width - used) : 0;

    if (table->columns[column].is_right)
        fprintf(display->file, "%*s", pad, "");
    display_tone(display, tone, "%s%s", part ? part : "", is_cut ? display_ellipsis() : "");
    if (!is_last)
        fprintf(display->file, "%*s", GAP + (table->columns[column].is_right ? 0 : pad), "");
    free(part);
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
    for (size_t i = 0; i < table->column_count && has_titles(table); i++)
        print_cell(table, display, i, table->columns[i].title, TONE_TITLE, widths[i]);
    for (size_t i = 0; i < table->count; i++) {
        size_t column = i % table->column_count;
        if (column == 0 && (i > 0 || has_titles(table)))
            fputc('\n', display->file);
        print_cell(table, display, column, table->cells[i].text, table->cells[i].tone, widths[column]);
    }
    fputc('\n', display->file);
    free(widths);
    return 0;
}

void table_done(struct table *table) {
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i].text);
    free(table->cells);
    *table = (struct table){0};
}
