/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * once: see once.h. The text is drawn into a grid as wide as the table, so that it is aligned, and clean, in the way
 * that the terminal's is.
 */
#include "config.h"

#include "ctl/top/once.h"

#include "ctl/top/grid.h"
#include "ctl/top/head.h"
#include "ctl/top/layout.h"
#include "ctl/top/view.h"
#include "ctl/top/view_parts.h"

#include <stdlib.h>

enum { WIDE = 4000, LEAST = 100, PROBLEM_LINES = 400, HEAD_LINES = 3, TITLE_LINES = 2 };

static size_t row_count(const struct top *top, const struct once *once) {
    size_t count = top->tabs[top->tab].rows.count;

    return once->limit && once->limit < count ? once->limit : count;
}

static unsigned width_of(struct top *top, const struct once *once) {
    struct top_tab *tab = top_tab_now(top);
    const struct top_look look = {top->now, top->span};

    layout_measure(tab->widths, tab->table, &tab->rows, 0, row_count(top, once), &look);
    const struct rows_order order = top_order(top, tab);
    struct layout layout = layout_choose(tab->widths, once->width ? once->width : WIDE, &order);
    return once->width ? once->width : layout.width > LEAST ? layout.width : LEAST;
}

static int print_grid(const struct grid *grid, FILE *file, struct error *error) {
    char *text = grid_text(grid);

    if (!text)
        return error_set(error, "out of memory");
    fputs(text, file);
    free(text);
    return 0;
}

int once_print(struct top *top, const struct once *once, struct error *error) {
    size_t rows = row_count(top, once);
    struct grid grid, measure = {.width = width_of(top, once), .is_ascii = top->is_ascii};
    unsigned problems = view_problems_height(top, &measure);

    problems = problems < PROBLEM_LINES ? problems : PROBLEM_LINES;
    unsigned height = HEAD_LINES + problems + TITLE_LINES + (unsigned)(rows ? rows : 1);
    if (!grid_make(&grid, measure.width, height, top->is_ascii))
        return error_set(error, "out of memory");
    top_tab_now(top)->rows.waiting = 0;
    unsigned y = view_head(top, &grid, 0);
    y = view_problems(top, &grid, y, problems);
    view_rows(top, &grid, y + 1, rows);
    int result = print_grid(&grid, once->file, error);
    grid_done(&grid);
    return result;
}

int once_print_json(const struct top *top, const struct once *once, struct error *error) {
    const struct top_tab *tab = &top->tabs[top->tab];
    json_t *list = json_array(), *json = json_pack("{s:O?,s:o}", "status", top->status, tab->table->name, list);
    bool is_whole = json;

    for (size_t i = 0; is_whole && i < row_count(top, once); i++)
        is_whole = json_array_append(list, tab->rows.items[i].item) == 0;
    is_whole = is_whole && json_dumpf(json, once->file, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0;
    json_decref(json);
    if (!is_whole)
        return error_set(error, "standard output cannot be written, or out of memory");
    fputc('\n', once->file);
    return 0;
}
