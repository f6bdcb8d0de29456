/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * option_value: one value of a configuration: its type, range and words, where it is kept, and the error if it is
 * wrong. Runs on: start, reload or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/option_priv.h"
#include "lib/base/file.h"
#include "lib/base/json.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOCATE_MAX = 4 << 20 };

/* The file is read once more: values do not know where they were written. It may have changed meanwhile. */
static struct json_position locate(const struct option_place *place) {
    size_t length;
    char *text = place->beside ? file_read(place->file, LOCATE_MAX, &length, NULL) : NULL;
    struct json_position at = text ? json_locate(text, length, place->pointer) : (struct json_position){0, 0};
    free(text);
    return at;
}

static void note_fault(const struct option_place *place) {
    struct option_fault *fault = place->fault;
    *fault = (struct option_fault){.line = 0};
    snprintf(fault->pointer, sizeof fault->pointer, "%s", place->pointer);
    if (!place->file)
        return;
    snprintf(fault->file, sizeof fault->file, "%s", place->file);
    struct json_position at = locate(place);
    fault->line = at.line;
    fault->column = at.column;
}

int option_error(const struct option_place *place, const char *format, ...) {
    char detail[384];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    error_set(place->error, "%s%s%s%s%s", place->file ? place->file : "", place->file ? ": " : "", place->path,
              place->path[0] ? ": " : "", detail);
    if (place->fault)
        note_fault(place);
    return -1;
}

/* A pointer that would be too long ends before: at the object or list in which the place is. */
static void append_token(char pointer[OPTION_POINTER_SIZE], const char *token) {
    size_t start = strlen(pointer), length = start;
    char escaped[3] = "/";
    for (;; token++) {
        size_t more = strlen(escaped);
        if (length + more >= OPTION_POINTER_SIZE)
            break;
        memcpy(pointer + length, escaped, more + 1);
        length += more;
        if (!*token)
            return;
        snprintf(escaped, sizeof escaped, "%s", *token == '~' ? "~0" : *token == '/' ? "~1" : (char[]){*token, '\0'});
    }
    pointer[start] = '\0';
}

struct option_place option_member(const struct option_place *place, const char *key) {
    struct option_place inner = *place;
    size_t length = strlen(inner.path);
    snprintf(inner.path + length, sizeof inner.path - length, "%s%s", length ? "." : "", key);
    append_token(inner.pointer, key);
    inner.written = json_object_get(place->written, key);
    return inner;
}

struct option_place option_element(const struct option_place *place, size_t index) {
    struct option_place inner = *place;
    char token[24];
    size_t length = strlen(inner.path);
    snprintf(inner.path + length, sizeof inner.path - length, "[%zu]", index);
    snprintf(token, sizeof token, "%zu", index);
    append_token(inner.pointer, token);
    inner.written = json_array_get(place->written, index);
    return inner;
}

struct option_place option_below(const struct option_place *place, const char *path) {
    struct option_place inner = *place;
    for (char key[64]; *path; path += strcspn(path, "."), path += *path == '.') {
        snprintf(key, sizeof key, "%.*s", (int)strcspn(path, "."), path);
        inner = option_member(&inner, key);
    }
    return inner;
}

char *option_place_key(const struct option_place *place) {
    size_t size = strlen(place->file) + strlen(place->pointer) + 2;
    char *key = malloc(size);
    if (key)
        snprintf(key, size, "%s#%s", place->file, place->pointer);
    return key;
}

static bool can_be_null(const struct option_spec *spec) {
    return spec->nullable || (spec->preset && strcmp(spec->preset, "null") == 0);
}

/* What was written, for an error; cut where it is long. */
const char *option_show(const json_t *value, char text[OPTION_VALUE_TEXT]) {
    char *whole = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    snprintf(text, OPTION_VALUE_TEXT, "%s", whole ? whole : "this");
    if (whole && strlen(whole) >= OPTION_VALUE_TEXT)
        memcpy(text + OPTION_VALUE_TEXT - 4, "...", 4);
    free(whole);
    return text;
}

void option_append(char *text, size_t size, const char *more) {
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s", more);
}

/* "a", "b" or "c" */
static void append_words(char *text, size_t size, const char *const *words) {
    for (size_t i = 0; words[i]; i++) {
        option_append(text, size, i == 0 ? "\"" : words[i + 1] ? ", \"" : " or \"");
        option_append(text, size, words[i]);
        option_append(text, size, "\"");
    }
}

const char *option_wanted(const struct option_spec *spec, const struct option_place *place,
                          char text[OPTION_WANTED_TEXT]) {
    text[0] = '\0';
    if (spec->kind == OPTION_NUMBER)
        snprintf(text, OPTION_WANTED_TEXT, "a whole number from %u to %u", spec->minimum, spec->maximum);
    else if (spec->kind == OPTION_FLAG)
        option_append(text, OPTION_WANTED_TEXT, "true or false");
    else if (spec->kind == OPTION_SIZE)
        snprintf(text, OPTION_WANTED_TEXT, "bytes from %u to %u, or with a unit like \"500kB\", \"1MB\" or \"1MiB\"",
                 spec->minimum, spec->maximum);
    else if (spec->wanted)
        option_append(text, OPTION_WANTED_TEXT, spec->wanted);
    else
        append_words(text, OPTION_WANTED_TEXT, spec->words);
    if (place->file && can_be_null(spec) && spec->kind != OPTION_WORD) /* a command line has no null */
        option_append(text, OPTION_WANTED_TEXT, ", or null");
    return text;
}

static bool is_quoted_number(const struct option_spec *spec, const json_t *value) {
    const char *text = json_string_value(value);
    size_t digits = spec->kind == OPTION_NUMBER && text ? strspn(text, "0123456789") : 0;
    return digits > 0 && digits < 10 && text[digits] == '\0';
}

static int refuse_kind(const struct option_spec *spec, const json_t *value, const struct option_place *place) {
    char is[OPTION_VALUE_TEXT], right[OPTION_WANTED_TEXT];
    return option_error(place, "%s is not right here; write %s%s", option_show(value, is),
                        option_wanted(spec, place, right), is_quoted_number(spec, value) ? ", without quotes" : "");
}

/* The text as it is kept, checked; NULL with the place's error. */
static char *take_text(const struct option_spec *spec, const json_t *value, const struct option_place *place) {
    struct error error;
    if (!json_is_string(value)) {
        refuse_kind(spec, value, place);
        return NULL;
    }
    const char *text = json_string_value(value);
    if (spec->check ? spec->check(text, &error) != 0 : text[0] == '\0') {
        if (spec->check)
            option_error(place, "%s", error.text);
        else
            refuse_kind(spec, value, place);
        return NULL;
    }
    char *kept = spec->resolve ? spec->resolve(text, place->beside) : strdup(text);
    if (!kept)
        option_error(place, "out of memory");
    return kept;
}

static int set_text(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place) {
    char **text = option_at(base, spec->offset);
    char *kept = NULL;
    if (!(json_is_null(value) && can_be_null(spec))) {
        kept = take_text(spec, value, place);
        if (!kept)
            return -1;
    }
    free(*text);
    *text = kept;
    return 0;
}

int option_add_text(const struct option_spec *spec, void *base, const json_t *value, const struct option_place *place) {
    struct strlist *list = option_at(base, spec->offset);
    char *kept = take_text(spec, value, place);
    if (!kept)
        return -1;
    int failed = strlist_has(list, kept)   ? option_error(place, "\"%s\" is written twice; leave one out", kept)
                 : strlist_add(list, kept) ? option_error(place, "out of memory")
                                           : 0;
    free(kept);
    return failed;
}

static int set_texts(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place) {
    strlist_done(option_at(base, spec->offset));
    if (json_is_null(value) && can_be_null(spec))
        return 0;
    if (!json_is_array(value))
        return option_add_text(spec, base, value, place);
    if (json_array_size(value) == 0)
        return option_error(place, "the list is empty; write at least one%s", spec->preset ? ", or leave it out" : "");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const struct option_place inner = option_element(place, i);
        if (option_add_text(spec, base, json_array_get(value, i), &inner))
            return -1;
    }
    return 0;
}

static int keep_number(const struct option_spec *spec, void *base, json_int_t number, const json_t *value,
                       const struct option_place *place) {
    char is[OPTION_VALUE_TEXT], right[OPTION_WANTED_TEXT];
    if (number < (json_int_t)spec->minimum || number > (json_int_t)spec->maximum)
        return option_error(place, "%s is out of range; write %s", option_show(value, is),
                            option_wanted(spec, place, right));
    *(unsigned *)option_at(base, spec->offset) = (unsigned)number;
    return 0;
}

static int set_number(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place) {
    if (!json_is_integer(value)) /* 8.0 is none either */
        return refuse_kind(spec, value, place);
    return keep_number(spec, base, json_integer_value(value), value, place);
}

/* 0: there is no such unit. */
static unsigned unit_of(const char *text) {
    static const struct {
        const char *name;
        unsigned bytes;
    } units[] = {{"", 1},           {"B", 1},          {"kB", 1000},
                 {"KB", 1000},      {"MB", 1000000},   {"GB", 1000000000},
                 {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].name, text) == 0)
            return units[i].bytes;
    return 0;
}

static int set_size(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place) {
    const char *text = json_string_value(value);
    size_t digits = text ? strspn(text, "0123456789") : 0;
    unsigned unit = digits > 0 && digits <= 10 ? unit_of(text + digits) : 0;
    if (!text)
        return set_number(spec, base, value, place);
    if (unit == 0)
        return refuse_kind(spec, value, place);
    json_int_t number = (json_int_t)strtoull(text, NULL, 10);
    return keep_number(spec, base, number <= UINT_MAX ? number * (json_int_t)unit : number, value, place);
}

static int find_word(const struct option_spec *spec, const json_t *value) {
    for (int i = 0; json_is_string(value) && spec->words[i]; i++)
        if (strcmp(spec->words[i], json_string_value(value)) == 0)
            return i;
    return -1;
}

static int set_choice(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place) {
    int found = find_word(spec, value);
    if (found < 0)
        return refuse_kind(spec, value, place);
    unsigned choice = (unsigned)found;
    memcpy(option_at(base, spec->offset), &choice,
           sizeof choice); /* an enum is as large as an unsigned: server_options.c */
    return 0;
}

static int set_flag(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place) {
    if (!json_is_boolean(value))
        return refuse_kind(spec, value, place);
    *(bool *)option_at(base, spec->offset) = json_is_true(value);
    return 0;
}

static int set_word(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place) {
    if (find_word(spec, value) < 0)
        return refuse_kind(spec, value, place);
    *(bool *)option_at(base, spec->offset) = true;
    return 0;
}

int option_set_value(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place) {
    static int (*const setters[])(const struct option_spec *, void *, json_t *, const struct option_place *) = {
        [OPTION_TEXT] = set_text, [OPTION_TEXTS] = set_texts,   [OPTION_NUMBER] = set_number,
        [OPTION_SIZE] = set_size, [OPTION_CHOICE] = set_choice, [OPTION_FLAG] = set_flag,
        [OPTION_WORD] = set_word,
    };
    return setters[spec->kind](spec, base, value, place);
}
