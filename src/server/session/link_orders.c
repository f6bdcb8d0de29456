/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_orders: see link_orders.h. When the batches run out the youngest two become one, with the later end.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/session/link_orders.h"

#include <string.h>

static void requests_drop_first(struct link_orders *requests) {
    requests->used--;
    memmove(&requests->batches[0], &requests->batches[1], requests->used * sizeof requests->batches[0]);
}

void link_orders_add(struct link_orders *requests, unsigned count, uint64_t now_us) {
    if (requests->used == LINK_ORDERS_BATCHES) {
        unsigned youngest = --requests->used;
        requests->batches[youngest - 1].count += requests->batches[youngest].count;
        requests->batches[youngest - 1].expires_us = requests->batches[youngest].expires_us;
    }
    requests->batches[requests->used].count = count;
    requests->batches[requests->used].expires_us = now_us + LINK_ORDERS_EXPIRE_MS * 1000ULL;
    requests->used++;
}

void link_orders_arrived(struct link_orders *requests) {
    if (!requests->used)
        requests->late.count -= requests->late.count > 0;
    else if (--requests->batches[0].count == 0)
        requests_drop_first(requests);
}

void link_orders_give_up(struct link_orders *requests, uint64_t older_than_ms, uint64_t now_us) {
    uint64_t limit_us = now_us + (LINK_ORDERS_EXPIRE_MS - older_than_ms) * 1000;

    while (requests->used && requests->batches[0].expires_us <= limit_us) {
        requests->late.count += requests->batches[0].count;
        requests->late.expires_us = requests->batches[0].expires_us;
        requests_drop_first(requests);
    }
}

unsigned link_orders_expected(struct link_orders *requests, uint64_t now_us) {
    unsigned expected = 0;

    link_orders_give_up(requests, LINK_ORDERS_EXPIRE_MS, now_us);
    for (unsigned i = 0; i < requests->used; i++)
        expected += requests->batches[i].count;
    return expected;
}

unsigned link_orders_open(struct link_orders *requests, uint64_t now_us) {
    unsigned expected = link_orders_expected(requests, now_us);

    if (requests->late.expires_us <= now_us)
        requests->late.count = 0;
    return expected + requests->late.count;
}
