/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * once: numbers that count up and may be used once each, in about their order.
 *
 * Remembers the newest ONCE_WINDOW of them; what is older than these counts as used.
 * Runs on: one thread. Owns: nothing; a value, all zero at first.
 */
#ifndef MUNNEL_SERVER_ONCE_H
#define MUNNEL_SERVER_ONCE_H

#include <stdbool.h>
#include <stdint.h>

enum { ONCE_WINDOW = 1024 };

struct once {
    uint64_t highest;
    uint64_t used[ONCE_WINDOW / 64]; /* a bit for each, at its number modulo ONCE_WINDOW */
};

bool once_use(struct once *once, uint64_t number); /* false: it was used before, or may have been; 0 always was */

#endif
