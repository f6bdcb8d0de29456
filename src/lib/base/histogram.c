/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * histogram: see histogram.h.
 */
#include "config.h"

#include "lib/base/histogram.h"

enum { LAST = HISTOGRAM_BUCKETS - 1, STEPS_BELOW = 2 /* half units from 0 to the beginning of a decade */ };

unsigned histogram_bucket(uint64_t us) {
    uint64_t from_us = HISTOGRAM_FIRST_US; /* where the decade begins */
    unsigned decade = 0;
    if (us <= HISTOGRAM_FIRST_US)
        return 0;
    while (decade < HISTOGRAM_DECADES && us > 10 * from_us) {
        from_us *= 10;
        decade++;
    }
    if (decade == HISTOGRAM_DECADES)
        return LAST;
    return 1 + decade * HISTOGRAM_PER_DECADE + (unsigned)((us - 1 - from_us) / (from_us / STEPS_BELOW));
}

uint64_t histogram_bound_us(unsigned bucket) {
    uint64_t from_us = HISTOGRAM_FIRST_US;
    if (bucket == 0)
        return HISTOGRAM_FIRST_US;
    if (bucket >= LAST)
        return UINT64_MAX;
    for (unsigned decade = (bucket - 1) / HISTOGRAM_PER_DECADE; decade > 0; decade--)
        from_us *= 10;
    return from_us + ((bucket - 1) % HISTOGRAM_PER_DECADE + 1) * (from_us / STEPS_BELOW);
}

void histogram_add(struct histogram *histogram, uint64_t us) {
    counter_add(&histogram->buckets[histogram_bucket(us)], 1);
    counter_add(&histogram->sum_us, us);
}

void histogram_sum_add(struct histogram_sum *sum, const struct histogram *histogram) {
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t count = counter_read(&histogram->buckets[i]);
        sum->buckets[i] += count;
        sum->count += count;
    }
    sum->sum_us += counter_read(&histogram->sum_us);
}

struct histogram_sum histogram_sum_since(const struct histogram_sum *now, const struct histogram_sum *before) {
    struct histogram_sum since = {.count = now->count - before->count, .sum_us = now->sum_us - before->sum_us};
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        since.buckets[i] = now->buckets[i] - before->buckets[i];
    return since;
}

/* Evenly spread within the bucket. The last one has no bound: its begin is the answer. */
static uint64_t within(unsigned bucket, double share) {
    uint64_t from_us = bucket > 0 ? histogram_bound_us(bucket - 1) : 0;
    uint64_t to_us = bucket < LAST ? histogram_bound_us(bucket) : from_us;
    return from_us + (uint64_t)((double)(to_us - from_us) * share);
}

uint64_t histogram_quantile(const struct histogram_sum *sum, double q) {
    double rank = q * (double)sum->count, before = 0;
    unsigned bucket = 0;
    if (sum->count == 0)
        return 0;
    while (bucket < LAST && (sum->buckets[bucket] == 0 || before + (double)sum->buckets[bucket] < rank))
        before += (double)sum->buckets[bucket++];
    double count = (double)sum->buckets[bucket];
    return within(bucket, count > 0 ? (rank - before) / count : 1);
}
