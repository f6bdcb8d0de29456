/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * processor_count_windows: see processor_count.h.
 */
#include "config.h"

#include "lib/os/processor_count.h"

#include <windows.h>

/* Of all groups of processors: other calls count those of one, which has 64 at most. */
unsigned processor_count(void) {
    unsigned count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    return count > 0 ? count : 1;
}
