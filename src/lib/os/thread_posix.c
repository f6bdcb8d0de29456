/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * thread_posix: starts a thread that signals leave alone.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/os/thread.h"

#include <signal.h>

/* A crash must stay a crash, with a core or a sanitizer's report: those signals are never blocked. */
static void fill_with_blocked(sigset_t *signals) {
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigfillset(signals);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigdelset(signals, crashes[i]);
}

int thread_start(pthread_t *thread, const char *name, void *(*run)(void *context), void *context) {
    sigset_t blocked, before;
    fill_with_blocked(&blocked);
    /* Blocked here for a moment, since a thread begins with the mask of the one that made it. */
    if (pthread_sigmask(SIG_BLOCK, &blocked, &before))
        return -1;
    int result = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result)
        return -1;
    thread_set_name(*thread, name);
    return 0;
}
