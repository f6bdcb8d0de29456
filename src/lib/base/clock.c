/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * clock: reads the system's clocks.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/clock.h"

uint64_t clock_us(void) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_ms(void) {
    return clock_us() / 1000;
}

time_t clock_wall(void) {
    return time(NULL);
}
