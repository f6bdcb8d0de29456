/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proc_stats: what the kernel knows about a process.
 * Runs on: any thread. Owns: nothing. Linux only, as the scenario tests are.
 */
#ifndef MUNNEL_SCENARIO_FACTS_H
#define MUNNEL_SCENARIO_FACTS_H

#include <stdbool.h>
#include <sys/types.h>

unsigned proc_stats_descriptors(pid_t pid); /* open ones; 0 where only root may look */
unsigned
proc_stats_memory_kb(pid_t pid); /* resident and its own; of files nothing: who else maps them changes all the time */
unsigned proc_stats_cpu_ms(pid_t pid); /* used so far, by all threads */
bool proc_stats_sanitized(void);       /* a sanitizer's own memory would be measured with the program's */

#endif
