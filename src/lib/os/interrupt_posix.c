/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * interrupt_posix: see interrupt.h. interrupt_windows.c is its counterpart. The signals are held back and looked for,
 * which needs no handler.
 */
#include "config.h"

#include "lib/os/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>

enum { LOOK_MS = 50 };

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

void interrupt_hold(void) {
    sigset_t held;

    sigemptyset(&held);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&held, numbers[i]);
    sigprocmask(SIG_BLOCK, &held, NULL);
}

static bool has_come(void) {
    sigset_t pending;

    sigemptyset(&pending);
    (void)sigpending(&pending);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigismember(&pending, numbers[i]) == 1)
            return true;
    return false;
}

bool interrupt_wait(unsigned most_ms) {
    for (unsigned waited_ms = 0; !has_come(); waited_ms += LOOK_MS) {
        if (waited_ms >= most_ms)
            return false;
        (void)poll(NULL, 0, LOOK_MS);
    }
    return true;
}
