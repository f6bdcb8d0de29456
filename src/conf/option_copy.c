/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * option_copy: what an option table fills, once more; see option.h. Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "conf/option_priv.h"

#include <stdlib.h>
#include <string.h>

static int copy_tables(const struct option_spec *spec, void *to, const void *from) {
    const char *elements;
    size_t count, size = spec->elements->size;
    memcpy(&elements, (const char *)from + spec->offset, sizeof elements);
    memcpy(&count, (const char *)from + spec->count_offset, sizeof count);
    char *copies = count ? calloc(count, size) : NULL;
    if (!copies)
        return count ? -1 : 0;
    memcpy(option_at(to, spec->offset), &copies, sizeof copies);
    memcpy(option_at(to, spec->count_offset), &count, sizeof count);
    for (size_t i = 0; i < count; i++)
        if (option_copy(spec->elements, copies + i * size, elements + i * size))
            return -1;
    return 0;
}

static int copy_text(const struct option_spec *spec, void *to, const void *from) {
    char *text;
    memcpy(&text, (const char *)from + spec->offset, sizeof text);
    char *copy = text ? strdup(text) : NULL;
    memcpy(option_at(to, spec->offset), &copy, sizeof copy);
    return copy || !text ? 0 : -1;
}

static int copy_one(const struct option_spec *spec, void *to, const void *from) {
    const void *value = (const char *)from + spec->offset;
    switch (spec->kind) {
    case OPTION_TEXT:
        return copy_text(spec, to, from);
    case OPTION_TEXTS:
        return strlist_copy(option_at(to, spec->offset), value);
    case OPTION_TABLES:
        return copy_tables(spec, to, from);
    case OPTION_FLAG:
    case OPTION_WORD:
        memcpy(option_at(to, spec->offset), value, sizeof(bool));
        return 0;
    case OPTION_NUMBER:
    case OPTION_SIZE:
    case OPTION_CHOICE:
        memcpy(option_at(to, spec->offset), value, sizeof(unsigned));
    }
    return 0;
}

int option_copy(const struct option_table *table, void *to, const void *from) {
    for (size_t i = 0; i < table->count; i++)
        if (copy_one(&table->specs[i], to, from))
            return -1;
    return 0;
}
