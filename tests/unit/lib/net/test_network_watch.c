/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_network_watch: when changes are reported, and suspensions. test_network_messages.c has what is a change.
 */
#include "config.h"

#include "unit.h"

#include "lib/base/clock.h"
#include "lib/net/network_watch_priv.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

START_TEST(a_burst_is_reported_when_it_is_over_or_after_a_second) {
    const uint64_t first_us = 5000000;
    ck_assert_uint_eq(network_watch_due_us(first_us, first_us), first_us + 200000);
    ck_assert_uint_eq(network_watch_due_us(first_us, first_us + 700000), first_us + 900000);
    ck_assert_uint_eq(network_watch_due_us(first_us, first_us + 900000), first_us + 1000000);
    ck_assert_uint_eq(network_watch_due_us(first_us, first_us + 3000000), first_us + 1000000);
}
END_TEST

static uint64_t fake_suspended_us; /* in a test process of its own */

static uint64_t suspended_us(void) {
    return fake_suspended_us;
}

struct reports {
    struct event_base *base;
    struct network_watch *watch;
    unsigned changes, resumptions;
};

static void on_event(void *context, enum network_event event) {
    struct reports *reports = context;
    if (event == NETWORK_CHANGED)
        reports->changes++;
    else
        reports->resumptions++;
}

static void begin(struct reports *reports) {
    struct error error = {""};
    *reports = (struct reports){.base = event_base_new()};
    struct network_watch_options options = {.base = reports->base,
                                            .on_event = on_event,
                                            .context = reports,
                                            .suspended_us = suspended_us};
    reports->watch = network_watch_new(&options, &error);
    ck_assert_ptr_nonnull(reports->watch);
}

static void end(struct reports *reports) {
    network_watch_free(reports->watch);
    event_base_free(reports->base);
}

static bool has_resumption(void *context) {
    const struct reports *reports = context;
    return reports->resumptions > 0;
}

static bool is_later(void *context) {
    const uint64_t *end_us = context;
    return clock_us() > *end_us;
}

START_TEST(a_suspension_is_reported_once) {
    struct reports reports;
    fake_suspended_us = 7000000;
    begin(&reports);
    fake_suspended_us += 3000000;
    ck_assert(unit_run_until(reports.base, has_resumption, &reports, 10000));
    uint64_t after_next_look_us = clock_us() + 1500000;
    ck_assert(unit_run_until(reports.base, is_later, &after_next_look_us, 10000));
    ck_assert_uint_eq(reports.resumptions, 1);
    end(&reports);
}
END_TEST

START_TEST(clocks_that_drift_apart_are_no_suspension) {
    struct reports reports;
    fake_suspended_us = 7000000;
    begin(&reports);
    fake_suspended_us += 2000000;
    uint64_t after_next_look_us = clock_us() + 1500000;
    ck_assert(unit_run_until(reports.base, is_later, &after_next_look_us, 10000));
    fake_suspended_us -= 6000000;
    after_next_look_us = clock_us() + 1500000;
    ck_assert(unit_run_until(reports.base, is_later, &after_next_look_us, 10000));
    ck_assert_uint_eq(reports.resumptions, 0);
    end(&reports);
}
END_TEST

#ifdef __linux__
static bool has_change(void *context) {
    const struct reports *reports = context;
    return reports->changes > 0;
}

START_TEST(changes_of_a_moment_are_reported_together) {
    struct reports reports;
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0)
        return; /* a network that may be changed needs root */
    begin(&reports);
    if (system("ip link set lo up && ip addr add 10.9.0.1/32 dev lo && ip addr add 10.9.0.2/32 dev lo") == 0) {
        ck_assert(unit_run_until(reports.base, has_change, &reports, 10000));
        uint64_t later_us = clock_us() + 2 * NETWORK_WATCH_LONGEST_US;
        ck_assert(unit_run_until(reports.base, is_later, &later_us, 10000));
        ck_assert_uint_eq(reports.changes, 1);
    }
    end(&reports);
}
END_TEST
#endif

START_TEST(the_system_was_not_suspended_between_two_looks) {
    uint64_t before_us = network_watch_system_suspended_us();
    ck_assert_uint_le(network_watch_system_suspended_us(), before_us + NETWORK_WATCH_SUSPENDED_US);
}
END_TEST

static TCase *reports(void) {
    TCase *group = tcase_create("reports");
    tcase_add_test(group, a_burst_is_reported_when_it_is_over_or_after_a_second);
    tcase_add_test(group, a_suspension_is_reported_once);
    tcase_add_test(group, clocks_that_drift_apart_are_no_suspension);
#ifdef __linux__
    tcase_add_test(group, changes_of_a_moment_are_reported_together);
#endif
    tcase_add_test(group, the_system_was_not_suspended_between_two_looks);
    return group;
}

UNIT_MAIN("lib/net/network_watch", reports)
