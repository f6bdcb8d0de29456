/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * rows: the rows of a table out of an answer: those that match the filter, sorted; or in the places that they had.
 *
 * While the order is held, a row keeps its place: its numbers change, one that is not in the answer any more stays as
 * it was and is marked, and new ones come at the end (of events: not at all, but are counted).
 * Runs on: any thread, one at a time. Owns: references to the items.
 */
#ifndef MUNNEL_CTL_TOP_ROWS_H
#define MUNNEL_CTL_TOP_ROWS_H

#include "ctl/top/tables.h"

enum { ROWS_KEY = 128 };

struct row {
    json_t *item;
    bool is_gone; /* not in the last answer */
};

struct rows {
    struct row *items;
    size_t count;
    size_t known;   /* items of the last answer, whether they match or not */
    size_t waiting; /* new events that the held order keeps out */
};

struct rows_order {
    const struct top_table *table;
    const struct sort *sort;
    enum table_span span;
    const char *filter; /* "": all match */
    bool is_held;
};

/* Takes the list of an answer over into the rows. False: out of memory, and the rows are as before. */
bool rows_update(struct rows *rows, const json_t *list, const struct rows_order *order);
void rows_done(struct rows *rows); /* empty again */

/* The key of an item, as it stands in a path of the API. */
const char *rows_key(char key[ROWS_KEY], const struct top_table *table, const json_t *item);

#endif
