/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * option_json: what a struct holds that was filled by a table, as JSON.
 * Runs on: the control thread or a tool. Owns: nothing; the JSON goes to the caller.
 */
#include "config.h"

#include "conf/option_priv.h"

#include <string.h>

static json_t *text_json(const struct option_spec *spec, const void *base) {
    const char *text;
    memcpy(&text, (const char *)base + spec->offset, sizeof text);
    return text ? json_string(text) : json_null();
}

static json_t *texts_json(const struct option_spec *spec, const void *base) {
    const struct strlist *list = (const void *)((const char *)base + spec->offset);
    json_t *json = json_array();
    for (size_t i = 0; i < list->count; i++) {
        if (json_array_append_new(json, json_string(list->items[i]))) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}

static json_t *number_json(const struct option_spec *spec, const void *base) {
    unsigned number;
    memcpy(&number, (const char *)base + spec->offset, sizeof number);
    return spec->kind == OPTION_CHOICE ? json_string(spec->words[number]) : json_integer(number);
}

static json_t *flag_json(const struct option_spec *spec, const void *base) {
    bool is_set;
    memcpy(&is_set, (const char *)base + spec->offset, sizeof is_set);
    return json_boolean(is_set);
}

static json_t *word_json(const struct option_spec *spec, const void *base) {
    bool is_set;
    memcpy(&is_set, (const char *)base + spec->offset, sizeof is_set);
    return is_set ? json_string(spec->words[0]) : json_null();
}

static json_t *tables_json(const struct option_spec *spec, const void *base) {
    const char *elements;
    size_t count;
    memcpy(&elements, (const char *)base + spec->offset, sizeof elements);
    memcpy(&count, (const char *)base + spec->count_offset, sizeof count);
    json_t *json = json_array();
    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(json, option_json(spec->elements, elements + i * spec->elements->size))) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}

json_t *option_value_json(const struct option_spec *spec, const void *base) {
    static json_t *(*const makers[])(const struct option_spec *, const void *) = {
        [OPTION_TEXT] = text_json,   [OPTION_TEXTS] = texts_json,   [OPTION_NUMBER] = number_json,
        [OPTION_SIZE] = number_json, [OPTION_CHOICE] = number_json, [OPTION_FLAG] = flag_json,
        [OPTION_WORD] = word_json,   [OPTION_TABLES] = tables_json,
    };
    return makers[spec->kind](spec, base);
}

json_t *option_json(const struct option_table *table, const void *base) {
    json_t *json = json_object();
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (json_object_set_new(json, spec->name, option_value_json(spec, base))) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}
