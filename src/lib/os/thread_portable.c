/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * thread_portable: systems whose threads are named differently, or not at all.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/os/thread.h"

#ifndef __linux__
void thread_set_name(pthread_t thread, const char *name) {
    (void)thread, (void)name;
}
#endif
