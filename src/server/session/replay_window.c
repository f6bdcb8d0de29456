/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * replay_window: see replay_window.h. The window moves with the highest number; the bits that it moves onto are of
 * numbers long gone.
 */
#include "config.h"

#include "server/session/replay_window.h"

#include <string.h>

static uint64_t *word_of(struct replay_window *once, uint64_t number) {
    return &once->used[number % REPLAY_WINDOW_WINDOW / 64];
}

static uint64_t bit_of(uint64_t number) {
    return UINT64_C(1) << number % 64;
}

static void move_to(struct replay_window *once, uint64_t number) {
    if (number - once->highest >= REPLAY_WINDOW_WINDOW)
        memset(once->used, 0, sizeof once->used);
    else
        while (once->highest < number) {
            once->highest++;
            *word_of(once, once->highest) &= ~bit_of(once->highest);
        }
    once->highest = number;
}

/* Nobody looks at it in between, so what was the highest two lives ago may still be. */
static void age(struct replay_window *once, uint64_t now_us) {
    uint64_t passed_us = now_us - once->marked_us;
    if (passed_us < REPLAY_WINDOW_LIFE_S * UINT64_C(1000000))
        return;
    once->floor = passed_us < 2 * REPLAY_WINDOW_LIFE_S * UINT64_C(1000000) ? once->mark : once->highest;
    once->mark = once->highest;
    once->marked_us = now_us;
}

bool replay_window_use(struct replay_window *once, uint64_t number, uint64_t now_us) {
    age(once, now_us);
    if (number <= once->floor || (number < once->highest && once->highest - number >= REPLAY_WINDOW_WINDOW))
        return false;
    if (number > once->highest)
        move_to(once, number);
    if (*word_of(once, number) & bit_of(number))
        return false;
    *word_of(once, number) |= bit_of(number);
    return true;
}
