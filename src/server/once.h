/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * once: numbers that count up and may be used once each, in about their order.
 *
 * Remembers the newest ONCE_WINDOW of them; what is older than these counts as used, and so does after a while what was
 * passed over: a number that somebody has kept back is worth nothing to him later.
 * Runs on: one thread. Owns: nothing; a value, all zero at first.
 */
#ifndef MUNNEL_SERVER_ONCE_H
#define MUNNEL_SERVER_ONCE_H

#include <stdbool.h>
#include <stdint.h>

enum { ONCE_WINDOW = 4096, ONCE_LIFE_S = 10 /* behind a higher one; twice at most */ };

struct once {
    uint64_t highest;
    uint64_t mark, marked_us;        /* the highest at that time */
    uint64_t floor;                  /* up to here they are over */
    uint64_t used[ONCE_WINDOW / 64]; /* a bit for each, at its number modulo ONCE_WINDOW */
};

/* False: it was used before, or may have been; 0 always was. now_us: clock_us(). */
bool once_use(struct once *once, uint64_t number, uint64_t now_us);

#endif
