/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* thread_windows: see thread.h. winpthreads has no signals to block, and its names only a debugger of its own knows. */
#include "config.h"

#include "lib/os/thread.h"

#include "lib/base/wide.h"

#include <stdlib.h>
#include <windows.h>

/* mingw-w64 10 has it in its libraries, but not in its headers. */
WINBASEAPI HRESULT WINAPI SetThreadDescription(HANDLE thread, PCWSTR description);

int thread_start(pthread_t *thread, const char *name, void *(*run)(void *context), void *context) {
    if (pthread_create(thread, NULL, run, context))
        return -1;
    thread_set_name(*thread, name);
    return 0;
}

void thread_set_name(pthread_t thread, const char *name) {
    wchar_t *wide = wide_of(name);

    if (wide)
        (void)SetThreadDescription(pthread_gethandle(thread), wide);
    free(wide);
}
