/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_replay_window: no number is taken twice, in whatever order they come.
 */
#include "config.h"

#include "server/session/replay_window.h"
#include "unit.h"

#define NOW_US    UINT64_C(123456789)
#define SECOND_US UINT64_C(1000000)

START_TEST(each_number_is_taken_once) {
    struct replay_window once = {0};

    for (uint64_t number = 1; number <= 3000; number++) {
        ck_assert(replay_window_use(&once, number, NOW_US));
        ck_assert(!replay_window_use(&once, number, NOW_US));
    }
    for (uint64_t number = 0; number <= 3000; number++)
        ck_assert(!replay_window_use(&once, number, NOW_US));
}
END_TEST

START_TEST(a_late_one_is_taken_within_the_window) {
    struct replay_window once = {0};

    ck_assert(replay_window_use(&once, 5000, NOW_US));
    ck_assert(replay_window_use(&once, 5000 - REPLAY_WINDOW_SIZE + 1, NOW_US));
    ck_assert(!replay_window_use(&once, 5000 - REPLAY_WINDOW_SIZE + 1, NOW_US));
    ck_assert(!replay_window_use(&once, 5000 - REPLAY_WINDOW_SIZE, NOW_US));
    ck_assert(!replay_window_use(&once, 1, NOW_US));
}
END_TEST

START_TEST(a_leap_forgets_nothing) {
    struct replay_window once = {0};

    ck_assert(replay_window_use(&once, 7, NOW_US));
    ck_assert(replay_window_use(&once, 7 + REPLAY_WINDOW_SIZE, NOW_US)); /* at the place of 7 */
    ck_assert(!replay_window_use(&once, 7, NOW_US));
    ck_assert(replay_window_use(&once, 8, NOW_US));
    ck_assert(replay_window_use(&once, UINT64_MAX, NOW_US));
    ck_assert(!replay_window_use(&once, UINT64_MAX, NOW_US));
    ck_assert(!replay_window_use(&once, 8, NOW_US));
    ck_assert(replay_window_use(&once, UINT64_MAX - REPLAY_WINDOW_SIZE + 1, NOW_US));
    ck_assert(!replay_window_use(&once, UINT64_MAX - REPLAY_WINDOW_SIZE, NOW_US));
}
END_TEST

/* Against a list of all that were ever taken: never twice, and never refused when new and within the window. */
START_TEST(no_order_takes_one_twice) {
    enum { NUMBERS = 20000, TRIES = 200000 };
    static bool taken[NUMBERS + 1];
    struct replay_window once = {0};
    uint64_t highest = 0;

    uint64_t random = (uint64_t)_i + 1;
    for (unsigned try = 0; try < TRIES; try++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t number = 1 + (random >> 33) % (highest + 50 < NUMBERS ? highest + 50 : NUMBERS);
        bool is_known_as_new = number + REPLAY_WINDOW_SIZE > highest && !taken[number];
        ck_assert_msg(replay_window_use(&once, number, NOW_US) == is_known_as_new, "%llu behind %llu",
                      (unsigned long long)number, (unsigned long long)highest);
        taken[number] = taken[number] || is_known_as_new;
        if (is_known_as_new && number > highest)
            highest = number;
    }
}
END_TEST

/* 2 and 4 were delayed on the way. */
START_TEST(skipped_numbers_expire) {
    struct replay_window once = {0};

    ck_assert(replay_window_use(&once, 1, NOW_US));
    ck_assert(replay_window_use(&once, 3, NOW_US + SECOND_US));
    ck_assert(replay_window_use(&once, 5, NOW_US + 2 * SECOND_US));
    ck_assert(replay_window_use(&once, 2, NOW_US + 9 * SECOND_US)); /* held up, and no more than that */
    ck_assert(replay_window_use(&once, 6, NOW_US + 10 * SECOND_US));
    ck_assert(replay_window_use(&once, 7, NOW_US + 20 * SECOND_US));
    ck_assert(!replay_window_use(&once, 4, NOW_US + 20 * SECOND_US));
    ck_assert(replay_window_use(&once, 8, NOW_US + 20 * SECOND_US));
}
END_TEST

START_TEST(a_long_silence_ends_all_that_was_before) {
    struct replay_window once = {0};

    ck_assert(replay_window_use(&once, 5, NOW_US));
    ck_assert(!replay_window_use(&once, 4, NOW_US + 3600 * SECOND_US));
    ck_assert(replay_window_use(&once, 6, NOW_US + 3600 * SECOND_US));
}
END_TEST

static TCase *numbers(void) {
    TCase *group = tcase_create("numbers");
    tcase_add_test(group, each_number_is_taken_once);
    tcase_add_test(group, a_late_one_is_taken_within_the_window);
    tcase_add_test(group, a_leap_forgets_nothing);
    tcase_add_test(group, skipped_numbers_expire);
    tcase_add_test(group, a_long_silence_ends_all_that_was_before);
    tcase_add_loop_test(group, no_order_takes_one_twice, 0, 5);
    return group;
}

UNIT_MAIN("server/session/replay_window", numbers)
