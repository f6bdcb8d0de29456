/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * process_stats: see process_stats.h. Memory by /proc/self/statm, which Linux has.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/os/process_stats.h"

#include "lib/os/fd_count.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t microseconds(const struct timeval *time) {
    return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

static void read_memory(struct process_stats *stats) {
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long size = 0, resident = 0, page = (unsigned long)sysconf(_SC_PAGESIZE);

    if (!file)
        return;
    if (fscanf(file, "%lu %lu", &size, &resident) == 2) {
        stats->virtual_bytes = size * page;
        stats->resident_bytes = resident * page;
    }
    fclose(file);
}

void process_stats_read(struct process_stats *stats) {
    struct rusage usage;
    struct rlimit limit;

    *stats = (struct process_stats){.descriptors = (uint64_t)fd_count(), .descriptors_limit = UINT64_MAX};
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        stats->cpu_us = microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        stats->descriptors_limit = limit.rlim_cur;
    read_memory(stats);
}
