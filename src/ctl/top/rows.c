/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * rows: see rows.h.
 */
#include "config.h"

#include "ctl/top/rows.h"

#include "ctl/answer.h"
#include "ctl/top/figure.h"
#include "ctl/top/state.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *rows_key(char key[ROWS_KEY], const struct top_table *table, const json_t *item) {
    const json_t *value = json_object_get(item, table->key);

    if (table->key_before) {
        snprintf(key, ROWS_KEY, "%.60s %.60s", answer_text(item, table->key_before, ""),
                 answer_text(item, table->key, ""));
        return key;
    }

    if (json_is_integer(value))
        snprintf(key, ROWS_KEY, "%lld", (long long)json_integer_value(value));
    else
        snprintf(key, ROWS_KEY, "%s", json_is_string(value) ? json_string_value(value) : "");
    return key;
}

void rows_done(struct rows *rows) {
    for (size_t i = 0; i < rows->count; i++)
        json_decref(rows->items[i].item);
    free(rows->items);
    *rows = (struct rows){0};
}

/* ---- the filter ---- */

/* Letters of ASCII alike, whichever case they have. */
static bool contains(const char *text, const char *part) {
    for (; *text; text++) {
        size_t i = 0;
        while (part[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (!part[i])
            return true;
    }
    return !*part;
}

/* A text anywhere in the item. */
static bool has_text(const json_t *item, const char *part) {
    const char *name;
    const json_t *member;
    size_t i;

    if (json_is_string(item))
        return contains(json_string_value(item), part);
    if (json_is_array(item))
        for (i = 0; i < json_array_size(item); i++)
            if (has_text(json_array_get(item, i), part))
                return true;
    if (json_is_object(item))
        json_object_foreach ((json_t *)(uintptr_t)item, name, member)
            if (has_text(member, part))
                return true;
    return false;
}

/* Every word of the filter must be in the item; "agent:web1" looks into that member alone. */
static bool matches(const json_t *item, const char *filter) {
    for (size_t length; *(filter += strspn(filter, " ")); filter += length) {
        char word[ROWS_KEY], *colon;
        length = strcspn(filter, " ");
        snprintf(word, sizeof word, "%.*s", (int)length, filter);
        colon = strchr(word, ':');
        if (colon)
            *colon = '\0';
        const json_t *member = colon ? json_object_get(item, word) : NULL;
        if (colon)
            *colon = ':';
        if (!(member ? has_text(member, colon + 1) : has_text(item, word)))
            return false;
    }
    return true;
}

/* ---- the order ---- */

struct sortable {
    json_t *item;
    size_t index; /* keeps the order of the answer among equal ones */
    double number;
    const char *text;
    bool is_ascending;
};

static double number_of(const json_t *item, const struct rows_order *order) {
    char path[TABLE_PATH];

    if (order->sort->kind == SORT_RATE)
        return answer_number(item, tables_span_path(path, order->sort->path, order->span));
    if (order->sort->kind == SORT_STATE)
        return state_weight(item);
    return order->sort->kind == SORT_NUMBER ? answer_number(item, order->sort->path) : 0;
}

static int compare(const void *left, const void *right) {
    const struct sortable *a = left, *b = right;
    int way = a->is_ascending ? 1 : -1;

    if (a->number < b->number || a->number > b->number)
        return a->number < b->number ? -way : way;
    if (!*a->text != !*b->text) /* what has none comes last, either way */
        return *a->text ? -1 : 1;
    int texts = strcmp(a->text, b->text);
    if (texts)
        return texts < 0 ? -way : way;
    return a->index < b->index ? -1 : 1;
}

static void append(struct rows *rows, json_t *item) {
    rows->items[rows->count++] = (struct row){json_incref(item), false};
}

static bool fill_sorted(struct rows *rows, const json_t *list, const struct rows_order *order) {
    struct sortable *sorted = calloc(json_array_size(list) + 1, sizeof *sorted);
    size_t count = 0;

    for (size_t i = 0; sorted && i < json_array_size(list); i++) {
        json_t *item = json_array_get(list, i);
        if (matches(item, order->filter))
            sorted[count++] =
                (struct sortable){item, i, number_of(item, order),
                                  order->sort->kind == SORT_TEXT ? answer_text(item, order->sort->path, "") : "",
                                  order->sort->is_ascending};
    }
    if (sorted && order->sort->kind != SORT_NONE)
        qsort(sorted, count, sizeof *sorted, compare);
    for (size_t i = 0; i < count; i++)
        append(rows, sorted[i].item);
    free(sorted);
    return sorted;
}

/* ---- held ---- */

/* The items by their keys. */
static json_t *index_of(const json_t *list, const struct top_table *table) {
    json_t *index = json_object();
    char key[ROWS_KEY];

    for (size_t i = 0; i < json_array_size(list); i++)
        json_object_set(index, rows_key(key, table, json_array_get(list, i)), json_array_get(list, i));
    return index;
}

static bool fill_held(struct rows *rows, const struct rows *before, const json_t *list,
                      const struct rows_order *order) {
    json_t *index = index_of(list, order->table);
    char key[ROWS_KEY];

    for (size_t i = 0; i < before->count; i++) {
        json_t *old = before->items[i].item, *new = json_object_get(index, rows_key(key, order->table, old));
        append(rows, new ? new : old);
        rows->items[i].is_gone = !new && !order->table->newest_first; /* events stay what they are */
        json_object_del(index, key);
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *item = json_array_get(list, i);
        if (!json_object_get(index, rows_key(key, order->table, item)) || !matches(item, order->filter))
            continue;
        if (order->table->newest_first)
            rows->waiting++;
        else
            append(rows, item);
    }
    json_decref(index);
    return index;
}

bool rows_update(struct rows *rows, const json_t *list, const struct rows_order *order) {
    size_t most = json_array_size(list) + (order->is_held ? rows->count : 0);
    struct rows next = {.items = calloc(most + 1, sizeof *next.items), .known = json_array_size(list)};

    if (!next.items || !(order->is_held ? fill_held(&next, rows, list, order) : fill_sorted(&next, list, order))) {
        rows_done(&next);
        return false;
    }
    rows_done(rows);
    *rows = next;
    return true;
}
