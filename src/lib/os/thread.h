/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * thread: starts the threads of loops, of the log and of the resolver.
 * Runs on: any thread. Owns: nothing; the caller joins or detaches its threads. One .c per system behind the naming.
 */
#ifndef MUNNEL_LIB_OS_THREAD_H
#define MUNNEL_LIB_OS_THREAD_H

#include <pthread.h>

/*
 * Runs `run(context)` on a new thread, with every signal blocked that is not a crash (the main thread handles them).
 * `name` (at most 15 characters, it must outlive the call) is what ps and gdb show. 0, or -1 when out of resources.
 */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *context), void *context);

void thread_set_name(pthread_t thread, const char *name); /* a no-op where the system cannot */

#endif
