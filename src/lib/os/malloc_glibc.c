/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * malloc_glibc: the GNU C library's malloc keeps what was freed, up to a bound.
 * Runs on: start, before any other thread; malloc_in_use on any. Owns: nothing. malloc_portable.c is its counterpart.
 */
#include "config.h"

#include "lib/os/malloc.h"

#include <malloc.h>

enum {
    /* Buffers of relays are 64 KiB and less: with the threshold above them none is a mapping of its own. Setting it
     * also stops glibc from moving it (and the trim threshold with it) by what it has seen freed. */
    MMAP_FROM = 1 << 20,
    TRIM_ABOVE = 32 << 20, /* so much may lie free at the top of each arena before it goes back to the system */
    GROW_BY = 1 << 20      /* and the main arena grows by so much at a time */
};

void malloc_tune(void) {
    mallopt(M_MMAP_THRESHOLD, MMAP_FROM);
    mallopt(M_TRIM_THRESHOLD, TRIM_ABOVE);
    mallopt(M_TOP_PAD, GROW_BY);
}

/* mallinfo(), which older ones have, counts in int and wraps at 4 GiB. */
size_t malloc_in_use(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}
