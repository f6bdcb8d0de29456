/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * histogram: how often times of which length were measured, in log-linear buckets with fixed bounds.
 *
 * From 100 microseconds on each decade has 18 buckets of equal width: up to 150, 200, 250 ... 950, 1000 microseconds,
 * then up to 1.5, 2, 2.5 ... 10 milliseconds, and so on to 100,000 seconds; the first bucket has all below, the last
 * one all above. The bounds are inclusive. A quantile is wrong by the width of its bucket at most, and the buckets
 * 1, 2.5, 5 and 10 of each decade add up to Prometheus's classic ones. Runs on: histogram_add on the owner's thread, as
 * counter.h has it; the rest on any. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_HISTOGRAM_H
#define MUNNEL_LIB_BASE_HISTOGRAM_H

#include "lib/base/counter.h"

enum {
    HISTOGRAM_FIRST_US = 100,
    HISTOGRAM_DECADES = 9,
    HISTOGRAM_PER_DECADE = 18,
    HISTOGRAM_BUCKETS = HISTOGRAM_DECADES * HISTOGRAM_PER_DECADE + 2
};

struct histogram { /* all zero at first */
    counter buckets[HISTOGRAM_BUCKETS];
    counter sum_us;
};

void histogram_add(struct histogram *histogram, uint64_t us);

/* The sum of several histograms; or what came in a time, the difference of two such sums. */
struct histogram_sum { /* all zero at first */
    uint64_t buckets[HISTOGRAM_BUCKETS];
    uint64_t count, sum_us;
};

void histogram_sum_add(struct histogram_sum *sum, const struct histogram *histogram);
/* What has come since `before`, an earlier sum of the same histograms. */
struct histogram_sum histogram_sum_since(const struct histogram_sum *now, const struct histogram_sum *before);
/* Of those that were measured, the share `q` (0 to 1) took at most so long, in microseconds; 0: none was measured. */
uint64_t histogram_quantile(const struct histogram_sum *sum, double q);
unsigned histogram_bucket(uint64_t us);
uint64_t histogram_bound_us(unsigned bucket); /* inclusive; UINT64_MAX for the last one */

#endif
