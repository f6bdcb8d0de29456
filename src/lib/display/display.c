/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * display: see display.h.
 */
#include "config.h"

#include "lib/display/display.h"

#include "lib/base/utf8.h"
#include "lib/os/character_width.h"
#include "lib/os/terminal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct display display_of(FILE *file) {
    const char *kind = getenv("TERM"), *no_color = getenv("NO_COLOR");
    struct display display = {.file = file, .is_utf8 = character_set_is_utf8()};

    display.width = terminal_width(fileno(file));
    display.has_color = display.width && kind && strcmp(kind, "dumb") != 0 && !(no_color && *no_color);
    return display;
}

void display_tone(const struct display *display, enum tone tone, const char *format, ...) {
    static const char *const begins[] = {"", "\033[1m", "\033[32m", "\033[33m", "\033[31m", "\033[2m"};
    bool is_colored = display->has_color && tone != TONE_PLAIN;
    va_list arguments;

    if (is_colored)
        fputs(begins[tone], display->file);
    va_start(arguments, format);
    vfprintf(display->file, format, arguments);
    va_end(arguments);
    if (is_colored)
        fputs("\033[0m", display->file);
}

void display_fold(const struct display *display, unsigned at, unsigned indent, const char *text) {
    bool is_first = true;

    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t length = strcspn(text, " "), columns = display_columns_of(text, length);
        if (!is_first && display->width && at + 1 + columns > display->width) {
            fprintf(display->file, "\n%*s", (int)indent, "");
            at = indent;
            is_first = true;
        }
        fprintf(display->file, "%s%.*s", is_first ? "" : " ", (int)length, text);
        at += (unsigned)columns + !is_first;
        is_first = false;
        text += length;
    }
    fputc('\n', display->file);
}

/* ---- what may reach a terminal ---- */

/* Of the character at `text`, which has `length` bytes; -1: it must not be written. */
static int columns_of(const char *text, size_t length) {
    if (length == 1)
        return utf8_is_control(text) ? -1 : 1;
    if (length == 0 || utf8_is_control(text) || !character_set_is_utf8())
        return -1;
    uint32_t character = utf8_decode(text, length);
    if ((character >= 0x200b && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
        (character >= 0x2060 && character <= 0x2069) || character == 0xfeff)
        return -1; /* invisible, or they turn the direction of what follows */
    return character_width(character);
}

char *display_clean(const char *text) {
    char *clean = malloc(strlen(text) + 1), *to = clean;

    while (clean && *text) {
        size_t length = utf8_length(text);
        if (columns_of(text, length) >= 0) {
            memcpy(to, text, length);
            to += length;
        } else {
            *to++ = *text == '\n' || *text == '\t' ? ' ' : '?';
        }
        text += length ? length : 1;
    }
    if (clean)
        *to = '\0';
    return clean;
}

static bool is_clean(const char *text) {
    for (size_t length; *text; text += length) {
        length = utf8_length(text);
        if (columns_of(text, length) < 0)
            return false;
    }
    return true;
}

static json_t *clean_text(json_t *json) {
    if (is_clean(json_string_value(json)))
        return json;
    char *clean = display_clean(json_string_value(json));
    json_decref(json);
    json = clean ? json_string(clean) : NULL;
    free(clean);
    return json;
}

static json_t *clean_object(json_t *json) {
    json_t *clean = json_object(), *value;
    const char *key;
    bool is_whole = clean;

    json_object_foreach (json, key, value) {
        char *name = display_clean(key);
        is_whole = is_whole && name && json_object_set_new(clean, name, display_clean_json(json_incref(value))) == 0;
        free(name);
    }
    json_decref(json);
    if (is_whole)
        return clean;
    json_decref(clean);
    return NULL;
}

static json_t *clean_array(json_t *json) {
    json_t *clean = json_array(), *value;
    bool is_whole = clean;
    size_t i;

    json_array_foreach (json, i, value)
        is_whole = is_whole && json_array_append_new(clean, display_clean_json(json_incref(value))) == 0;
    json_decref(json);
    if (is_whole)
        return clean;
    json_decref(clean);
    return NULL;
}

json_t *display_clean_json(json_t *json) { /* its depth is limited by jansson's parser */
    if (json_is_string(json))
        return clean_text(json);
    if (json_is_object(json))
        return clean_object(json);
    return json_is_array(json) ? clean_array(json) : json;
}

/* ---- widths ---- */

size_t display_columns_of(const char *text, size_t length) {
    size_t columns = 0;

    for (const char *end = text + length; text < end;) {
        size_t bytes = utf8_length(text);
        int wide = columns_of(text, bytes);
        columns += wide < 0 ? 1 : (size_t)wide;
        text += bytes ? bytes : 1;
    }
    return columns;
}

size_t display_columns(const char *text) {
    return display_columns_of(text, strlen(text));
}

size_t display_cut(const char *text, size_t columns) {
    const char *at = text;

    while (*at) {
        size_t length = utf8_length(at);
        int wide = columns_of(at, length);
        if ((wide < 0 ? 1 : (size_t)wide) > columns)
            break;
        columns -= wide < 0 ? 1 : (size_t)wide;
        at += length ? length : 1;
    }
    return (size_t)(at - text);
}

const char *display_ellipsis(void) {
    return character_set_is_utf8() ? "…" : "+";
}
