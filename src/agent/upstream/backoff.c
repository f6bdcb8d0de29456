/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * backoff: see backoff.h.
 */
#include "config.h"

#include "agent/upstream/backoff.h"

enum { DOUBLINGS_MAX = 16 }; /* beyond it a shift would overflow, and every wait is the longest anyway */

void backoff_reset(struct backoff *backoff) {
    backoff->failures = 0;
}

/* Evenly 0 to `most`. */
static unsigned up_to(unsigned most, uint32_t random) {
    return (unsigned)(((uint64_t)most + 1) * random >> 32);
}

unsigned backoff_next(struct backoff *backoff, uint32_t random) {
    unsigned doublings = backoff->failures < DOUBLINGS_MAX ? backoff->failures : DOUBLINGS_MAX;
    uint64_t wait = (uint64_t)backoff->first_ms << doublings;
    unsigned capped = wait < backoff->longest_ms ? (unsigned)wait : backoff->longest_ms;

    if (backoff->failures < DOUBLINGS_MAX)
        backoff->failures++;
    return capped - up_to(doublings == 0 ? capped : capped / 4, random);
}
