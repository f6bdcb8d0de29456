/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * number_map: see number_map.h.
 */
#include "config.h"

#include "lib/base/number_map.h"

#include "lib/base/hash.h"

#include <stdlib.h>

enum { ROOM_LEAST = 16, ROOM_FREE = 4 }; /* one in ROOM_FREE places stays free even if memory is out */

static size_t home_of(const struct number_map *map, uint32_t number) {
    return (size_t)hash_mix(number) & (map->room - 1);
}

static size_t next_to(const struct number_map *map, size_t at) {
    return (at + 1) & (map->room - 1);
}

/* Where the number is, or the free place where it would be. The table is never full. */
static size_t place_of(const struct number_map *map, uint32_t number) {
    size_t at = home_of(map, number);
    while (map->entries[at].number != 0 && map->entries[at].number != number)
        at = next_to(map, at);
    return at;
}

static bool resize(struct number_map *map, size_t room) {
    struct number_map grown = {.count = map->count, .room = room, .entries = calloc(room, sizeof *grown.entries)};
    if (!grown.entries)
        return false;
    for (size_t i = 0; i < map->room; i++) {
        if (map->entries[i].number != 0)
            grown.entries[place_of(&grown, map->entries[i].number)] = map->entries[i];
    }
    free(map->entries);
    *map = grown;
    return true;
}

void number_map_clear(struct number_map *map) {
    free(map->entries);
    *map = (struct number_map){0};
}

/* Half full it grows, so that searches stay short; without memory for that it may be fuller for a while. */
static bool has_room(struct number_map *map) {
    return 2 * (map->count + 1) <= map->room || resize(map, map->room ? 2 * map->room : ROOM_LEAST) ||
           map->count + 1 + map->room / ROOM_FREE <= map->room;
}

bool number_map_add(struct number_map *map, uint32_t number, void *object) {
    if (!has_room(map))
        return false;
    map->entries[place_of(map, number)] = (struct number_map_entry){number, object};
    map->count++;
    return true;
}

void *number_map_find(const struct number_map *map, uint32_t number) {
    return map->room ? map->entries[place_of(map, number)].object : NULL;
}

/* May the entry at `from` move to the gap, without its search missing it? Not if its home lies behind the gap. */
static bool may_fill(const struct number_map *map, size_t gap, size_t from) {
    size_t home = home_of(map, map->entries[from].number), mask = map->room - 1;
    return ((from - home) & mask) >= ((from - gap) & mask);
}

static void close_gap(struct number_map *map, size_t gap) {
    for (size_t at = next_to(map, gap); map->entries[at].number != 0; at = next_to(map, at)) {
        if (may_fill(map, gap, at)) {
            map->entries[gap] = map->entries[at];
            gap = at;
        }
    }
    map->entries[gap] = (struct number_map_entry){0, NULL};
}

void *number_map_remove(struct number_map *map, uint32_t number) {
    size_t at = map->room ? place_of(map, number) : 0;
    void *object = map->room ? map->entries[at].object : NULL;
    if (!object)
        return NULL;
    close_gap(map, at);
    map->count--;
    if (map->room > ROOM_LEAST && 8 * map->count < map->room)
        (void)resize(map, map->room / 2); /* out of memory: it stays as large as it is */
    return object;
}
