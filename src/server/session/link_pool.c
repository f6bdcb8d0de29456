/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_pool: see link_pool.h. An array used as a stack: a used link is put back on top, so the bottom has been idle
 * longest.
 */
#include "config.h"

#include "server/session/link_pool.h"

#include <stdlib.h>
#include <string.h>

enum { TENTH_US = 100000 };

struct pool_entry {
    struct link_ref link;
    uint64_t since_us;
};

struct link_pool {
    struct pool_entry *entries;
    size_t count, room;
    uint64_t tenth;    /* of a second, since the clock's start */
    unsigned in_tenth; /* links returned in this tenth, per second */
    unsigned returns;  /* per second, before this tenth: a decaying peak */
};

struct link_pool *link_pool_new(void) {
    return calloc(1, sizeof(struct link_pool));
}

void link_pool_free(struct link_pool *pool) {
    if (!pool)
        return;
    free(pool->entries);
    free(pool);
}

size_t link_pool_count(const struct link_pool *pool) {
    return pool->count;
}

static bool grow(struct link_pool *pool) {
    size_t room = pool->room ? 2 * pool->room : 32;
    struct pool_entry *entries = realloc(pool->entries, room * sizeof *entries);

    if (!entries)
        return false;
    pool->entries = entries;
    pool->room = room;
    return true;
}

bool link_pool_put(struct link_pool *pool, struct link_ref link, uint64_t now_us) {
    if (pool->count == pool->room && !grow(pool))
        return false;
    pool->entries[pool->count++] = (struct pool_entry){link, now_us};
    return true;
}

bool link_pool_take(struct link_pool *pool, struct link_ref *link) {
    if (!pool->count)
        return false;
    *link = pool->entries[--pool->count].link;
    return true;
}

static void remove_at(struct link_pool *pool, size_t at) {
    pool->count--;
    memmove(&pool->entries[at], &pool->entries[at + 1], (pool->count - at) * sizeof *pool->entries);
}

bool link_pool_remove(struct link_pool *pool, struct link_ref link) {
    for (size_t i = 0; i < pool->count; i++) {
        if (link_ref_same(pool->entries[i].link, link)) {
            remove_at(pool, i);
            return true;
        }
    }
    return false;
}

/* Halves the rate with each tenth of a second instead of dropping it, so that one tenth without a return means little.
 */
static void advance(struct link_pool *pool, uint64_t tenth) {
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

void link_pool_note_return(struct link_pool *pool, uint64_t now_us) {
    advance(pool, now_us / TENTH_US);
    pool->in_tenth += 10;
}

unsigned link_pool_returns(struct link_pool *pool, uint64_t now_us) {
    advance(pool, now_us / TENTH_US);
    return pool->in_tenth > pool->returns ? pool->in_tenth : pool->returns;
}

bool link_pool_take_oldest(struct link_pool *pool, uint64_t before_us, struct link_ref *link) {
    if (!pool->count || pool->entries[0].since_us > before_us)
        return false;
    *link = pool->entries[0].link;
    remove_at(pool, 0);
    return true;
}
