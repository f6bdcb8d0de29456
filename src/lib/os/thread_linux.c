/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * thread_linux: gives threads a name. thread_portable.c is its counterpart.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/os/thread.h"

#ifdef __linux__
void thread_set_name(pthread_t thread, const char *name) {
    (void)pthread_setname_np(thread, name); /* too long a name is refused, and then there is none */
}
#endif
