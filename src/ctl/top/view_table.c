/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view_table: two lines of titles and as many rows as there is room for, the one under the cursor among them.
 * Runs on: the main thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/top/layout.h"
#include "ctl/top/text.h"
#include "ctl/top/view_parts.h"

#include <stdio.h>
#include <string.h>

enum { NOTE = 400, TITLE = 64, TITLE_LINES = 2 };

static void put_cell(struct grid *grid, const struct layout_column *at, unsigned y, unsigned style, const char *text) {
    struct place place = {at->x, y, at->width};

    if (at->column->is_right)
        (void)grid_put_right(grid, place, style, text);
    else
        (void)grid_put(grid, place, style, text);
}

/* ---- titles ---- */

static void put_titles(const struct top *top, const struct top_tab *tab, struct grid *grid, unsigned y,
                       const struct layout *layout) {
    for (unsigned i = 0; i < layout->count; i++) {
        const struct column *column = layout->columns[i].column;
        char title[TITLE];
        bool is_mark = tables_is_sorted(column, tab->sort, top->span);
        const char *mark = !is_mark ? "" : tab->sort->is_ascending ? "▴" : "▾";
        snprintf(title, sizeof title, "%s%s%s", column->is_right ? mark : "", column->title,
                 column->is_right ? "" : mark);
        put_cell(grid, &layout->columns[i], y, STYLE_FAINT, column->above);
        put_cell(grid, &layout->columns[i], y + 1, is_mark ? STYLE_BOLD : STYLE_FAINT, title);
    }
    for (unsigned x = 0; x < grid->width; x++)
        grid_add_style(grid, (struct place){x, y + 1, 1}, STYLE_UNDERLINE);
}

/* In the line above the titles, which is free over the first columns: the filter, and whether the order is held. */
static void put_note(const struct top_tab *tab, struct grid *grid, unsigned y, const struct layout *layout) {
    char note[NOTE] = "", held[64] = "";
    unsigned end = grid->width, i = 0;

    while (i < layout->count && !*layout->columns[i].column->above)
        i++;
    if (i < layout->count)
        end = layout->columns[i].x;
    if (tab->rows.waiting)
        snprintf(held, sizeof held, "%zu newer: Esc shows them", tab->rows.waiting);
    else if (top_is_held(tab))
        snprintf(held, sizeof held, "rows held: Esc sorts anew");
    if (*tab->filter)
        snprintf(note, sizeof note, "/%s: %zu of %zu%s%s", tab->filter, tab->rows.count,
                 tab->total > tab->rows.known ? tab->total : tab->rows.known, *held ? " · " : "", held);
    (void)grid_put(grid, (struct place){0, y, end > 1 ? end - 1 : end}, STYLE_BOLD, *tab->filter ? note : held);
}

/* ---- rows ---- */

static void put_row(const struct top *top, const struct top_tab *tab, size_t index, struct grid *grid, unsigned y,
                    const struct layout *layout) {
    const struct row *row = &tab->rows.items[index];
    const struct top_look look = {top->now, top->span};

    for (unsigned i = 0; i < layout->count; i++) {
        struct top_cell cell = {.style = 0};
        tables_write(&cell, layout->columns[i].column, row->item, &look);
        put_cell(grid, &layout->columns[i], y, row->is_gone ? STYLE_FAINT : view_style(top, cell.style), cell.text);
    }
    if ((int)index == tab->cursor)
        grid_add_style(grid, (struct place){0, y, grid->width}, STYLE_REVERSE);
}

static void put_empty(const struct top_tab *tab, struct grid *grid, unsigned y) {
    char text[NOTE];

    if (!tab->is_answered)
        snprintf(text, sizeof text, "-");
    else if (*tab->filter)
        snprintf(text, sizeof text, "No %s matches %s.", tab->table->row, tab->filter);
    else
        snprintf(text, sizeof text, "No %s.", tab->table->name);
    (void)grid_put(grid, (struct place){0, y, grid->width}, STYLE_FAINT, text);
}

static void scroll_to_cursor(struct top_tab *tab, size_t shown) {
    size_t cursor = tab->cursor < 0 ? 0 : (size_t)tab->cursor;

    if (tab->first > cursor)
        tab->first = cursor;
    if (shown && tab->first + shown <= cursor)
        tab->first = cursor + 1 - shown;
    if (tab->first + shown > tab->rows.count)
        tab->first = tab->rows.count > shown ? tab->rows.count - shown : 0;
}

static size_t total_of(const struct top_tab *tab) {
    return tab->total > tab->rows.count && !*tab->filter ? tab->total : tab->rows.count;
}

/* Rows that there is no room for are counted in the last line. */
static void put_rest(const struct top_tab *tab, struct grid *grid, unsigned y, size_t shown) {
    size_t total = total_of(tab);
    char text[NOTE];

    if (tab->first + shown >= total)
        return;
    snprintf(text, sizeof text, "%zu to %zu of %zu", tab->first + 1, tab->first + shown, total);
    (void)grid_put(grid, (struct place){0, y, grid->width}, STYLE_FAINT, text);
}

/* Titles and `count` rows, all of which there is room for. Returns the line behind them. */
static unsigned put_rows(struct top *top, struct grid *grid, unsigned y, size_t count) {
    struct top_tab *tab = top_tab_now(top);
    const struct top_look look = {top->now, top->span};

    layout_measure(tab->widths, tab->table, &tab->rows, tab->first, count, &look);
    const struct rows_order order = top_order(top, tab);
    struct layout layout = layout_choose(tab->widths, grid->width, &order);
    put_titles(top, tab, grid, y, &layout);
    put_note(tab, grid, y, &layout);
    y += TITLE_LINES;
    for (size_t i = 0; i < count && tab->first + i < tab->rows.count; i++)
        put_row(top, tab, tab->first + i, grid, y++, &layout);
    return y;
}

void view_rows(struct top *top, struct grid *grid, unsigned y, size_t count) {
    y = put_rows(top, grid, y, count);
    if (!count)
        put_empty(top_tab_now(top), grid, y);
}

void view_table(struct top *top, struct grid *grid, unsigned y, unsigned end) {
    struct top_tab *tab = top_tab_now(top);
    size_t room = end > y + TITLE_LINES ? end - y - TITLE_LINES : 0;

    top->page_rows = (unsigned)room;
    if (room && total_of(tab) > room)
        room--; /* for the count of the others */
    scroll_to_cursor(tab, room);
    y = put_rows(top, grid, y, room);
    if (y >= end)
        return;
    if (tab->rows.count)
        put_rest(tab, grid, y, room);
    else
        put_empty(tab, grid, y);
}
