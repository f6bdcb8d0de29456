/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * replay_window: numbers that count up and may be used once each, in about their order.
 *
 * Remembers the newest REPLAY_WINDOW_WINDOW of them; what is older than these counts as used, and so does after a while
 * what was passed over: a number that somebody has kept back is worth nothing to him later. Runs on: one thread. Owns:
 * nothing; a value, all zero at first.
 */
#ifndef MUNNEL_SERVER_SESSION_REPLAY_WINDOW_H
#define MUNNEL_SERVER_SESSION_REPLAY_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum { REPLAY_WINDOW_WINDOW = 4096, REPLAY_WINDOW_LIFE_S = 10 /* behind a higher one; twice at most */ };

struct replay_window {
    uint64_t highest;
    uint64_t mark, marked_us;                 /* the highest at that time */
    uint64_t floor;                           /* up to here they are over */
    uint64_t used[REPLAY_WINDOW_WINDOW / 64]; /* a bit for each, at its number modulo REPLAY_WINDOW_WINDOW */
};

/* False: it was used before, or may have been; 0 always was. now_us: clock_us(). */
bool replay_window_use(struct replay_window *once, uint64_t number, uint64_t now_us);

#endif
