/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * strlist: a growing array of copied strings.
 * Runs on: any thread. Owns: its strings.
 */
#include "config.h"

#include "lib/base/strlist.h"

#include <stdlib.h>
#include <string.h>

int strlist_add(struct strlist *list, const char *text) {
    char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items)
        return -1;
    list->items = items;
    items[list->count] = strdup(text);
    if (!items[list->count])
        return -1;
    list->count++;
    return 0;
}

int strlist_copy(struct strlist *list, const struct strlist *from) {
    for (size_t i = 0; i < from->count; i++)
        if (strlist_add(list, from->items[i]))
            return -1;
    return 0;
}

bool strlist_has(const struct strlist *list, const char *text) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

bool strlist_same(const struct strlist *a, const struct strlist *b) {
    size_t i = 0;
    while (i < a->count && i < b->count && strcmp(a->items[i], b->items[i]) == 0)
        i++;
    return i == a->count && i == b->count;
}

void strlist_done(struct strlist *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct strlist){NULL, 0};
}
