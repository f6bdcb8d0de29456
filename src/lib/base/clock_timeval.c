/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * clock_timeval: see clock.h. Apart from the clocks, in whose place tests put some of their own.
 */
#include "config.h"

#include "lib/base/clock.h"

struct timeval clock_timeval(uint64_t us) {
    uint64_t seconds = us / 1000000;
    return (struct timeval){.tv_sec = seconds < INT32_MAX ? (int32_t)seconds : INT32_MAX,
                            .tv_usec = (int)(us % 1000000)};
}
