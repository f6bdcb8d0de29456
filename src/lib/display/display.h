/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * display: where a command writes for people: a terminal, with a width and perhaps colours, or a file.
 *
 * Texts that come from a server are made safe before they are written: control characters could move the cursor or
 * change the terminal. Needs setlocale(LC_CTYPE, "").
 * Runs on: the main thread, which is the only one to print. Owns: nothing.
 */
#ifndef MUNNEL_LIB_DISPLAY_DISPLAY_H
#define MUNNEL_LIB_DISPLAY_DISPLAY_H

#include "lib/base/format.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct display {
    FILE *file;
    unsigned width; /* in columns; 0: no terminal, so that lines may have any length */
    bool has_color, is_utf8;
};

enum tone { TONE_PLAIN, TONE_TITLE, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_DIM };

/* Colours on a terminal that is not "dumb", unless NO_COLOR is set. */
struct display display_of(FILE *file);
void display_tone(const struct display *display, enum tone tone, const char *format, ...) PRINTF_LIKE(3, 4);
/* Words of `text` in lines of the display's width, all but the first behind `indent` columns; the first begins where
 * the cursor is, at column `at`. Ends the line. */
void display_fold(const struct display *display, unsigned at, unsigned indent, const char *text);

/* A copy without control characters, invisible direction marks, and what the locale cannot show: '?' instead of each.
 * malloc'ed; NULL: out of memory. */
char *display_clean(const char *text);
/* The same for all texts and keys in a value, which is replaced where needed; takes over the reference. NULL: out of
 * memory, or it was NULL. */
json_t *display_clean_json(json_t *json);

size_t display_columns(const char *text);                   /* of a clean text */
size_t display_columns_of(const char *text, size_t length); /* of so many bytes of it, whole characters */
/* Bytes of the longest start of a clean text that takes at most so many columns. */
size_t display_cut(const char *text, size_t columns);
const char *display_ellipsis(void); /* one column */

#endif
