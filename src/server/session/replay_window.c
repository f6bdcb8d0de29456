/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * replay_window: see replay_window.h. A sliding window as IPsec's (RFC 4303, 3.4.3): it moves with the highest number,
 * and the bits that it moves onto belonged to numbers that have left it.
 */
#include "config.h"

#include "server/session/replay_window.h"

#include <string.h>

static uint64_t *word_of(struct replay_window *window, uint64_t number) {
    return &window->used[number % REPLAY_WINDOW_SIZE / 64];
}

static uint64_t bit_of(uint64_t number) {
    return UINT64_C(1) << number % 64;
}

static void move_to(struct replay_window *window, uint64_t number) {
    if (number - window->highest >= REPLAY_WINDOW_SIZE)
        memset(window->used, 0, sizeof window->used);
    else
        while (window->highest < number) {
            window->highest++;
            *word_of(window, window->highest) &= ~bit_of(window->highest);
        }
    window->highest = number;
}

/* Runs only with a number, so two lives may have passed: then all that was seen before is too old. */
static void age(struct replay_window *window, uint64_t now_us) {
    uint64_t passed_us = now_us - window->marked_us;
    if (passed_us < REPLAY_WINDOW_LIFE_S * UINT64_C(1000000))
        return;
    window->floor = passed_us < 2 * REPLAY_WINDOW_LIFE_S * UINT64_C(1000000) ? window->mark : window->highest;
    window->mark = window->highest;
    window->marked_us = now_us;
}

bool replay_window_use(struct replay_window *window, uint64_t number, uint64_t now_us) {
    age(window, now_us);
    if (number <= window->floor || (number < window->highest && window->highest - number >= REPLAY_WINDOW_SIZE))
        return false;
    if (number > window->highest)
        move_to(window, number);
    if (*word_of(window, number) & bit_of(number))
        return false;
    *word_of(window, number) |= bit_of(number);
    return true;
}
