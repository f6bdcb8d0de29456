/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_signals: each signal calls its own function, on the loop, and none after signals_free().
 */
#include "config.h"

#include "lib/event/signals.h"
#include "unit.h"

#include <signal.h>

struct calls {
    unsigned stops, reloads;
};

static void on_stop(void *context) {
    struct calls *calls = context;
    calls->stops++;
}

static void on_reload(void *context) {
    struct calls *calls = context;
    calls->reloads++;
}

static const struct signal_action actions[] = {{SIGTERM, on_stop}, {SIGINT, on_stop}, {SIGHUP, on_reload}};
enum { ACTIONS = sizeof actions / sizeof *actions };

START_TEST(each_signal_calls_its_function_on_the_loop) {
    struct calls calls = {0, 0};
    struct event_base *base = event_base_new();
    struct signals *signals = signals_new(base, actions, ACTIONS, &calls);

    ck_assert_ptr_nonnull(signals);
    raise(SIGTERM);
    raise(SIGHUP);
    ck_assert_uint_eq(calls.stops + calls.reloads, 0);
    event_base_loop(base, EVLOOP_NONBLOCK);
    ck_assert_uint_eq(calls.stops, 1);
    ck_assert_uint_eq(calls.reloads, 1);
    raise(SIGINT);
    event_base_loop(base, EVLOOP_NONBLOCK);
    ck_assert_uint_eq(calls.stops, 2);
    signals_free(signals);
    event_base_free(base);
}
END_TEST

START_TEST(freed_signals_restore_the_former_handler) {
    struct calls calls = {0, 0};
    struct event_base *base = event_base_new();

    signal(SIGHUP, SIG_IGN);
    signals_free(signals_new(base, actions, ACTIONS, &calls));
    raise(SIGHUP);
    event_base_loop(base, EVLOOP_NONBLOCK);
    ck_assert_uint_eq(calls.reloads, 0);
    event_base_free(base);
}
END_TEST

START_TEST(a_signal_that_cannot_be_caught_gives_none) {
    static const struct signal_action bad[] = {{SIGTERM, on_stop}, {SIGKILL, on_stop}};
    struct calls calls = {0, 0};
    struct event_base *base = event_base_new();

    ck_assert_ptr_null(signals_new(base, bad, 2, &calls));
    signals_free(NULL);
    event_base_free(base);
}
END_TEST

static TCase *signals(void) {
    TCase *group = tcase_create("signals");

    tcase_add_test(group, each_signal_calls_its_function_on_the_loop);
    tcase_add_test(group, freed_signals_restore_the_former_handler);
    tcase_add_test(group, a_signal_that_cannot_be_caught_gives_none);
    return group;
}

UNIT_MAIN("lib/event/signals", signals)
