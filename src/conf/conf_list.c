/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * conf_list: a growing array of copied strings.
 * Runs on: any thread. Owns: its strings.
 */
#include "config.h"

#include "conf/conf_list.h"

#include <stdlib.h>
#include <string.h>

int conf_list_add(struct conf_list *list, const char *text) {
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

int conf_list_copy(struct conf_list *list, const struct conf_list *from) {
    for (size_t i = 0; i < from->count; i++)
        if (conf_list_add(list, from->items[i]))
            return -1;
    return 0;
}

bool conf_list_has(const struct conf_list *list, const char *text) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

void conf_list_done(struct conf_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct conf_list){NULL, 0};
}
