/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * text: what comes from outside, made fit for a terminal, and measured in the terminal's columns.
 *
 * Widths are those of the system, which the terminal library uses as well, so a locale must be set.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_TEXT_H
#define MUNNEL_CTL_TOP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies what fits. Each control character, each character without a glyph that could change the order or the look of
 * others (direction marks, joiners), and each byte that is no UTF-8 becomes '?'. With is_ascii the marks of this
 * program become letters and signs of ASCII, and any other character becomes '?'.
 */
void text_clean(char *to, size_t size, const char *from, bool is_ascii);

/* Of clean text. */
unsigned text_width(const char *text);
/* The length in bytes, and the width, of the first character together with the combining ones behind it. 0 at the end.
 */
size_t text_character(const char *text, unsigned *width);
/* How many bytes of the text fit into so many columns; *used (may be NULL): how many they take. */
size_t text_fit(const char *text, unsigned columns, unsigned *used);
/* The same for a line of a paragraph: ends behind a word where one fits. *next: where the next line begins. */
size_t text_line(const char *text, unsigned columns, size_t *next);

#endif
