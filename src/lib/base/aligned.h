/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * aligned: memory that begins at a multiple of more than malloc() promises, for what must not share a cache line.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_ALIGNED_H
#define MUNNEL_LIB_BASE_ALIGNED_H

#include <stddef.h>

/* All zero. `alignment`: a power of two, of which `size` is a multiple. NULL: out of memory. */
void *aligned_new(size_t alignment, size_t size);
void aligned_free(void *memory); /* and only by this; NULL is fine */

#endif
