/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * slot_table: items found in constant time by a tag, which is a slot and a generation: the tag of an item that was
 * removed never finds the next item in its slot. Slots are given out round robin, and less than half of them are in
 * use, so that a free one is near.
 * Runs on: any thread, one at a time. Owns: its slots; not the items.
 */
#ifndef MUNNEL_LIB_BASE_SLOT_TABLE_H
#define MUNNEL_LIB_BASE_SLOT_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { SLOT_TABLE_MOST = 1 << 23 };

struct slot_table { /* all zero but `limit` at first */
    size_t limit;   /* of items; SLOT_TABLE_MOST at most */
    size_t count, room, next;
    uint64_t generation;
    struct slot {
        void *item;
        uint64_t tag;
    } * slots;
};

void slot_table_done(struct slot_table *table);

/* A tag for slot_table_put, which takes the slot. Never 0, but for: out of memory, or as many items as the limit. */
uint64_t slot_table_new_tag(struct slot_table *table);
void slot_table_put(struct slot_table *table, uint64_t tag, void *item);
void *slot_table_find(const struct slot_table *table, uint64_t tag); /* NULL: there is none */
void slot_table_remove(struct slot_table *table, uint64_t tag);      /* of an item that is there */

/* The first item from *slot on, and *slot is the one after it; NULL: there is none. */
void *slot_table_next(const struct slot_table *table, size_t *slot);
size_t slot_table_slot_of(uint64_t tag);

#endif
