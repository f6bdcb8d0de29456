/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * option: fills a struct from JSON by a table, strictly; an error names the place, what is wrong, and what to write.
 * Runs on: start, reload or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/option_priv.h"
#include "conf/suggest.h"
#include "lib/base/file.h"
#include "lib/log/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAME_TEXT = 96, KNOWN_TEXT = 256 };

const struct option_spec *option_find(const struct option_table *table, const char *name) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->specs[i].name, name) == 0)
            return &table->specs[i];
    return NULL;
}

void *option_add_element(const struct option_spec *spec, void *base, const struct option_place *place) {
    const struct option_table *table = spec->elements;
    void *elements;
    size_t *count = option_at(base, spec->count_offset);
    memcpy(&elements, option_at(base, spec->offset), sizeof elements);
    void *grown = realloc(elements, (*count + 1) * table->size);
    if (!grown) {
        option_error(place, "out of memory");
        return NULL;
    }
    memcpy(option_at(base, spec->offset), &grown, sizeof grown);
    void *element = option_at(grown, *count * table->size);
    memset(element, 0, table->size);
    if (option_defaults(table, element, place)) {
        option_done(table, element);
        return NULL;
    }
    ++*count;
    return element;
}

static int read_element(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place) {
    char is[OPTION_VALUE_TEXT];
    if (!json_is_object(value))
        return option_error(place, "%s is not right here; write an object {...}", option_show(value, is));
    void *element = option_add_element(spec, base, place);
    return element ? option_read(spec->elements, element, value, place) : -1;
}

static int set_tables(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place) {
    char is[OPTION_VALUE_TEXT];
    if (!json_is_array(value))
        return option_error(place, "%s is not right here; write a list [{...}, {...}]", option_show(value, is));
    for (size_t i = 0; i < json_array_size(value); i++) {
        const struct option_place inner = option_element(place, i);
        if (read_element(spec, base, json_array_get(value, i), &inner))
            return -1;
    }
    return 0;
}

/* So that what is shown of a configuration can be what is written, too. */
static int note_expanded(const struct option_place *place) {
    if (!place->expanded)
        return 0;
    char *key = option_place_key(place);
    int failed = !key || json_object_set_new(place->expanded, key, json_deep_copy(place->written));
    free(key);
    return failed ? option_error(place, "out of memory") : 0;
}

/* What stood in a file or in the environment may be a secret: an error shows what is written instead of it. */
static int set_expanded(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place) {
    char is[OPTION_VALUE_TEXT], right[OPTION_WANTED_TEXT];
    struct error secret;
    struct option_place inner = *place;
    inner.error = &secret;
    inner.fault = NULL;
    if (option_set_value(spec, base, value, &inner) == 0)
        return note_expanded(place);
    return option_error(place, "what %s stands for is not right here; write %s", option_show(place->written, is),
                        option_wanted(spec, place, right));
}

static int set_value(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place) {
    if (spec->kind == OPTION_TABLES)
        return set_tables(spec, base, value, place);
    bool is_expanded = place->written && !json_equal(place->written, value);
    return (is_expanded ? set_expanded : option_set_value)(spec, base, value, place);
}

/* What the text means for this kind of option; NULL: it is no UTF-8. */
static json_t *text_value(const struct option_spec *spec, const char *text) {
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (spec->kind == OPTION_NUMBER && end != text && *end == '\0' && errno == 0)
        return json_integer(number);
    if (spec->kind == OPTION_FLAG && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        return json_boolean(text[0] == 't');
    return json_string(text);
}

int option_set_text(const struct option_spec *spec, void *base, const char *text, bool append_it,
                    const struct option_place *place) {
    json_t *value = text_value(spec, text);
    if (!value) /* jansson takes no text that is not UTF-8 */
        return option_error(place, "this is not UTF-8 text");
    int failed = append_it && spec->kind == OPTION_TEXTS ? option_add_text(spec, base, value, place)
                                                         : set_value(spec, base, value, place);
    json_decref(value);
    return failed;
}

int option_defaults(const struct option_table *table, void *base, const struct option_place *place) {
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (!spec->preset || strcmp(spec->preset, "null") == 0)
            continue;
        json_t *value = json_loads(spec->preset, JSON_DECODE_ANY, NULL);
        int failed = value ? set_value(spec, base, value, place) : option_error(place, "out of memory");
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

/* As many as an error has room for. */
static void list_known(char known[KNOWN_TEXT], char names[][NAME_TEXT], size_t count) {
    static const char more[] = ", ...; see munnel.json(5)"; /* no other table is so long */
    known[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (strlen(known) + strlen(names[i]) + sizeof more + 2 > KNOWN_TEXT) {
            option_append(known, KNOWN_TEXT, more);
            return;
        }
        option_append(known, KNOWN_TEXT, i ? ", " : "");
        option_append(known, KNOWN_TEXT, names[i]);
    }
}

static int refuse_unknown(const struct option_table *table, const char *prefix, const char *key,
                          const struct option_place *place) {
    char names[64][NAME_TEXT], known[KNOWN_TEXT];
    struct suggestion nearest = suggest_for(key);
    size_t count = 0;
    for (size_t i = 0; i < table->count && count < 64; i++) {
        if (!below(&table->specs[i], prefix, names[count]))
            continue;
        if (count > 0 && strcmp(names[count - 1], names[count]) == 0) /* the table keeps an object's options together */
            continue;
        suggest_consider(&nearest, names[count++]);
    }
    if (nearest.best)
        return option_error(place, "there is no such option; did you mean \"%s\"?", nearest.best);
    list_known(known, names, count);
    return option_error(place, "there is no such option; there are: %s", known);
}

static int read_members(const struct option_table *table, void *base, json_t *object, const char *prefix,
                        const struct option_place *place);

static int read_member(const struct option_table *table, void *base, const char *prefix, const char *key, json_t *value,
                       const struct option_place *place) {
    char name[NAME_TEXT], is[OPTION_VALUE_TEXT];
    if ((size_t)snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] ? "." : "", key) >= sizeof name)
        return refuse_unknown(table, prefix, key, place);
    const struct option_spec *spec = strchr(key, '.') ? NULL : option_find(table, name);
    bool holds_more = !strchr(key, '.') && key[0] && is_object(table, name);
    if (holds_more && (json_is_object(value) || !spec))
        return json_is_object(value)
                   ? read_members(table, base, value, name, place)
                   : option_error(place, "%s is not right here; write an object {...}", option_show(value, is));
    return spec ? set_value(spec, base, value, place) : refuse_unknown(table, prefix, key, place);
}

static int read_members(const struct option_table *table, void *base, json_t *object, const char *prefix,
                        const struct option_place *place) {
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        const struct option_place inner = option_member(place, key);
        if (read_member(table, base, prefix, key, value, &inner))
            return -1;
    }
    return 0;
}

int option_read(const struct option_table *table, void *base, json_t *object, const struct option_place *place) {
    char right[OPTION_WANTED_TEXT];
    if (read_members(table, base, object, "", place))
        return -1;
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (spec->preset || json_object_get(object, spec->name))
            continue;
        const struct option_place inner = option_member(place, spec->name);
        return option_error(&inner, "is missing; write %s", option_wanted(spec, place, right));
    }
    return 0;
}

static void done_tables(const struct option_spec *spec, void *base) {
    char *elements;
    size_t *count = option_at(base, spec->count_offset);
    memcpy(&elements, option_at(base, spec->offset), sizeof elements);
    for (size_t i = 0; i < *count; i++)
        option_done(spec->elements, elements + i * spec->elements->size);
    free(elements);
    *count = 0;
    memset(option_at(base, spec->offset), 0, sizeof elements);
}

void option_done(const struct option_table *table, void *base) {
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (spec->kind == OPTION_TEXT) {
            char **text = option_at(base, spec->offset);
            free(*text);
            *text = NULL;
        } else if (spec->kind == OPTION_TEXTS) {
            strlist_done(option_at(base, spec->offset));
        } else if (spec->kind == OPTION_TABLES) {
            done_tables(spec, base);
        }
    }
}

/* Earlier in the text; or at the same place, and longer: "server.pem.key" is not "server.pem". */
static bool is_better(const char *at, const char *path, const char *best_at, const struct option_file *best) {
    return !best || at < best_at || (at == best_at && strlen(path) > strlen(best->path));
}

void option_name_file(const struct option_place *top, const struct option_file *files, size_t count) {
    const struct option_file *best = NULL;
    const char *best_at = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *path = files[i].path, *at = path && *path ? strstr(top->error->text, path) : NULL;
        if (at && is_better(at, path, best_at, best)) {
            best = &files[i];
            best_at = at;
        }
    }
    if (!best)
        return;
    const struct error detail = *top->error;
    const struct option_place inner = option_below(top, best->option);
    option_error(&inner, "%s", detail.text);
}

char *option_resolve_path(const char *text, const char *beside) {
    return beside ? file_beside(beside, text) : strdup(text);
}

char *option_resolve_socket(const char *text, const char *beside) {
    return *text ? option_resolve_path(text, beside) : strdup(text);
}

/* "SCHEMEpath", with the path beside `beside`. */
static char *resolve_behind(const char *text, size_t scheme_length, const char *beside) {
    char *path = file_beside(beside, text + scheme_length);
    size_t size = path ? scheme_length + strlen(path) + 1 : 0;
    char *kept = path ? malloc(size) : NULL;
    if (kept)
        snprintf(kept, size, "%.*s%s", (int)scheme_length, text, path);
    free(path);
    return kept;
}

char *option_resolve_listen(const char *text, const char *beside) {
    static const char scheme[] = "unix:";
    size_t length = sizeof scheme - 1;
    return beside && strncmp(text, scheme, length) == 0 ? resolve_behind(text, length, beside) : strdup(text);
}

/* The name is not looked up: RFC 6761 has it lead nowhere else. */
char *option_resolve_loopback(const char *text, const char *beside) {
    static const char name[] = "localhost:";
    size_t length = sizeof name - 1, size = strlen(text) + 1;
    char *resolved = strncasecmp(text, name, length) == 0 ? malloc(size) : strdup(text);
    (void)beside;
    if (resolved && strncasecmp(text, name, length) == 0)
        snprintf(resolved, size, "127.0.0.1:%s", text + length);
    return resolved;
}

char *option_resolve_log(const char *text, const char *beside) {
    if (log_target_is_file(text))
        return option_resolve_path(text, beside);
    const char *colon = strchr(text, ':');
    return beside && colon ? resolve_behind(text, (size_t)(colon - text) + 1, beside) : strdup(text);
}
