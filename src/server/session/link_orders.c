/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_orders: see link_orders.h. When the batches run out the newest two are merged and expire with the later one.
 */
#include "config.h"

#include "server/session/link_orders.h"

#include <string.h>

static void drop_first(struct link_orders *orders) {
    orders->used--;
    memmove(&orders->batches[0], &orders->batches[1], orders->used * sizeof orders->batches[0]);
}

void link_orders_add(struct link_orders *orders, unsigned count, uint64_t now_us) {
    if (orders->used == LINK_ORDERS_BATCHES) {
        unsigned newest = --orders->used;
        orders->batches[newest - 1].count += orders->batches[newest].count;
        orders->batches[newest - 1].expires_us = orders->batches[newest].expires_us;
    }
    orders->batches[orders->used].count = count;
    orders->batches[orders->used].expires_us = now_us + LINK_ORDERS_EXPIRE_MS * 1000ULL;
    orders->used++;
}

void link_orders_arrived(struct link_orders *orders) {
    if (!orders->used)
        orders->late.count -= orders->late.count > 0;
    else if (--orders->batches[0].count == 0)
        drop_first(orders);
}

void link_orders_give_up(struct link_orders *orders, uint64_t older_than_ms, uint64_t now_us) {
    uint64_t limit_us = now_us + (LINK_ORDERS_EXPIRE_MS - older_than_ms) * 1000;

    while (orders->used && orders->batches[0].expires_us <= limit_us) {
        orders->late.count += orders->batches[0].count;
        orders->late.expires_us = orders->batches[0].expires_us;
        drop_first(orders);
    }
}

unsigned link_orders_expected(struct link_orders *orders, uint64_t now_us) {
    unsigned expected = 0;

    link_orders_give_up(orders, LINK_ORDERS_EXPIRE_MS, now_us);
    for (unsigned i = 0; i < orders->used; i++)
        expected += orders->batches[i].count;
    return expected;
}

unsigned link_orders_acceptable(struct link_orders *orders, uint64_t now_us) {
    unsigned expected = link_orders_expected(orders, now_us);

    if (orders->late.expires_us <= now_us)
        orders->late.count = 0;
    return expected + orders->late.count;
}
