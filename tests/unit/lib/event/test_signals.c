/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_signals: each signal calls the function of its meaning, on the loop, and none after signals_free().
 */
#include "config.h"

#include "lib/event/signals.h"
#include "unit.h"

#include <limits.h>

#ifdef _WIN32
#include "lib/os/program_requests.h"

#define ask_to_stop()       program_request(PROGRAM_STOP)
#define ask_again_to_stop() program_request(PROGRAM_STOP)
#define ask_to_reload()     program_request(PROGRAM_RELOAD)
#define ask_to_reopen()     program_request(PROGRAM_REOPEN_LOG)
#else
#include <signal.h>

#define ask_to_stop()       raise(SIGTERM)
#define ask_again_to_stop() raise(SIGINT)
#define ask_to_reload()     raise(SIGHUP)
#define ask_to_reopen()     raise(SIGUSR1)
#endif

static int additions_left = INT_MAX;

int __real_event_add(struct event *event, const struct timeval *timeout);
int __wrap_event_add(struct event *event, const struct timeval *timeout);
int __wrap_event_add(struct event *event, const struct timeval *timeout) {
    return additions_left-- > 0 ? __real_event_add(event, timeout) : -1;
}

struct calls {
    unsigned stops, reloads, reopenings;
};

static void on_stop(void *context) {
    struct calls *calls = context;
    calls->stops++;
}

static void on_reload(void *context) {
    struct calls *calls = context;
    calls->reloads++;
}

static void on_reopen_log(void *context) {
    struct calls *calls = context;
    calls->reopenings++;
}

static const struct signal_actions actions = {on_stop, on_reload, on_reopen_log};

START_TEST(each_signal_calls_its_function_on_the_loop) {
    struct calls calls = {0, 0, 0};
    struct event_base *base = event_base_new();
    struct signals *signals = signals_new(base, &actions, &calls);

    ck_assert_ptr_nonnull(signals);
    ask_to_stop();
    ask_to_reload();
    ck_assert_uint_eq(calls.stops + calls.reloads + calls.reopenings, 0);
    event_base_loop(base, EVLOOP_NONBLOCK);
    ck_assert_uint_eq(calls.stops, 1);
    ck_assert_uint_eq(calls.reloads, 1);
    ck_assert_uint_eq(calls.reopenings, 0);
    ask_again_to_stop();
    ask_to_reopen();
    event_base_loop(base, EVLOOP_NONBLOCK);
    ck_assert_uint_eq(calls.reopenings, 1);
    ck_assert_uint_eq(calls.stops, 2);
    signals_free(signals);
    event_base_free(base);
}
END_TEST

#ifndef _WIN32
START_TEST(freed_signals_restore_the_former_handler) {
    struct calls calls = {0, 0, 0};
    struct event_base *base = event_base_new();

    signal(SIGHUP, SIG_IGN);
    signals_free(signals_new(base, &actions, &calls));
    raise(SIGHUP);
    event_base_loop(base, EVLOOP_NONBLOCK);
    ck_assert_uint_eq(calls.reloads, 0);
    event_base_free(base);
}
END_TEST
#endif

START_TEST(events_that_cannot_be_added_give_none) {
    struct calls calls = {0, 0, 0};
    struct event_base *base = event_base_new();

    additions_left = 0;
    ck_assert_ptr_null(signals_new(base, &actions, &calls));
    signals_free(NULL);
    event_base_free(base);
}
END_TEST

static TCase *signals(void) {
    TCase *group = tcase_create("signals");

    tcase_add_test(group, each_signal_calls_its_function_on_the_loop);
#ifndef _WIN32
    tcase_add_test(group, freed_signals_restore_the_former_handler);
#endif
    tcase_add_test(group, events_that_cannot_be_added_give_none);
    return group;
}

UNIT_MAIN("lib/event/signals", signals)
