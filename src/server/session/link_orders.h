/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_orders: how many data links an agent has been asked to dial and has not brought yet; a request is void in time.
 * Runs on: the control thread. Owns: nothing. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_SESSION_LINK_ORDERS_H
#define MUNNEL_SERVER_SESSION_LINK_ORDERS_H

#include <stdint.h>

enum { LINK_ORDERS_BATCHES = 16, LINK_ORDERS_EXPIRE_MS = 10000 };

struct link_order_batch {
    unsigned count;
    uint64_t expires_us;
};

struct link_orders {                                      /* all zero at first */
    struct link_order_batch batches[LINK_ORDERS_BATCHES]; /* the oldest first */
    unsigned used;
    struct link_order_batch late; /* those that were given up */
};

void link_orders_add(struct link_orders *requests, unsigned count, uint64_t now_us);
void link_orders_arrived(struct link_orders *requests); /* one link came: it answers the oldest that was not given up */
unsigned link_orders_open(struct link_orders *requests, uint64_t now_us);     /* so many may come */
unsigned link_orders_expected(struct link_orders *requests, uint64_t now_us); /* so many are counted on */
/* Counts no more on what was asked for so long ago; it may come nevertheless. */
void link_orders_give_up(struct link_orders *requests, uint64_t older_than_ms, uint64_t now_us);

#endif
