/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_metrics: all metrics of the server, for Prometheus and for the API. docs/metrics.md describes each.
 *
 * Labels are services and groups, which the configuration names, and fixed words; never a client's address.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SERVER_METRICS_H
#define MUNNEL_SERVER_SERVER_METRICS_H

#include "lib/metrics/metrics.h"

struct server;
struct service_list;

void server_metrics_write(const struct server *server, struct metrics *to);
void service_metrics_write(const struct service_list *services, struct metrics *to); /* a part of it */

#endif
