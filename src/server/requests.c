/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * requests: see requests.h. When the batches run out the youngest two become one, with the later end.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/requests.h"

#include <string.h>

static void requests_drop_first(struct requests *requests) {
    requests->used--;
    memmove(&requests->batches[0], &requests->batches[1], requests->used * sizeof requests->batches[0]);
}

void requests_add(struct requests *requests, unsigned count, uint64_t now_us) {
    if (requests->used == REQUESTS_BATCHES) {
        unsigned youngest = --requests->used;
        requests->batches[youngest - 1].count += requests->batches[youngest].count;
        requests->batches[youngest - 1].expires_us = requests->batches[youngest].expires_us;
    }
    requests->batches[requests->used].count = count;
    requests->batches[requests->used].expires_us = now_us + REQUESTS_EXPIRE_MS * 1000ULL;
    requests->used++;
}

void requests_arrived(struct requests *requests) {
    if (!requests->used)
        requests->late.count -= requests->late.count > 0;
    else if (--requests->batches[0].count == 0)
        requests_drop_first(requests);
}

void requests_give_up(struct requests *requests, uint64_t older_than_ms, uint64_t now_us) {
    uint64_t limit_us = now_us + (REQUESTS_EXPIRE_MS - older_than_ms) * 1000;

    while (requests->used && requests->batches[0].expires_us <= limit_us) {
        requests->late.count += requests->batches[0].count;
        requests->late.expires_us = requests->batches[0].expires_us;
        requests_drop_first(requests);
    }
}

unsigned requests_expected(struct requests *requests, uint64_t now_us) {
    unsigned expected = 0;

    requests_give_up(requests, REQUESTS_EXPIRE_MS, now_us);
    for (unsigned i = 0; i < requests->used; i++)
        expected += requests->batches[i].count;
    return expected;
}

unsigned requests_open(struct requests *requests, uint64_t now_us) {
    unsigned expected = requests_expected(requests, now_us);

    if (requests->late.expires_us <= now_us)
        requests->late.count = 0;
    return expected + requests->late.count;
}
