/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_orders: how many data links an agent was ordered to dial that have not arrived yet; an order expires.
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
    struct link_order_batch late; /* given up, but may still arrive */
};

void link_orders_add(struct link_orders *orders, unsigned count, uint64_t now_us);
/* One link arrived: it counts for the oldest order that was not given up. */
void link_orders_arrived(struct link_orders *orders);
unsigned link_orders_acceptable(struct link_orders *orders, uint64_t now_us); /* still accepted */
unsigned link_orders_expected(struct link_orders *orders, uint64_t now_us);   /* not given up */
/* Stops expecting links ordered this long ago, so that others are ordered; they are accepted until they expire. */
void link_orders_give_up(struct link_orders *orders, uint64_t older_than_ms, uint64_t now_us);

#endif
