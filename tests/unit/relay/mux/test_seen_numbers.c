/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_seen_numbers: against a plain array of flags.
 */
#include "config.h"

#include "relay/mux/seen_numbers.h"

#include "unit.h"

enum { NUMBERS = 3000, STEPS = 4000 };

START_TEST(numbers_are_seen_once_they_are_noted) {
    struct seen_numbers seen = {0};
    static bool flags[NUMBERS + 1];
    uint32_t seed = (uint32_t)_i + 1, highest = 0;
    for (unsigned i = 0; i <= NUMBERS; i++)
        flags[i] = false;
    for (unsigned step = 0; step < STEPS; step++) {
        uint32_t number = unit_any(&seed, 2) ? 1 + unit_any(&seed, NUMBERS) : highest + 1 + unit_any(&seed, 3);
        if (number > NUMBERS)
            continue;
        ck_assert(seen_numbers_note(&seen, number));
        flags[number] = true;
        highest = number > highest ? number : highest;
    }
    for (uint32_t number = 1; number <= NUMBERS; number++)
        ck_assert_int_eq(seen_numbers_has(&seen, number), flags[number]);
    ck_assert_uint_eq(seen.highest, highest);
    seen_numbers_clear(&seen);
}
END_TEST

START_TEST(gaps_close_again) {
    struct seen_numbers seen = {0};
    for (uint32_t number = 2; number <= 200; number += 2)
        ck_assert(seen_numbers_note(&seen, number));
    ck_assert_uint_eq(seen.gap_count, 100);
    for (uint32_t number = 1; number <= 200; number++)
        ck_assert(seen_numbers_note(&seen, number));
    ck_assert_uint_eq(seen.gap_count, 0);
    seen_numbers_clear(&seen);
}
END_TEST

START_TEST(a_hostile_server_cannot_make_it_grow) {
    struct seen_numbers seen = {0};
    ck_assert(!seen_numbers_note(&seen, UINT32_MAX));
    ck_assert(!seen_numbers_note(&seen, SEEN_NUMBERS_AHEAD + 1));
    uint32_t number = 2;
    while (seen_numbers_note(&seen, number))
        number += 2;
    ck_assert_uint_eq(seen.gap_count, SEEN_NUMBERS_GAPS);
    ck_assert(!seen_numbers_has(&seen, number));
    ck_assert(seen_numbers_note(&seen, number - 1)); /* what needs no gap is still noted */
    ck_assert(seen_numbers_note(&seen, 1));
    ck_assert(seen_numbers_note(&seen, number + 1));
    seen_numbers_clear(&seen);
}
END_TEST

static TCase *numbers(void) {
    TCase *group = tcase_create("numbers");
    tcase_add_loop_test(group, numbers_are_seen_once_they_are_noted, 0, 20);
    tcase_add_test(group, gaps_close_again);
    tcase_add_test(group, a_hostile_server_cannot_make_it_grow);
    return group;
}

UNIT_MAIN("relay/mux/seen_numbers", numbers)
