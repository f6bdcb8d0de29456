/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_power_notice: which notices of Windows are a resumption, and that network_watch reports it then and not with its
 * next look at the clocks. That the system calls at all only a machine that sleeps can show.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/net/network_watch.h"
#include "lib/net/power_notice.h"
#include "unit.h"

#include <pthread.h>

#include <winsock2.h>

#include <windows.h>

/* The one that network_watch began. */
static struct power_notice *begun;

struct power_notice *__real_power_notice_begin(void (*on_resume)(void *context), void *context);
struct power_notice *__wrap_power_notice_begin(void (*on_resume)(void *context), void *context);
struct power_notice *__wrap_power_notice_begin(void (*on_resume)(void *context), void *context) {
    begun = __real_power_notice_begin(on_resume, context);
    return begun;
}

static void count_one(void *context) {
    ++*(unsigned *)context;
}

START_TEST(a_resumption_is_noticed_once_until_the_end) {
    unsigned count = 0;
    struct power_notice *notice = power_notice_begin(count_one, &count);
    ck_assert_ptr_nonnull(notice);
    power_notice_take(notice, PBT_APMSUSPEND, NULL);
    ck_assert_uint_eq(count, 0);
    power_notice_take(notice, PBT_APMRESUMEAUTOMATIC, NULL);
    power_notice_take(notice, PBT_APMRESUMESUSPEND, NULL);
    ck_assert_uint_eq(count, 1);
    power_notice_end(notice);
    power_notice_take(notice, PBT_APMRESUMEAUTOMATIC, NULL);
    ck_assert_uint_eq(count, 1);
}
END_TEST

/* ---- in network_watch ---- */

enum { ATTEMPTS = 10, LOOK_US = 1000000 };

static uint64_t suspended_us;

static uint64_t get_suspended_us(void) {
    return suspended_us;
}

static void on_event(void *context, enum network_event event) {
    if (event == NETWORK_RESUMED)
        *(bool *)context = true;
}

static bool is_reported(void *context) {
    return *(const bool *)context;
}

static void *notify(void *notice) {
    power_notice_take(notice, PBT_APMRESUMEAUTOMATIC, NULL);
    return NULL;
}

/* How long it took; a watch looks at the clocks by itself LOOK_US after it was made. */
static uint64_t resume(struct event_base *base) {
    bool has_resumed = false;
    struct error error = {{0}};
    struct network_watch_options options = {.base = base,
                                            .on_event = on_event,
                                            .context = &has_resumed,
                                            .suspended_us = get_suspended_us};
    pthread_t thread;
    uint64_t before_us = clock_us();
    begun = NULL;
    struct network_watch *watch = network_watch_new(&options, &error);
    ck_assert_ptr_nonnull(watch);
    ck_assert_ptr_nonnull(begun);
    suspended_us += 3600 * 1000000ull;
    ck_assert_int_eq(pthread_create(&thread, NULL, notify, begun), 0);
    ck_assert(unit_run_until(base, is_reported, &has_resumed, 10000));
    uint64_t took_us = clock_us() - before_us;
    pthread_join(thread, NULL);
    network_watch_free(watch);
    return took_us;
}

/* More than once, for a machine that was busy at the first. */
START_TEST(it_is_reported_before_the_clocks_are_looked_at) {
    struct event_base *base = event_base_new();
    uint64_t took_us = LOOK_US;
    for (int i = 0; i < ATTEMPTS && took_us >= LOOK_US; i++)
        took_us = resume(base);
    ck_assert_uint_lt(took_us, LOOK_US);
    event_base_free(base);
}
END_TEST

static TCase *notices(void) {
    TCase *group = tcase_create("notices");
    tcase_add_test(group, a_resumption_is_noticed_once_until_the_end);
    tcase_add_test(group, it_is_reported_before_the_clocks_are_looked_at);
    return group;
}

UNIT_MAIN("lib/net/power_notice", notices)
