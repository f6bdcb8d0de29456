/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_health_count: rise and fall count checks in a row, and never in total.
 */
#include "config.h"

#include "relay/health/health_count.h"
#include "unit.h"

#include <string.h>

static const struct health_check check = {.type = HEALTH_CHECK_TCP, .rise = 2, .fall = 3};

/* '+' passes, '-' fails; the state after each, of "?" unknown, "h" healthy, "u" unhealthy. */
static const struct {
    enum health_state from;
    const char *results, *states;
} walks[] = {
    {HEALTH_UNKNOWN, "+", "h"},
    {HEALTH_UNKNOWN, "--+", "??h"},
    {HEALTH_UNKNOWN, "---", "??u"},
    {HEALTH_HEALTHY, "---", "hhu"},
    {HEALTH_HEALTHY, "--+--+--+", "hhhhhhhhh"},
    {HEALTH_UNHEALTHY, "++", "uh"},
    {HEALTH_UNHEALTHY, "+-+-+-+-++", "uuuuuuuuuh"},
    {HEALTH_HEALTHY, "-----++---", "hhuuuuhhhu"},
    {HEALTH_UNHEALTHY, "-+", "uu"},
};

START_TEST(state_follows_from_results_in_a_row) {
    struct health_count count = {.state = walks[_i].from};
    for (size_t k = 0; walks[_i].results[k]; k++) {
        enum health_state before = count.state;
        bool has_changed = health_count_add(&count, &check, walks[_i].results[k] == '+');
        ck_assert_int_eq(has_changed, count.state != before);
        ck_assert_msg("?hu"[count.state] == walks[_i].states[k], "step %zu of %s: %c", k, walks[_i].results,
                      "?hu"[count.state]);
    }
}
END_TEST

START_TEST(every_second_failure_never_makes_it_unhealthy) {
    struct health_count count = {.state = HEALTH_UNKNOWN};
    const struct health_check two = {.type = HEALTH_CHECK_TCP, .rise = 2, .fall = 2};
    for (int i = 0; i < 1000; i++) {
        health_count_add(&count, &two, i % 2);
        ck_assert_int_ne(count.state, HEALTH_UNHEALTHY);
    }
}
END_TEST

START_TEST(one_is_enough_where_one_is_wanted) {
    struct health_count count = {.state = HEALTH_HEALTHY};
    const struct health_check one = {.type = HEALTH_CHECK_TCP, .rise = 1, .fall = 1};
    for (int i = 0; i < 10; i++) {
        ck_assert(health_count_add(&count, &one, i % 2));
        ck_assert_int_eq(count.state, i % 2 ? HEALTH_HEALTHY : HEALTH_UNHEALTHY);
    }
}
END_TEST

static TCase *counting(void) {
    TCase *group = tcase_create("counting");
    tcase_add_loop_test(group, state_follows_from_results_in_a_row, 0, sizeof walks / sizeof *walks);
    tcase_add_test(group, every_second_failure_never_makes_it_unhealthy);
    tcase_add_test(group, one_is_enough_where_one_is_wanted);
    return group;
}

UNIT_MAIN("relay/health/health_count", counting)
