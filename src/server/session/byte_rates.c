/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * byte_rates: see byte_rates.h. The slot of a second is its number modulo BYTE_RATES_SECONDS.
 */
#include "config.h"

#include "server/session/byte_rates.h"

#include <string.h>

enum { SPAN_MOST_S = 10 }; /* of a report: a thread that was late for longer */

#define A_SECOND_US 1000000ULL

/* Empties the slots of the seconds that have passed since. */
static void advance(struct byte_rates *rates, uint64_t second) {
    if (second >= rates->newest + BYTE_RATES_SECONDS) {
        memset(rates->up, 0, sizeof rates->up);
        memset(rates->down, 0, sizeof rates->down);
        rates->newest = second;
    }
    while (rates->newest < second) {
        rates->newest++;
        rates->up[rates->newest % BYTE_RATES_SECONDS] = 0;
        rates->down[rates->newest % BYTE_RATES_SECONDS] = 0;
    }
}

static void add_to(uint32_t *slot, uint64_t bytes) {
    *slot = bytes < UINT32_MAX - *slot ? *slot + (uint32_t)bytes : UINT32_MAX;
}

static uint64_t share(uint64_t bytes, uint64_t part_us, uint64_t span_us) {
    return (uint64_t)((double)bytes * (double)part_us / (double)span_us);
}

void byte_rates_add(struct byte_rates *rates, const struct session_bytes *bytes) {
    uint64_t from_us = bytes->from_us, until_us = bytes->until_us;

    if (from_us >= until_us)
        from_us = until_us - 1;
    if (until_us - from_us > SPAN_MOST_S * A_SECOND_US)
        from_us = until_us - SPAN_MOST_S * A_SECOND_US;
    advance(rates, (until_us - 1) / A_SECOND_US);
    for (uint64_t at = from_us, end; at < until_us; at = end) {
        size_t slot = at / A_SECOND_US % BYTE_RATES_SECONDS;
        end = (at / A_SECOND_US + 1) * A_SECOND_US;
        if (end > until_us)
            end = until_us;
        add_to(&rates->up[slot], share(bytes->up, end - at, until_us - from_us));
        add_to(&rates->down[slot], share(bytes->down, end - at, until_us - from_us));
    }
}

static double mean(const struct byte_rates *rates, const uint32_t *slots, unsigned seconds, uint64_t now_us) {
    uint64_t last = now_us / A_SECOND_US - BYTE_RATES_DELAY_S, sum = 0;

    for (uint64_t second = last; second > last - seconds; second--)
        if (second <= rates->newest && second + BYTE_RATES_SECONDS > rates->newest)
            sum += slots[second % BYTE_RATES_SECONDS];
    return (double)sum / seconds;
}

double byte_rates_mean_up(const struct byte_rates *rates, unsigned seconds, uint64_t now_us) {
    return mean(rates, rates->up, seconds, now_us);
}

double byte_rates_mean_down(const struct byte_rates *rates, unsigned seconds, uint64_t now_us) {
    return mean(rates, rates->down, seconds, now_us);
}
