/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * history: numbers of the server and of its services by the second for HISTORY_SECONDS, and by the minute for
 * HISTORY_MINUTES, kept in the process.
 *
 * Fixed memory: a server's has HISTORY_SERVER_SERIES, a service's HISTORY_SERVICE_SERIES; in all about 130 KB, and 70
 * KB for each service. Values are 32 bits wide and stop at the most that these hold. Runs on: the control thread. Owns:
 * its rings.
 */
#ifndef MUNNEL_SERVER_HISTORY_H
#define MUNNEL_SERVER_HISTORY_H

#include "lib/base/histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HISTORY_SECONDS = 600,
    HISTORY_MINUTES = 24 * 60,
    HISTORY_WINDOW_S = 300 /* quantiles are of the last one to two of these */
};

/* SERIES(name, how a minute is made of its seconds); the first ones are also those of each service. */
#define HISTORY_SERIES_OF(S)                                                                                           \
    S(IN, SUM)  /* kilobytes of 1000 bytes, from clients to destinations */                                            \
    S(OUT, SUM) /* and back */                                                                                         \
    S(NEW, SUM) /* clients that were accepted */                                                                       \
    S(REFUSED, SUM)                                                                                                    \
    S(FAILED, SUM) /* clients that ended without having reached their destination */                                   \
    S(RELAYS, MOST)                                                                                                    \
    S(WAITING, MOST)  /* clients */                                                                                    \
    S(DATAGRAMS, SUM) /* of UDP services, in both directions, with those that were dropped */                          \
    S(DROPPED, SUM)   /* of these */                                                                                   \
    S(WAIT_P50, MOST) /* microseconds, as all that follow */                                                           \
    S(WAIT_P99, MOST)                                                                                                  \
    S(DIAL_P50, MOST)                                                                                                  \
    S(DIAL_P99, MOST)                                                                                                  \
    S(FIRST_BYTE_P50, MOST)                                                                                            \
    S(FIRST_BYTE_P99, MOST)                                                                                            \
    S(LAG, MOST) /* the longest of all loops */

enum history_series {
#define HISTORY_SERIES_ENUM(name, how) HISTORY_##name,
    HISTORY_SERIES_OF(HISTORY_SERIES_ENUM)
#undef HISTORY_SERIES_ENUM
        HISTORY_SERVER_SERIES,
    HISTORY_SERVICE_SERIES = HISTORY_WAIT_P50
};

struct history;

/* series: HISTORY_SERVER_SERIES or HISTORY_SERVICE_SERIES. NULL: out of memory. */
struct history *history_new(unsigned series);
void history_free(struct history *history);

/* One value of each series for a second that is over. second: of the monotonic clock, growing; seconds that are left
 * out are gaps. */
void history_add(struct history *history, uint64_t second, const uint64_t *values);

enum { HISTORY_GAP = -1 };
/* The newest `count` values (HISTORY_SECONDS or HISTORY_MINUTES at most), oldest first, HISTORY_GAP where there is
 * none. *until: the second, or the minute, of the last one. */
void history_seconds(const struct history *history, enum history_series series, int64_t *values, size_t count,
                     uint64_t *until);
void history_minutes(const struct history *history, enum history_series series, int64_t *values, size_t count,
                     uint64_t *until);

/* How many seconds of the newest minute are over: 1 to 60, of which its sums are. */
unsigned history_newest_minute_s(const struct history *history);

/* Of a series that is summed up: what came in a second, as the mean of the last `seconds` (1, 10, 60) of which
 * something is known. */
double history_rate(const struct history *history, enum history_series series, unsigned seconds);
uint64_t history_peak(const struct history *history, enum history_series series); /* the highest of 24 hours */

#endif
