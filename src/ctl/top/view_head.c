/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view_head: two lines: the state as a sentence, and the totals.
 * Runs on: the main thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/top/figure.h"
#include "ctl/top/head.h"
#include "ctl/top/view_parts.h"

#include <stdio.h>
#include <string.h>

enum { PIECE = 256, WIDE = 150, GAP = 2 };

static bool fits(const struct grid *grid, unsigned x, const char *piece) {
    return x < grid->width && grid_wrap_height(grid, grid->width - x, piece) == 1;
}

/* Puts a piece behind what is there if it fits as a whole. Returns the column behind it. */
static unsigned put_piece(struct grid *grid, unsigned x, unsigned y, unsigned style, const char *text) {
    char piece[PIECE + 8];

    snprintf(piece, sizeof piece, " · %s", text);
    if (!*text || !fits(grid, x, piece))
        return x;
    return x + grid_put(grid, (struct place){x, y, grid->width}, style, piece);
}

static void put_sentence(const struct top *top, struct grid *grid, unsigned y) {
    char lead[HEAD_TEXT], piece[PIECE];
    unsigned style = head_lead(lead, sizeof lead, top->status, top->now);
    unsigned x = grid_put(grid, (struct place){0, y, grid->width}, view_style(top, style | STYLE_BOLD), lead);

    for (unsigned i = 0; head_piece(piece, sizeof piece, i, top->status, top->now); i++)
        x = put_piece(grid, x, y, STYLE_FAINT, piece);
}

static void put_totals(const struct top *top, struct grid *grid, unsigned y) {
    char piece[PIECE];
    unsigned x = 0;

    for (unsigned i = 0; head_total(piece, sizeof piece, i, top->status, top->span, grid->width >= WIDE); i++)
        if (fits(grid, x, piece))
            x += GAP + grid_put(grid, (struct place){x, y, grid->width}, view_style(top, STYLE_PLAIN), piece);
}

unsigned view_head(const struct top *top, struct grid *grid, unsigned y) {
    put_sentence(top, grid, y);
    put_totals(top, grid, y + 1);
    return y + 2;
}
