/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_lag_probe: a loop that is late is measured, and one that is not, too.
 */
#include "config.h"

#include "lib/event/lag_probe.h"

#include "lib/base/clock.h"
#include "unit.h"

enum { LATE_MS = 350, SOON_MS = 10000 };

static struct histogram lag;

static struct histogram_sum measured(void) {
    struct histogram_sum sum = {0};
    histogram_sum_add(&sum, &lag);
    return sum;
}

static bool has_measured(void *context) {
    const uint64_t *count = context;
    return measured().count >= *count;
}

static void wait_for(struct event_base *base, uint64_t count) {
    ck_assert(unit_run_until(base, has_measured, &count, SOON_MS));
}

START_TEST(a_loop_is_measured_again_and_again) {
    struct lag_probe probe = {0};
    struct event_base *base = event_base_new();
    ck_assert_int_eq(lag_probe_start(&probe, base, &lag), 0);
    wait_for(base, 3);
    lag_probe_stop(&probe);
    event_base_free(base);
}
END_TEST

START_TEST(a_callback_that_takes_long_makes_the_loop_late) {
    struct lag_probe probe = {0};
    struct event_base *base = event_base_new();
    ck_assert_int_eq(lag_probe_start(&probe, base, &lag), 0);
    wait_for(base, 1);
    uint64_t before = measured().count, until_us = clock_us() + LATE_MS * 1000;
    while (clock_us() < until_us)
        ;
    wait_for(base, before + 1);
    ck_assert_uint_ge(measured().sum_us, (LATE_MS - 2 * LAG_PROBE_MS) * 1000);
    lag_probe_stop(&probe);
    event_base_free(base);
}
END_TEST

START_TEST(a_probe_that_is_stopped_or_was_never_started_measures_nothing) {
    struct lag_probe probe = {0}, never = {0};
    struct event_base *base = event_base_new();
    ck_assert_int_eq(lag_probe_start(&probe, base, &lag), 0);
    uint64_t before = measured().count; /* not 0 where tests share a process */
    lag_probe_stop(&probe);
    lag_probe_stop(&never);
    ck_assert_int_eq(event_base_loop(base, 0), 1); /* no event is left to wait for */
    ck_assert_uint_eq(measured().count, before);
    event_base_free(base);
}
END_TEST

static TCase *probes(void) {
    TCase *group = tcase_create("probes");
    tcase_add_test(group, a_loop_is_measured_again_and_again);
    tcase_add_test(group, a_callback_that_takes_long_makes_the_loop_late);
    tcase_add_test(group, a_probe_that_is_stopped_or_was_never_started_measures_nothing);
    return group;
}

UNIT_MAIN("lib/event/lag_probe", probes)
