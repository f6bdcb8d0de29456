/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * number_map: objects by a 32-bit number other than 0. Open addressing with linear probing; removal closes the gap, so
 * that there are no tombstones to search past.
 * Runs on: any thread, one at a time. Owns: its table, not the objects.
 */
#ifndef MUNNEL_LIB_BASE_NUMBER_MAP_H
#define MUNNEL_LIB_BASE_NUMBER_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct number_map { /* all zero at first */
    size_t count, room;
    struct number_map_entry {
        uint32_t number; /* 0: free */
        void *object;
    } * entries;
};

void number_map_clear(struct number_map *map); /* all zero again */
/* The number is not in the map. False: out of memory, and nothing was added. */
bool number_map_add(struct number_map *map, uint32_t number, void *object);
void *number_map_find(const struct number_map *map, uint32_t number); /* NULL: not there */
void *number_map_remove(struct number_map *map, uint32_t number);     /* the object; NULL: it was not there */

#endif
