/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * aligned_windows: see aligned.h. C11's aligned_alloc() is missing, since free() could not take back what it returns.
 */
#include "config.h"

#include "lib/base/aligned.h"

#include <malloc.h>
#include <string.h>

void *aligned_new(size_t alignment, size_t size) {
    void *memory = _aligned_malloc(size, alignment);
    return memory ? memset(memory, 0, size) : NULL;
}

void aligned_free(void *memory) {
    _aligned_free(memory);
}
