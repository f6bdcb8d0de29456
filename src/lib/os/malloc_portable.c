/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * malloc_portable: C libraries whose malloc needs no telling, or takes none.
 * Runs on: start; malloc_in_use on any thread. Owns: nothing. malloc_glibc.c is its counterpart.
 */
#include "config.h"

#include "lib/os/malloc.h"

void malloc_tune(void) {
}

size_t malloc_in_use(void) {
    return 0;
}
