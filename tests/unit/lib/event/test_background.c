/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_background: jobs run beside the loop, and each is reported once, also when the loop ends before.
 */
#include "config.h"

#include "lib/event/background.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>

enum { DEADLINE_MS = 10000 };

static struct loop *loop;
static struct background *background;
static atomic_bool may_end;
static unsigned reported;

static void wait_for_permission(void *context) {
    pthread_t *thread = context;

    *thread = pthread_self();
    while (!atomic_load(&may_end))
        unit_nap(1000);
}

static void on_done(void *context) {
    pthread_t *thread = context;

    ck_assert(!pthread_equal(*thread, pthread_self()));
    reported++;
}

static bool have_all(void *context) {
    const unsigned *wanted = context;

    return reported == *wanted;
}

static void begin(void) {
    reported = 0;
    atomic_store(&may_end, false);
    loop = loop_new("test");
    background = background_new(loop);
    ck_assert(loop && background);
}

START_TEST(jobs_run_beside_the_loop_and_each_is_reported_once) {
    pthread_t threads[BACKGROUND_MOST + 1];
    unsigned all = BACKGROUND_MOST;

    begin();
    for (unsigned i = 0; i < all; i++)
        ck_assert_int_eq(background_run(background, wait_for_permission, on_done, &threads[i]), 0);
    ck_assert_int_eq(background_run(background, wait_for_permission, on_done, &threads[all]), -1);
    unit_run_rounds(loop_base(loop), 3); /* it turns meanwhile */
    ck_assert_uint_eq(reported, 0);
    atomic_store(&may_end, true);
    ck_assert(unit_run_until(loop_base(loop), have_all, &all, DEADLINE_MS));
    ck_assert_int_eq(background_run(background, wait_for_permission, on_done, &threads[all]), 0);
    background_free(background);
    loop_free(loop);
    ck_assert_uint_eq(reported, all + 1);
}
END_TEST

static void run_once_more(void *context) {
    pthread_t other;

    on_done(context);
    ck_assert_int_eq(background_run(background, wait_for_permission, on_done, &other), -1);
}

START_TEST(jobs_that_run_at_the_end_are_waited_for_and_no_more_begin) {
    pthread_t threads[2];

    begin();
    atomic_store(&may_end, true);
    ck_assert_int_eq(background_run(background, wait_for_permission, run_once_more, &threads[0]), 0);
    ck_assert_int_eq(background_run(background, wait_for_permission, run_once_more, &threads[1]), 0);
    background_free(background);
    ck_assert_uint_eq(reported, 2);
    loop_free(loop);
    ck_assert_uint_eq(reported, 2);
}
END_TEST

static TCase *jobs(void) {
    TCase *group = tcase_create("jobs");

    tcase_add_test(group, jobs_run_beside_the_loop_and_each_is_reported_once);
    tcase_add_test(group, jobs_that_run_at_the_end_are_waited_for_and_no_more_begin);
    return group;
}

UNIT_MAIN("lib/event/background", jobs)
