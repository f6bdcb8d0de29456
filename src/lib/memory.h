/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * memory: tells the C library to keep freed memory for the next relay. Without it a third of all CPU goes into page
 * faults on buffers that were given back a moment ago (HACKING has the figures).
 * Runs on: start, before any other thread. Owns: nothing. One .c per C library behind it; a no-op where none is known.
 */
#ifndef MUNNEL_LIB_MEMORY_H
#define MUNNEL_LIB_MEMORY_H

void memory_tune(void);

#endif
