/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * replay_window: numbers that count up and may be used window each, in about their order.
 *
 * It remembers the newest REPLAY_WINDOW_SIZE; older ones count as used. So do, after REPLAY_WINDOW_LIFE_S, numbers
 * that were skipped: a ClientHello that an attacker held back is rejected when it is sent later.
 * Runs on: one thread. Owns: nothing; a value, all zero at first.
 */
#ifndef MUNNEL_SERVER_SESSION_REPLAY_WINDOW_H
#define MUNNEL_SERVER_SESSION_REPLAY_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum { REPLAY_WINDOW_SIZE = 4096, REPLAY_WINDOW_LIFE_S = 10 /* after a higher one; at most twice that */ };

struct replay_window {
    uint64_t highest;
    uint64_t mark, marked_us;               /* the highest number at that time */
    uint64_t floor;                         /* numbers up to here count as used */
    uint64_t used[REPLAY_WINDOW_SIZE / 64]; /* a bit for each, at its number modulo REPLAY_WINDOW_SIZE */
};

/* False: `number` was used, or may have been; 0 always is. now_us: clock_us(). */
bool replay_window_use(struct replay_window *window, uint64_t number, uint64_t now_us);

#endif
