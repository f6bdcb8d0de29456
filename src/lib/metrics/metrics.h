/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * metrics: families of numbers with labels, written as Prometheus's text format 0.0.4.
 *
 *     metrics_family(to, "munnel_relays", METRIC_GAUGE, "Relays that there are.");
 *     metrics_value(to, METRIC_LABELS(METRIC_LABEL("service", name)), 3);
 *
 *     # HELP munnel_relays Relays that there are.
 *     # TYPE munnel_relays gauge
 *     munnel_relays{service="WinVNC"} 3
 *
 * Names and labels follow Prometheus's conventions: base units, _total for what only grows. Values of labels may be any
 * text. Running out of memory, or of METRICS_MOST bytes, makes the whole answer fail, and never half of it be taken.
 * Runs on: one thread. Owns: what it has written.
 */
#ifndef MUNNEL_LIB_METRICS_METRICS_H
#define MUNNEL_LIB_METRICS_METRICS_H

#include "lib/base/histogram.h"

#include <stdbool.h>
#include <stddef.h>

enum { METRICS_MOST = 16 * 1024 * 1024 };

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_label {
    const char *name, *value; /* name NULL: the end */
};
#define METRIC_LABEL(name, value) ((struct metric_label){(name), (value)})
#define METRIC_LABELS(...)        ((const struct metric_label[]){__VA_ARGS__, {NULL, NULL}})
#define METRIC_NO_LABELS          ((const struct metric_label *)NULL)

/* Bounds of a histogram's buckets, in microseconds, growing: bounds of histogram.h. */
struct metric_bounds {
    const uint64_t *us;
    size_t count;
};
extern const struct metric_bounds metric_bounds_latency;  /* 1 ms to 100 s: 1, 2.5, 5 of each decade */
extern const struct metric_bounds metric_bounds_duration; /* 10 ms to 100,000 s: 1 and 5 of each decade */

struct metrics;

struct metrics *metrics_new(void); /* NULL: out of memory */
void metrics_free(struct metrics *metrics);

/* Of the samples that follow, of one name without a gap. Texts are the program's own. */
void metrics_family(struct metrics *to, const char *name, enum metric_type type, const char *help);
void metrics_value(struct metrics *to, const struct metric_label *labels, uint64_t value);
void metrics_real(struct metrics *to, const struct metric_label *labels, double value); /* seconds, mostly */
void metrics_histogram(struct metrics *to, const struct metric_label *labels, const struct metric_bounds *bounds,
                       const struct histogram_sum *sum);

/* What was written. NULL: it failed. The text is terminated, stays the metrics' own, and has *length bytes. */
const char *metrics_take_text(struct metrics *metrics, size_t *length);

#endif
