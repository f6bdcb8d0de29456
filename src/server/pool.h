/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pool: the idle data links of one agent; the one that was used last is taken first, so that what is too many ages.
 * Runs on: the control thread. Owns: its array. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_POOL_H
#define MUNNEL_SERVER_POOL_H

#include "relay/relay_msg.h"

struct pool;

struct pool *pool_new(void); /* NULL when out of memory */
void pool_free(struct pool *pool);
size_t pool_count(const struct pool *pool);
bool pool_put(struct pool *pool, struct link_ref link, uint64_t now_us); /* false: out of memory */
bool pool_take(struct pool *pool, struct link_ref *link);                /* false: empty */
bool pool_remove(struct pool *pool, struct link_ref link);               /* false: not here */

/* Links that came back from a client, and how many of them a second do at present. */
void pool_note_return(struct pool *pool, uint64_t now_us);
unsigned pool_returns(struct pool *pool, uint64_t now_us);

/* Takes the link that has been idle longest, if it was put here no later than `before_us`. */
bool pool_take_oldest(struct pool *pool, uint64_t before_us, struct link_ref *link);

#endif
