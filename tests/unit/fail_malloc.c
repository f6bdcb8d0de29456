/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fail_malloc: see fail_malloc.h.
 */
#include "config.h"

#include "fail_malloc.h"

#include <stdbool.h>
#include <stdlib.h>

static unsigned counted, fails_from, fail_count;
static bool is_counting;

static bool fails(void) {
    if (!is_counting)
        return false;
    counted++;
    return counted >= fails_from && counted - fails_from < fail_count;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    return fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
    return fails() ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size) {
    return fails() ? NULL : __real_realloc(old, size);
}

/* Check notes each assertion that holds, and ends the process if it has no memory for that. */
void __real__mark_point(const char *file, int line);
void __wrap__mark_point(const char *file, int line);
void __wrap__mark_point(const char *file, int line) {
    bool was_counting = is_counting;
    is_counting = false;
    __real__mark_point(file, line);
    is_counting = was_counting;
}

void fail_malloc_begin(unsigned from, unsigned count) {
    counted = 0;
    fails_from = from;
    fail_count = count;
    is_counting = true;
}

void fail_malloc_end(void) {
    is_counting = false;
}

unsigned fail_malloc_counted(void) {
    return counted;
}
