/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * text: UTF-8 is decoded by utf8.h rather than by the C library, so that a text is cleaned alike in every locale.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/top/text.h"

#include "lib/base/utf8.h"
#include "lib/os/character_width.h"

#include <string.h>

/* What has no glyph of its own: marks of direction, joiners, separators of lines, tags, private use. */
static bool is_hidden(uint32_t value) {
    static const struct {
        unsigned first, last;
    } ranges[] = {{0xad, 0xad},     {0x61c, 0x61c},     {0x180e, 0x180e},   {0x200b, 0x200f}, {0x2028, 0x202e},
                  {0x2060, 0x206f}, {0xe000, 0xf8ff},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff}, {0xfff0, 0xfffb},
                  {0xfffe, 0xffff}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff}};

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (value >= ranges[i].first && value <= ranges[i].last)
            return true;
    return false;
}

/* The marks of this program, for terminals that cannot show them. */
static char ascii_of(uint32_t value) {
    static const struct {
        unsigned value;
        char ascii;
    } marks[] = {{0x25cf, '*'}, {0x25b2, '!'}, {0x25c6, 'X'}, {0x25d0, '%'}, {0x25cb, 'o'}, {0x2016, '='},
                 {0x25a1, '+'}, {0x2026, '~'}, {0x2013, '-'}, {0xb7, '|'},   {0x25be, 'v'}, {0x25b4, '^'},
                 {0x2588, '#'}, {0x2502, '|'}, {0x2192, '>'}, {0x2191, '^'}, {0x2193, 'v'}, {0x2500, '-'}};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i].value == value)
            return marks[i].ascii;
    return '?';
}

void text_clean(char *to, size_t size, const char *from, bool is_ascii) {
    size_t used = 0, length;

    for (; *from; from += length) {
        length = utf8_length(from);
        bool is_bad = !length || utf8_is_control(from) || is_hidden(utf8_decode(from, length));
        bool is_kept = !is_bad && (length == 1 || !is_ascii);
        length = length ? length : 1;
        if (used + (is_kept ? length : 1) >= size)
            break;
        if (is_kept)
            memcpy(to + used, from, length);
        else
            to[used] = is_bad ? '?' : ascii_of(utf8_decode(from, length));
        used += is_kept ? length : 1;
    }
    to[used] = '\0';
}

/* A character that the system does not know has one column, as terminals show it. */
static unsigned width_of(uint32_t value) {
    int width = value < 0x7f ? 1 : character_width(value);

    return width < 0 ? 1 : (unsigned)width;
}

size_t text_character(const char *text, unsigned *width) {
    size_t length = utf8_length(text), more;

    *width = 0;
    if (!length)
        return 0;
    *width = width_of(utf8_decode(text, length));
    while ((more = utf8_length(text + length)) > 1 && width_of(utf8_decode(text + length, more)) == 0)
        length += more;
    return length;
}

size_t text_fit(const char *text, unsigned columns, unsigned *used) {
    size_t bytes = 0, length;
    unsigned taken = 0, width;

    while ((length = text_character(text + bytes, &width)) && taken + width <= columns) {
        bytes += length;
        taken += width;
    }
    if (used)
        *used = taken;
    return bytes;
}

unsigned text_width(const char *text) {
    unsigned used;

    (void)text_fit(text, (unsigned)-1 / 2, &used);
    return used;
}

size_t text_line(const char *text, unsigned columns, size_t *next) {
    size_t fit = text_fit(text, columns, NULL), end = fit;

    if (text[fit]) {
        while (end > 0 && text[end] != ' ')
            end--;
        if (!end)
            end = fit; /* one word is longer than the line */
    }
    *next = end + strspn(text + end, " ");
    return end;
}
