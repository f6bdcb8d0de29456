/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * option: fills a struct from JSON by a table, strictly, and says exactly what is wrong and what would be right.
 * Runs on: start, reload or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/nearest.h"
#include "conf/option.h"
#include "lib/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_TEXT = 64, NAME_TEXT = 96, WANTED_TEXT = 256 };

static const char out_of_memory[] = "out of memory";

static void *at(void *base, size_t offset) {
    return (char *)base + offset;
}

int option_complain(struct option_place *place, const char *format, ...) {
    char words[384];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return error_set(place->error, "%s%s%s%s%s", place->file ? place->file : "", place->file ? ": " : "", place->path,
                     place->path[0] ? ": " : "", words);
}

size_t option_enter(struct option_place *place, const char *key, size_t index) {
    size_t mark = strlen(place->path);
    if (key)
        snprintf(place->path + mark, sizeof place->path - mark, "%s%s", mark ? "." : "", key);
    else
        snprintf(place->path + mark, sizeof place->path - mark, "[%zu]", index);
    return mark;
}

void option_leave(struct option_place *place, size_t mark) {
    place->path[mark] = '\0';
}

const struct option_spec *option_find(const struct option_table *table, const char *name) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->specs[i].name, name) == 0)
            return &table->specs[i];
    return NULL;
}

static bool can_be_null(const struct option_spec *spec) {
    return spec->preset && strcmp(spec->preset, "null") == 0;
}

/* What was written, for an error; cut where it is long. */
static const char *show(const json_t *value, char text[VALUE_TEXT]) {
    char *whole = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    snprintf(text, VALUE_TEXT, "%s", whole ? whole : "this");
    if (whole && strlen(whole) >= VALUE_TEXT)
        memcpy(text + VALUE_TEXT - 4, "...", 4);
    free(whole);
    return text;
}

static void append(char *text, size_t size, const char *more) {
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s", more);
}

/* "a", "b" or "c" */
static void append_words(char *text, size_t size, const char *const *words) {
    for (size_t i = 0; words[i]; i++) {
        append(text, size, i == 0 ? "\"" : words[i + 1] ? ", \"" : " or \"");
        append(text, size, words[i]);
        append(text, size, "\"");
    }
}

/* What would be right. */
static const char *wanted(const struct option_spec *spec, char text[WANTED_TEXT]) {
    text[0] = '\0';
    if (spec->kind == OPTION_NUMBER)
        snprintf(text, WANTED_TEXT, "a whole number from %u to %u", spec->minimum, spec->maximum);
    else if (spec->words)
        append_words(text, WANTED_TEXT, spec->words);
    else
        snprintf(text, WANTED_TEXT, "%s", spec->wanted ? spec->wanted : "a string");
    if (can_be_null(spec))
        append(text, WANTED_TEXT, ", or null");
    return text;
}

static int complain_kind(const struct option_spec *spec, const json_t *value, struct option_place *place) {
    char is[VALUE_TEXT], right[WANTED_TEXT];
    return option_complain(place, "%s is not right here; write %s", show(value, is), wanted(spec, right));
}

/* The text as it is kept, checked; NULL after a complaint. */
static char *take_text(const struct option_spec *spec, const json_t *value, struct option_place *place) {
    struct error error;
    if (!json_is_string(value)) {
        complain_kind(spec, value, place);
        return NULL;
    }
    const char *text = json_string_value(value);
    if (spec->check ? spec->check(text, &error) != 0 : text[0] == '\0') {
        if (spec->check)
            option_complain(place, "%s", error.text);
        else
            complain_kind(spec, value, place);
        return NULL;
    }
    char *kept = spec->resolve ? spec->resolve(text, place->beside) : strdup(text);
    if (!kept)
        option_complain(place, out_of_memory);
    return kept;
}

static int set_text(const struct option_spec *spec, void *base, json_t *value, struct option_place *place) {
    char **text = at(base, spec->offset);
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

static int add_text(const struct option_spec *spec, void *base, const json_t *value, struct option_place *place) {
    struct conf_list *list = at(base, spec->offset);
    char *kept = take_text(spec, value, place);
    if (!kept)
        return -1;
    int failed = conf_list_has(list, kept)   ? option_complain(place, "\"%s\" is written twice", kept)
                 : conf_list_add(list, kept) ? option_complain(place, out_of_memory)
                                             : 0;
    free(kept);
    return failed;
}

static int set_texts(const struct option_spec *spec, void *base, json_t *value, struct option_place *place) {
    conf_list_done(at(base, spec->offset));
    if (json_is_null(value) && can_be_null(spec))
        return 0;
    if (!json_is_array(value))
        return add_text(spec, base, value, place);
    if (json_array_size(value) == 0)
        return option_complain(place, "the list is empty; write at least one%s",
                               spec->preset ? ", or leave it out" : "");
    for (size_t i = 0; i < json_array_size(value); i++) {
        size_t mark = option_enter(place, NULL, i);
        if (add_text(spec, base, json_array_get(value, i), place))
            return -1;
        option_leave(place, mark);
    }
    return 0;
}

static int set_number(const struct option_spec *spec, void *base, json_t *value, struct option_place *place) {
    char is[VALUE_TEXT], right[WANTED_TEXT];
    if (!json_is_integer(value)) /* 8.0 is none either */
        return complain_kind(spec, value, place);
    json_int_t number = json_integer_value(value);
    if (number < (json_int_t)spec->minimum || number > (json_int_t)spec->maximum)
        return option_complain(place, "%s is out of range; write %s", show(value, is), wanted(spec, right));
    *(unsigned *)at(base, spec->offset) = (unsigned)number;
    return 0;
}

static int find_word(const struct option_spec *spec, const json_t *value) {
    for (int i = 0; json_is_string(value) && spec->words[i]; i++)
        if (strcmp(spec->words[i], json_string_value(value)) == 0)
            return i;
    return -1;
}

static int set_choice(const struct option_spec *spec, void *base, json_t *value, struct option_place *place) {
    int found = find_word(spec, value);
    if (found < 0)
        return complain_kind(spec, value, place);
    unsigned choice = (unsigned)found;
    memcpy(at(base, spec->offset), &choice, sizeof choice); /* an enum is as large as an unsigned: server_table.c */
    return 0;
}

static int set_word(const struct option_spec *spec, void *base, json_t *value, struct option_place *place) {
    if (find_word(spec, value) < 0)
        return complain_kind(spec, value, place);
    *(bool *)at(base, spec->offset) = true;
    return 0;
}

static int read_element(const struct option_spec *spec, void *base, json_t *value, struct option_place *place) {
    char is[VALUE_TEXT];
    const struct option_table *table = spec->elements;
    void *elements;
    size_t *count = at(base, spec->count_offset);
    if (!json_is_object(value))
        return option_complain(place, "%s is not right here; write an object {...}", show(value, is));
    memcpy(&elements, at(base, spec->offset), sizeof elements);
    elements = realloc(elements, (*count + 1) * table->size);
    if (!elements)
        return option_complain(place, out_of_memory);
    memcpy(at(base, spec->offset), &elements, sizeof elements);
    void *element = at(elements, *count * table->size);
    memset(element, 0, table->size);
    ++*count;
    return option_defaults(table, element, place) || option_read(table, element, value, place) ? -1 : 0;
}

static int set_tables(const struct option_spec *spec, void *base, json_t *value, struct option_place *place) {
    char is[VALUE_TEXT];
    if (!json_is_array(value))
        return option_complain(place, "%s is not right here; write a list [{...}, {...}]", show(value, is));
    for (size_t i = 0; i < json_array_size(value); i++) {
        size_t mark = option_enter(place, NULL, i);
        if (read_element(spec, base, json_array_get(value, i), place))
            return -1;
        option_leave(place, mark);
    }
    return 0;
}

static int set_value(const struct option_spec *spec, void *base, json_t *value, struct option_place *place) {
    static int (*const setters[])(const struct option_spec *, void *, json_t *, struct option_place *) = {
        [OPTION_TEXT] = set_text,     [OPTION_TEXTS] = set_texts, [OPTION_NUMBER] = set_number,
        [OPTION_CHOICE] = set_choice, [OPTION_WORD] = set_word,   [OPTION_TABLES] = set_tables,
    };
    return setters[spec->kind](spec, base, value, place);
}

int option_set_text(const struct option_spec *spec, void *base, const char *text, bool append_it,
                    struct option_place *place) {
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    bool is_number = spec->kind == OPTION_NUMBER && end != text && *end == '\0';
    json_t *value = is_number ? json_integer(number) : json_string(text);
    if (!value) /* jansson takes no text that is not UTF-8 */
        return option_complain(place, "this is not UTF-8 text");
    int failed = append_it && spec->kind == OPTION_TEXTS ? add_text(spec, base, value, place)
                                                         : set_value(spec, base, value, place);
    json_decref(value);
    return failed;
}

int option_defaults(const struct option_table *table, void *base, struct option_place *place) {
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (!spec->preset || can_be_null(spec))
            continue;
        json_t *value = json_loads(spec->preset, JSON_DECODE_ANY, NULL);
        int failed = value ? set_value(spec, base, value, place) : option_complain(place, out_of_memory);
        json_decref(value);
        if (failed)
            return -1;
    }
    return 0;
}

/* The part of `spec`'s name that stands directly below `prefix`; NULL if it lies elsewhere. */
static const char *below(const struct option_spec *spec, const char *prefix, char name[NAME_TEXT]) {
    size_t length = strlen(prefix);
    if (strncmp(spec->name, prefix, length) != 0 || (length > 0 && spec->name[length] != '.'))
        return NULL;
    const char *rest = spec->name + length + (length > 0);
    snprintf(name, NAME_TEXT, "%.*s", (int)strcspn(rest, "."), rest);
    return name;
}

static bool is_object(const struct option_table *table, const char *name) {
    char key[NAME_TEXT];
    for (size_t i = 0; i < table->count; i++)
        if (below(&table->specs[i], name, key))
            return true;
    return false;
}

static int complain_unknown(const struct option_table *table, const char *prefix, const char *key,
                            struct option_place *place) {
    char names[64][NAME_TEXT], known[256] = "";
    struct nearest nearest = nearest_to(key);
    size_t count = 0;
    for (size_t i = 0; i < table->count && count < 64; i++) {
        if (!below(&table->specs[i], prefix, names[count]))
            continue;
        if (count > 0 && strcmp(names[count - 1], names[count]) == 0) /* the table keeps an object's options together */
            continue;
        nearest_consider(&nearest, names[count]);
        append(known, sizeof known, count ? ", " : "");
        append(known, sizeof known, names[count++]);
    }
    if (nearest.best)
        return option_complain(place, "there is no such option; did you mean \"%s\"?", nearest.best);
    return option_complain(place, "there is no such option; there are: %s", known);
}

static int read_members(const struct option_table *table, void *base, json_t *object, const char *prefix,
                        struct option_place *place);

static int read_member(const struct option_table *table, void *base, const char *prefix, const char *key, json_t *value,
                       struct option_place *place) {
    char name[NAME_TEXT], is[VALUE_TEXT];
    if ((size_t)snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] ? "." : "", key) >= sizeof name)
        return complain_unknown(table, prefix, key, place);
    const struct option_spec *spec = strchr(key, '.') ? NULL : option_find(table, name);
    bool holds_more = !strchr(key, '.') && key[0] && is_object(table, name);
    if (holds_more && (json_is_object(value) || !spec))
        return json_is_object(value)
                   ? read_members(table, base, value, name, place)
                   : option_complain(place, "%s is not right here; write an object {...}", show(value, is));
    return spec ? set_value(spec, base, value, place) : complain_unknown(table, prefix, key, place);
}

static int read_members(const struct option_table *table, void *base, json_t *object, const char *prefix,
                        struct option_place *place) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        size_t mark = option_enter(place, key, 0);
        if (read_member(table, base, prefix, key, value, place))
            return -1;
        option_leave(place, mark);
    }
    return 0;
}

int option_read(const struct option_table *table, void *base, json_t *object, struct option_place *place) {
    char right[WANTED_TEXT];
    if (read_members(table, base, object, "", place))
        return -1;
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (spec->preset || json_object_get(object, spec->name))
            continue;
        option_enter(place, spec->name, 0);
        return option_complain(place, "is missing; write %s", wanted(spec, right));
    }
    return 0;
}

static void done_tables(const struct option_spec *spec, void *base) {
    char *elements;
    size_t *count = at(base, spec->count_offset);
    memcpy(&elements, at(base, spec->offset), sizeof elements);
    for (size_t i = 0; i < *count; i++)
        option_done(spec->elements, elements + i * spec->elements->size);
    free(elements);
    *count = 0;
    memset(at(base, spec->offset), 0, sizeof elements);
}

void option_done(const struct option_table *table, void *base) {
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (spec->kind == OPTION_TEXT) {
            char **text = at(base, spec->offset);
            free(*text);
            *text = NULL;
        } else if (spec->kind == OPTION_TEXTS) {
            conf_list_done(at(base, spec->offset));
        } else if (spec->kind == OPTION_TABLES) {
            done_tables(spec, base);
        }
    }
}

char *option_resolve_path(const char *text, const char *beside) {
    return beside ? file_beside(beside, text) : strdup(text);
}

char *option_resolve_listen(const char *text, const char *beside) {
    static const char scheme[] = "unix:";
    size_t skip = sizeof scheme - 1;
    if (!beside || strncmp(text, scheme, skip) != 0)
        return strdup(text);
    char *path = file_beside(beside, text + skip);
    char *kept = path ? malloc(skip + strlen(path) + 1) : NULL;
    if (kept) {
        memcpy(kept, scheme, skip);
        strcpy(kept + skip, path);
    }
    free(path);
    return kept;
}

char *option_resolve_log(const char *text, const char *beside) {
    bool is_stream = strcmp(text, "stderr") == 0 || strcmp(text, "stdout") == 0;
    return is_stream ? strdup(text) : option_resolve_path(text, beside);
}
