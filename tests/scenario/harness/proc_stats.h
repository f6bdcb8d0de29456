/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proc_stats: memory, CPU time and descriptors of a process, from /proc, and whether it rests.
 * Runs on: any thread. Owns: nothing. Linux only, as the scenario tests are.
 */
#ifndef MUNNEL_SCENARIO_PROC_STATS_H
#define MUNNEL_SCENARIO_PROC_STATS_H

#include <stdbool.h>
#include <sys/types.h>

unsigned proc_stats_descriptors(pid_t pid); /* open ones; 0 where only root may look */
unsigned proc_stats_memory_kb(pid_t pid);   /* RssAnon: shared pages of files would depend on other processes */
unsigned proc_stats_cpu_ms(pid_t pid);      /* used so far, by all threads */
/* How often its threads went off a processor so far; 0 while one of them runs. Twice the same: nothing ran between. */
unsigned long proc_stats_switches(pid_t pid);
bool proc_stats_sanitized(void); /* a sanitizer's own memory would be measured with the program's */

#endif
