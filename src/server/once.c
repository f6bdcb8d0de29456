/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * once: see once.h. The window moves with the highest number; the bits that it moves onto are of numbers long gone.
 */
#include "config.h"

#include "server/once.h"

#include <string.h>

static uint64_t *word_of(struct once *once, uint64_t number) {
    return &once->used[number % ONCE_WINDOW / 64];
}

static uint64_t bit_of(uint64_t number) {
    return UINT64_C(1) << number % 64;
}

static void move_to(struct once *once, uint64_t number) {
    if (number - once->highest >= ONCE_WINDOW)
        memset(once->used, 0, sizeof once->used);
    else
        while (once->highest < number) {
            once->highest++;
            *word_of(once, once->highest) &= ~bit_of(once->highest);
        }
    once->highest = number;
}

/* Nobody looks at it in between, so what was the highest two lives ago may still be. */
static void age(struct once *once, uint64_t now_us) {
    uint64_t passed_us = now_us - once->marked_us;
    if (passed_us < ONCE_LIFE_S * UINT64_C(1000000))
        return;
    once->floor = passed_us < 2 * ONCE_LIFE_S * UINT64_C(1000000) ? once->mark : once->highest;
    once->mark = once->highest;
    once->marked_us = now_us;
}

bool once_use(struct once *once, uint64_t number, uint64_t now_us) {
    age(once, now_us);
    if (number <= once->floor || (number < once->highest && once->highest - number >= ONCE_WINDOW))
        return false;
    if (number > once->highest)
        move_to(once, number);
    if (*word_of(once, number) & bit_of(number))
        return false;
    *word_of(once, number) |= bit_of(number);
    return true;
}
