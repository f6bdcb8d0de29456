/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* process_stats_windows: see process_stats.h. Handles have no limit but memory. */
#include "config.h"

#include "lib/os/process_stats.h"

#include "lib/os/fd_count.h"

#include <windows.h>

#include <psapi.h>

enum { FILETIMES_PER_US = 10 };

static uint64_t microseconds(const FILETIME *time) {
    return (((uint64_t)time->dwHighDateTime << 32) | time->dwLowDateTime) / FILETIMES_PER_US;
}

void process_stats_read(struct process_stats *stats) {
    FILETIME begin, end, kernel, user;
    PROCESS_MEMORY_COUNTERS_EX memory = {.cb = sizeof memory};

    *stats = (struct process_stats){.descriptors = (uint64_t)fd_count(), .descriptors_limit = UINT64_MAX};
    if (GetProcessTimes(GetCurrentProcess(), &begin, &end, &kernel, &user))
        stats->cpu_us = microseconds(&user) + microseconds(&kernel);
    if (GetProcessMemoryInfo(GetCurrentProcess(), (PROCESS_MEMORY_COUNTERS *)&memory, sizeof memory)) {
        stats->resident_bytes = memory.WorkingSetSize;
        stats->virtual_bytes = memory.PrivateUsage;
    }
}
