/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_interrupt: signals that would end a tool are held back, and seen.
 */
#include "config.h"

#include "lib/os/interrupt.h"
#include "unit.h"

#include <signal.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

START_TEST(signal_that_came_is_seen_at_once) {
    interrupt_hold();
    ck_assert(!interrupt_wait(0));
    ck_assert_int_eq(raise(numbers[_i]), 0);
    ck_assert(interrupt_wait(60000));
    ck_assert(interrupt_wait(60000)); /* it goes on to end */
}
END_TEST

START_TEST(other_signals_are_none) {
    interrupt_hold();
    signal(SIGUSR1, SIG_IGN);
    ck_assert_int_eq(raise(SIGUSR1), 0);
    ck_assert(!interrupt_wait(100));
}
END_TEST

static TCase *held(void) {
    TCase *group = tcase_create("held");
    tcase_add_loop_test(group, signal_that_came_is_seen_at_once, 0, (int)(sizeof numbers / sizeof *numbers));
    tcase_add_test(group, other_signals_are_none);
    return group;
}

UNIT_MAIN("lib/os/interrupt", held)
