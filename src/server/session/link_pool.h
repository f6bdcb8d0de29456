/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_pool: the idle data links of one agent. The one used last is taken first, so that excess links stay idle and
 * can be closed by their age.
 * Runs on: the control thread. Owns: its array, not the links. Times are clock_us().
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

/* A link has come back from a client; how many do so per second at present. */
void link_pool_note_return(struct link_pool *pool, uint64_t now_us);
unsigned link_pool_returns(struct link_pool *pool, uint64_t now_us);

/* Takes the link that has been idle longest, if it was put here at `before_us` or earlier. */
bool link_pool_take_oldest(struct link_pool *pool, uint64_t before_us, struct link_ref *link);

#endif
