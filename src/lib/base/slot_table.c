/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * slot_table: see slot_table.h.
 */
#include "config.h"

#include "lib/base/slot_table.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_AT_FIRST = 64, SLOT_BITS = 24 };

static_assert(2 * SLOT_TABLE_MOST <= 1 << SLOT_BITS, "a tag holds the number of a slot");

void slot_table_done(struct slot_table *table) {
    free(table->slots);
    *table = (struct slot_table){.limit = table->limit};
}

/* The next items go to the new slots: the old ones were used more recently. */
static bool grow(struct slot_table *table) {
    size_t room = table->room ? 2 * table->room : ROOM_AT_FIRST;
    struct slot *slots = realloc(table->slots, room * sizeof *slots);

    if (!slots)
        return false;
    memset(slots + table->room, 0, (room - table->room) * sizeof *slots);
    table->slots = slots;
    table->next = table->room;
    table->room = room;
    return true;
}

uint64_t slot_table_new_tag(struct slot_table *table) {
    if (table->count >= table->limit || (2 * table->count >= table->room && !grow(table)))
        return 0;
    while (table->slots[table->next].item)
        table->next = (table->next + 1) % table->room;
    return ++table->generation << SLOT_BITS | table->next;
}

void slot_table_put(struct slot_table *table, uint64_t tag, void *item) {
    size_t slot = slot_table_slot_of(tag);

    assert(item && slot < table->room && !table->slots[slot].item);
    table->slots[slot] = (struct slot){item, tag};
    table->next = (slot + 1) % table->room;
    table->count++;
}

void *slot_table_find(const struct slot_table *table, uint64_t tag) {
    size_t slot = slot_table_slot_of(tag);

    return slot < table->room && table->slots[slot].tag == tag ? table->slots[slot].item : NULL;
}

void slot_table_remove(struct slot_table *table, uint64_t tag) {
    assert(slot_table_find(table, tag));
    table->slots[slot_table_slot_of(tag)] = (struct slot){0};
    table->count--;
}

void *slot_table_next(const struct slot_table *table, size_t *slot) {
    while (*slot < table->room) {
        void *item = table->slots[(*slot)++].item;
        if (item)
            return item;
    }
    return NULL;
}

size_t slot_table_slot_of(uint64_t tag) {
    return tag & ((1U << SLOT_BITS) - 1);
}
