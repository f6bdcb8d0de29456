/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pool: see pool.h. An array used as a stack; its bottom is the oldest, since a link that was used goes back on top.
 * Runs on: the control thread. Owns: its array, not the links.
 */
#include "config.h"

#include "server/pool.h"

#include <stdlib.h>
#include <string.h>

enum { TENTH_US = 100000 };

struct pool_entry {
    struct link_ref link;
    uint64_t since_us;
};

struct pool {
    struct pool_entry *entries;
    size_t count, room;
    uint64_t tenth;             /* of a second */
    unsigned in_tenth, returns; /* links that came back, in this tenth and before, a second */
};

struct pool *pool_new(void) {
    return calloc(1, sizeof(struct pool));
}

void pool_free(struct pool *pool) {
    if (!pool)
        return;
    free(pool->entries);
    free(pool);
}

size_t pool_count(const struct pool *pool) {
    return pool->count;
}

static bool pool_grow(struct pool *pool) {
    size_t room = pool->room ? 2 * pool->room : 32;
    struct pool_entry *entries = realloc(pool->entries, room * sizeof *entries);

    if (!entries)
        return false;
    pool->entries = entries;
    pool->room = room;
    return true;
}

bool pool_put(struct pool *pool, struct link_ref link, uint64_t now_us) {
    if (pool->count == pool->room && !pool_grow(pool))
        return false;
    pool->entries[pool->count++] = (struct pool_entry){link, now_us};
    return true;
}

bool pool_take(struct pool *pool, struct link_ref *link) {
    if (!pool->count)
        return false;
    *link = pool->entries[--pool->count].link;
    return true;
}

static void pool_cut(struct pool *pool, size_t at) {
    pool->count--;
    memmove(&pool->entries[at], &pool->entries[at + 1], (pool->count - at) * sizeof *pool->entries);
}

bool pool_remove(struct pool *pool, struct link_ref link) {
    for (size_t i = 0; i < pool->count; i++) {
        if (link_ref_same(pool->entries[i].link, link)) {
            pool_cut(pool, i);
            return true;
        }
    }
    return false;
}

/* With every tenth of a second what was seen before the last one counts for half as much, so that a moment without
 * news means little. */
static void pool_turn_to(struct pool *pool, uint64_t tenth) {
    uint64_t passed = tenth - pool->tenth;

    if (!passed)
        return;
    pool->returns /= 2;
    if (pool->returns < pool->in_tenth)
        pool->returns = pool->in_tenth;
    pool->returns = passed < 32 ? pool->returns >> (passed - 1) : 0;
    pool->in_tenth = 0;
    pool->tenth = tenth;
}

void pool_note_return(struct pool *pool, uint64_t now_us) {
    pool_turn_to(pool, now_us / TENTH_US);
    pool->in_tenth += 10;
}

unsigned pool_returns(struct pool *pool, uint64_t now_us) {
    pool_turn_to(pool, now_us / TENTH_US);
    return pool->in_tenth > pool->returns ? pool->in_tenth : pool->returns;
}

bool pool_take_oldest(struct pool *pool, uint64_t before_us, struct link_ref *link) {
    if (!pool->count || pool->entries[0].since_us > before_us)
        return false;
    *link = pool->entries[0].link;
    pool_cut(pool, 0);
    return true;
}
