/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* aligned_posix: see aligned.h. */
#include "config.h"

#include "lib/base/aligned.h"

#include <stdlib.h>
#include <string.h>

void *aligned_new(size_t alignment, size_t size) {
    void *memory = aligned_alloc(alignment, size);
    return memory ? memset(memory, 0, size) : NULL;
}

void aligned_free(void *memory) {
    free(memory);
}
