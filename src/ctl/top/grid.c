/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * grid: see grid.h.
 */
#include "config.h"

#include "ctl/top/grid.h"

#include "ctl/top/text.h"

#include <stdlib.h>
#include <string.h>

bool grid_make(struct grid *grid, unsigned width, unsigned height, bool is_ascii) {
    size_t count = (size_t)width * height;

    *grid = (struct grid){width, height, is_ascii, calloc(count + 1, sizeof *grid->cells)};
    for (size_t i = 0; grid->cells && i < count; i++)
        grid->cells[i].text[0] = ' ';
    return grid->cells;
}

void grid_done(struct grid *grid) {
    free(grid->cells);
    *grid = (struct grid){0};
}

static struct cell *cell_at(const struct grid *grid, unsigned x, unsigned y) {
    return &grid->cells[(size_t)y * grid->width + x];
}

/* The part of the place that lies in the grid. */
static struct place clip(const struct grid *grid, struct place place) {
    if (place.y >= grid->height || place.x >= grid->width)
        return (struct place){0};
    if (place.width > grid->width - place.x)
        place.width = grid->width - place.x;
    return place;
}

/* Clean text, `bytes` of it, which fit. Returns the column behind it. */
static unsigned put_clean(struct grid *grid, unsigned x, unsigned y, unsigned style, const char *text, size_t bytes) {
    unsigned width;

    for (size_t at = 0, length; at < bytes && (length = text_character(text + at, &width)); at += length) {
        struct cell *cell = cell_at(grid, x, y);
        size_t kept = length < GRID_CELL ? length : GRID_CELL - 1;
        if (!width) /* nothing to combine with */
            continue;
        while (kept < length && kept > 0 && (text[at + kept] & 0xc0) == 0x80)
            kept--;
        memcpy(cell->text, text + at, kept);
        cell->text[kept] = '\0';
        cell->style = (unsigned char)style;
        for (unsigned i = 1; i < width; i++)
            cell[i] = (struct cell){.style = (unsigned char)style};
        x += width;
    }
    return x;
}

/* Cut to fit; the ellipsis takes the last column. */
static unsigned put_cut(struct grid *grid, struct place place, unsigned style, const char *text) {
    unsigned used;
    size_t bytes = text_fit(text, place.width, &used);

    if (!text[bytes]) {
        (void)put_clean(grid, place.x, place.y, style, text, bytes);
        return used;
    }
    if (!place.width)
        return 0;
    bytes = text_fit(text, place.width - 1, NULL);
    unsigned end = put_clean(grid, place.x, place.y, style, text, bytes);
    (void)put_clean(grid, end, place.y, style, grid->is_ascii ? "~" : "…", grid->is_ascii ? 1 : strlen("…"));
    return end - place.x + 1;
}

unsigned grid_put(struct grid *grid, struct place place, unsigned style, const char *text) {
    char clean[GRID_TEXT];

    text_clean(clean, sizeof clean, text, grid->is_ascii);
    return put_cut(grid, clip(grid, place), style, clean);
}

unsigned grid_put_right(struct grid *grid, struct place place, unsigned style, const char *text) {
    char clean[GRID_TEXT];

    text_clean(clean, sizeof clean, text, grid->is_ascii);
    place = clip(grid, place);
    unsigned width = text_width(clean);
    if (width < place.width) {
        place.x += place.width - width;
        place.width = width;
    }
    return put_cut(grid, place, style, clean);
}

unsigned grid_wrap(struct grid *grid, struct place place, unsigned most, unsigned style, const char *text) {
    char clean[GRID_TEXT];
    const char *at = clean;
    unsigned lines = 0;

    text_clean(clean, sizeof clean, text, grid->is_ascii);
    for (; *at && lines < most && place.width; lines++, place.y++) {
        size_t next, bytes = text_line(at, place.width, &next);
        struct place line = clip(grid, place);
        if (lines + 1 == most && at[next])
            (void)put_cut(grid, line, style, at);
        else if (line.width == place.width)
            (void)put_clean(grid, line.x, line.y, style, at, bytes);
        at += next ? next : 1;
    }
    return lines;
}

unsigned grid_wrap_height(const struct grid *grid, unsigned width, const char *text) {
    char clean[GRID_TEXT];
    const char *at = clean;
    unsigned lines = 0;

    text_clean(clean, sizeof clean, text, grid->is_ascii);
    for (size_t next; *at && width; lines++) {
        (void)text_line(at, width, &next);
        at += next ? next : 1;
    }
    return lines;
}

void grid_add_style(struct grid *grid, struct place place, unsigned flags) {
    place = clip(grid, place);
    for (unsigned i = 0; i < place.width; i++)
        cell_at(grid, place.x + i, place.y)->style |= (unsigned char)flags;
}

void grid_clear(struct grid *grid, unsigned y) {
    for (unsigned x = 0; y < grid->height && x < grid->width; x++)
        *cell_at(grid, x, y) = (struct cell){.text = " "};
}

void grid_copy(struct grid *grid, unsigned y, const struct grid *from, unsigned first, unsigned count) {
    for (unsigned i = 0; i < count && y + i < grid->height && first + i < from->height; i++)
        memcpy(cell_at(grid, 0, y + i), cell_at(from, 0, first + i), grid->width * sizeof *grid->cells);
}

char *grid_text(const struct grid *grid) {
    char *text = malloc((size_t)grid->height * ((size_t)grid->width * GRID_CELL + 1) + 1), *at = text, *end = text;

    for (unsigned y = 0; text && y < grid->height; y++) {
        for (unsigned x = 0; x < grid->width; x++) {
            const struct cell *cell = cell_at(grid, x, y);
            size_t length = strlen(cell->text);
            memcpy(at, cell->text, length);
            at += length;
            if (length && *cell->text != ' ')
                end = at;
        }
        *end++ = '\n';
        at = end;
    }
    if (text)
        *end = '\0';
    return text;
}
