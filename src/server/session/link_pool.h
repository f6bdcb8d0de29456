/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_pool: the idle data links of one agent; the one that was used last is taken first, so that what is too many
 * ages. Runs on: the control thread. Owns: its array. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_SESSION_LINK_POOL_H
#define MUNNEL_SERVER_SESSION_LINK_POOL_H

#include "relay/plane.h"

struct link_pool;

struct link_pool *link_pool_new(void); /* NULL when out of memory */
void link_pool_free(struct link_pool *pool);
size_t link_pool_count(const struct link_pool *pool);
bool link_pool_put(struct link_pool *pool, struct link_ref link, uint64_t now_us); /* false: out of memory */
bool link_pool_take(struct link_pool *pool, struct link_ref *link);                /* false: empty */
bool link_pool_remove(struct link_pool *pool, struct link_ref link);               /* false: not here */

/* Links that came back from a client, and how many of them a second do at present. */
void link_pool_note_return(struct link_pool *pool, uint64_t now_us);
unsigned link_pool_returns(struct link_pool *pool, uint64_t now_us);

/* Takes the link that has been idle longest, if it was put here no later than `before_us`. */
bool link_pool_take_oldest(struct link_pool *pool, uint64_t before_us, struct link_ref *link);

#endif
