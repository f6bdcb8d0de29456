/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * rtt: the usual time until an answer comes, by which one is late.
 */
#ifndef MUNNEL_LIB_BASE_RTT_H
#define MUNNEL_LIB_BASE_RTT_H

#include <stdint.h>

enum { RTT_SMOOTHING = 8, RTT_LATE_FACTOR = 3 };

/* The smoothed round-trip time of RFC 6298 after one more measurement; 0: there was none. Never 0. */
static inline uint64_t rtt_smooth(uint64_t srtt_us, uint64_t rtt_us) {
    uint64_t measured_us = rtt_us ? rtt_us : 1;
    uint64_t smoothed_us = srtt_us ? (srtt_us * (RTT_SMOOTHING - 1) + measured_us) / RTT_SMOOTHING : measured_us;
    return smoothed_us ? smoothed_us : 1;
}

/* How long an answer may take: several times as long as usual, and `least_us` at least. */
static inline uint64_t rtt_limit_us(uint64_t srtt_us, uint64_t least_us) {
    uint64_t limit_us = RTT_LATE_FACTOR * srtt_us;
    return limit_us > least_us ? limit_us : least_us;
}

#endif
