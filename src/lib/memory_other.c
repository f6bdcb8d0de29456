/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * memory_other: C libraries whose malloc needs no telling, or takes none.
 * Runs on: start; memory_in_use on any thread. Owns: nothing. memory_glibc.c is its counterpart.
 */
#include "config.h"

#include "lib/memory.h"

void memory_tune(void) {
}

size_t memory_in_use(void) {
    return 0;
}
