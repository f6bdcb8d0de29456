/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * grid: a picture of characters, before a terminal shows it: rows of cells, each with a style.
 *
 * All text goes through text_clean(), so that no control sequence in a name reaches the terminal. What does not fit is
 * cut; nothing outside the grid is touched. Runs on: any thread, one at a time. Owns: its cells.
 */
#ifndef MUNNEL_CTL_TOP_GRID_H
#define MUNNEL_CTL_TOP_GRID_H

#include <stdbool.h>
#include <stddef.h>

enum { GRID_CELL = 24, GRID_TEXT = 1024 /* longest text of one call */ };

enum style { /* one of the first, and flags */
             STYLE_PLAIN,
             STYLE_FAINT,
             STYLE_BAD,
             STYLE_WARN,
             STYLE_OK,
             STYLE_IN,
             STYLE_COUNT,
             STYLE_BOLD = 1 << 4,
             STYLE_REVERSE = 1 << 5,
             STYLE_UNDERLINE = 1 << 6,
             STYLE_COLOR_MASK = 15
};

struct cell {
    char text[GRID_CELL]; /* one character and what combines with it; "" behind a wide one */
    unsigned char style;
};

struct grid {
    unsigned width, height;
    bool is_ascii; /* the terminal has no UTF-8 */
    struct cell *cells;
};

bool grid_make(struct grid *grid, unsigned width, unsigned height, bool is_ascii); /* blank; false: out of memory */
void grid_done(struct grid *grid);

struct place { /* in a grid: a piece of a line */
    unsigned x, y, width;
};

/* Puts text, cut with an ellipsis where it is wider than the place. Returns the columns that it took. */
unsigned grid_put(struct grid *grid, struct place place, unsigned style, const char *text);
unsigned grid_put_right(struct grid *grid, struct place place, unsigned style, const char *text);
/* Lines of words from there on, `most` at most, the last cut. Returns how many. */
unsigned grid_wrap(struct grid *grid, struct place place, unsigned most, unsigned style, const char *text);
unsigned grid_wrap_height(const struct grid *grid, unsigned width, const char *text); /* lines that it would take */
void grid_add_style(struct grid *grid, struct place place, unsigned flags);
void grid_clear(struct grid *grid, unsigned y); /* a line */
/* Copies `count` lines of another grid of the same width. */
void grid_copy(struct grid *grid, unsigned y, const struct grid *from, unsigned first, unsigned count);

/* All lines without the blanks at their ends, each with a line feed. malloc'ed; NULL: out of memory. */
char *grid_text(const struct grid *grid);

#endif
