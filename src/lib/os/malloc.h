/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * malloc: tells the C library to keep freed memory for the next relay. Without it a third of all CPU goes into page
 * faults on buffers that were given back a moment ago. And asks it what is in use.
 * Runs on: malloc_tune at start, before any other thread; malloc_in_use on any. Owns: nothing. One .c per C library
 * behind it; a no-op where none is known.
 */
#ifndef MUNNEL_LIB_OS_MALLOC_H
#define MUNNEL_LIB_OS_MALLOC_H

#include <stddef.h>

void malloc_tune(void);
/* Bytes that were reserved and not freed, by all threads; 0 where malloc does not report it. Slow: it walks the free
 * lists.
 */
size_t malloc_in_use(void);

#endif
