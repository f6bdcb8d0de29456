/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_metrics: the metrics of the administration itself. docs/metrics.md describes each.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_ADMIN_HTTP_METRICS_H
#define MUNNEL_ADMIN_HTTP_METRICS_H

#include "lib/metrics/metrics.h"

struct http_counts;

void http_metrics_write(const struct http_counts *counts, struct metrics *to);

#endif
