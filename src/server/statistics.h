/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * statistics: what the server and its services did in each second and minute, taken from what is counted
 * (service_counts.h, plane_counts.h) once a second.
 *
 * A service is known by its name; so one that was changed goes on, and one that was removed is forgotten. The first
 * STATISTICS_SERVICES_MOST have a history of their own, of 90 KB each; all of them are in the server's.
 * Runs on: the control thread. Owns: its histories, a timer.
 */
#ifndef MUNNEL_SERVER_STATISTICS_H
#define MUNNEL_SERVER_STATISTICS_H

#include "relay/service_counts.h"
#include "server/history.h"
#include "server/service/service.h"

enum { STATISTICS_SERVICES_MOST = 128 };

struct event_base;
struct plane;
struct statistics;

struct statistics_options {
    struct event_base *base; /* of the control thread */
    const struct plane *plane;
    const struct service_list *services;
};

struct statistics *statistics_new(const struct statistics_options *options); /* NULL: out of memory */
void statistics_free(struct statistics *statistics);
void statistics_tick(struct statistics *statistics, uint64_t now_us); /* its timer; once in a second counts */
/* Until the middle of the next second: at its edge, a tick that is late would leave out one second, or meet one twice.
 */
uint64_t statistics_wait_us(uint64_t now_us);

const struct history *statistics_server(const struct statistics *statistics);
const struct history *statistics_service(const struct statistics *statistics, const char *name); /* NULL: none */
/* Of the last HISTORY_WINDOW_S seconds, or up to twice as many: which share `q` of a service's clients (name NULL: of
 * all) had to wait at most so long, in microseconds; 0: there were none. */
uint64_t statistics_quantile(const struct statistics *statistics, const char *name, enum service_time which, double q);
/* Of the same time, the datagrams of a service in both directions. False: nothing is known of it. */
struct statistics_datagrams {
    uint64_t count, dropped[DATAGRAM_DROP_COUNT]; /* dropped: of them */
};
bool statistics_datagrams(const struct statistics *statistics, const char *name, struct statistics_datagrams *sum);
/* How late the control thread's loop was; the relay threads' are in plane_counts.h. */
const struct histogram *statistics_lag(const struct statistics *statistics);

#endif
