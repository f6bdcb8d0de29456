/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fail_malloc: malloc, calloc and realloc that fail when the test wants them to, in a program that is linked with the
 * flags that tests/unit/local.mk has for it.
 * Runs on: one thread.
 */
#ifndef MUNNEL_TESTS_FAIL_MALLOC_H
#define MUNNEL_TESTS_FAIL_MALLOC_H

/* Counts allocations from 1; `count` of them fail, beginning with number `from`. */
void fail_malloc_begin(unsigned from, unsigned count);
void fail_malloc_end(void);         /* none fails, and none is counted any more */
unsigned fail_malloc_counted(void); /* since fail_malloc_begin */

#endif
