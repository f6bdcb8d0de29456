/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * clock: monotonic time, which no change of the date can move; and the date, for what expires.
 * Runs on: any thread.
 */
#ifndef MUNNEL_LIB_BASE_CLOCK_H
#define MUNNEL_LIB_BASE_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

uint64_t clock_us(void); /* microseconds since some fixed moment */
uint64_t clock_ms(void); /* the same in milliseconds */
time_t clock_wall(void); /* the date, in seconds since 1970; may jump in either direction */

/* For event_add(). The types of its members differ by system, and may be too narrow for 64 bits. */
struct timeval clock_timeval(uint64_t us);

#endif
