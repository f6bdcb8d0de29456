/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * thread_other: systems whose threads are named differently, or not at all.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/thread.h"

#ifndef __linux__
void thread_set_name(pthread_t thread, const char *name) {
    (void)thread, (void)name;
}
#endif
