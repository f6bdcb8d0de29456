/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * process_stats: what this process uses of its machine.
 * Runs on: any thread. Owns: nothing. One .c per system behind it.
 */
#ifndef MUNNEL_LIB_OS_PROCESS_STATS_H
#define MUNNEL_LIB_OS_PROCESS_STATS_H

#include <stdint.h>

struct process_stats {
    uint64_t cpu_us;                         /* user and system time of all threads, since the start */
    uint64_t resident_bytes, virtual_bytes;  /* 0: this system does not report it */
    uint64_t descriptors, descriptors_limit; /* open ones; UINT64_MAX: no limit */
};

void process_stats_read(struct process_stats *stats);

#endif
