/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view_facts: what the pages about one service, agent or relay have in common.
 * Runs on: the main thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/answer.h"
#include "ctl/top/cells.h"
#include "ctl/top/figure.h"
#include "ctl/top/view_parts.h"

enum { NAME_WIDTH = 14, LINES_MOST = 8 };

unsigned view_style(const struct top *top, unsigned style) {
    return top->lost_since > 0 ? STYLE_FAINT | (style & STYLE_BOLD) : style;
}

unsigned view_fact(struct grid *grid, unsigned y, const char *name, unsigned style, const char *value) {
    unsigned width = grid->width > NAME_WIDTH ? grid->width - NAME_WIDTH : 1;

    (void)grid_put(grid, (struct place){0, y, NAME_WIDTH}, STYLE_FAINT, name);
    unsigned lines = grid_wrap(grid, (struct place){NAME_WIDTH, y, width}, LINES_MOST, style, *value ? value : "-");
    return y + (lines ? lines : 1);
}

unsigned view_fact_of(struct grid *grid, unsigned y, const char *name, const json_t *item, const char *path) {
    struct top_cell cell = {.style = 0};
    struct top_look look = {0};

    if (json_is_array(answer_at(item, path)))
        cell_texts(&cell, item, path, &look);
    else
        cell_text(&cell, item, path, &look);
    return view_fact(grid, y, name, cell.style, cell.text);
}

unsigned view_title(struct grid *grid, unsigned y, const char *title) {
    (void)grid_put(grid, (struct place){0, y + 1, grid->width}, STYLE_BOLD, title);
    return y + 2;
}
