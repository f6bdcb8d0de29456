/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * deadline: how long a test waits for an event before it fails.
 */
#include "config.h"

#include "harness/deadline.h"

#include <stdlib.h>
#include <time.h>

uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

unsigned slow_factor(void) {
    const char *text = getenv("MUNNEL_SLOW");
    unsigned long factor = text ? strtoul(text, NULL, 10) : 1;
    return factor < 1 || factor > 100 ? 1 : (unsigned)factor;
}

uint64_t deadline_in(unsigned ms) {
    return now_ms() + (uint64_t)ms * slow_factor();
}

unsigned deadline_left(uint64_t deadline) {
    uint64_t now = now_ms();
    return now >= deadline ? 0 : (unsigned)(deadline - now);
}

int deadline_left_poll(uint64_t deadline) {
    return (int)deadline_left(deadline);
}

bool deadline_nap(uint64_t deadline) {
    struct timespec nap = {.tv_nsec = 10 * 1000000};
    if (deadline_left(deadline) == 0)
        return false;
    nanosleep(&nap, NULL);
    return true;
}
