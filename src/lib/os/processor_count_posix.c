/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * processor_count_posix: see processor_count.h.
 */
#include "config.h"

#include "lib/os/processor_count.h"

#include <unistd.h>

unsigned processor_count(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN); /* which no POSIX names, and every system has */
    return count > 0 ? (unsigned)count : 1;
}
