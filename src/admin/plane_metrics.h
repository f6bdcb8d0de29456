/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_metrics: the metrics that server and agent have by the same names: of the process, and of the data plane.
 * docs/metrics.md describes each.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_ADMIN_PLANE_METRICS_H
#define MUNNEL_ADMIN_PLANE_METRICS_H

#include "lib/log/log.h"
#include "lib/metrics/metrics.h"

#include <time.h>

struct plane;

void plane_metrics_write_process(struct log *log, time_t started_at, struct metrics *to);
void plane_metrics_write(const struct plane *plane, struct metrics *to); /* its links and streams */
/* control: of the control thread's loop. */
void plane_metrics_write_lag(const struct plane *plane, const struct histogram *control, struct metrics *to);

#endif
