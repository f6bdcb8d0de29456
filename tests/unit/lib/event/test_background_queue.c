/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_background_queue: jobs run beside the loop one after the other, and those that never begin are reported, too.
 */
#include "config.h"

#include "lib/event/background_queue.h"
#include "unit.h"

#include <stdatomic.h>

enum { DEADLINE_MS = 10000, JOBS = 5 };

static struct loop *loop;
static struct background *background;
static struct background_queue *queue;
static atomic_bool may_end;
static atomic_uint begun;
static unsigned done, not_run;

static void wait_for_permission(void *context) {
    (void)context;
    atomic_fetch_add(&begun, 1);
    while (!atomic_load(&may_end))
        unit_nap(1000);
}

static void on_done(void *context, bool has_run) {
    const unsigned *number = context;

    ck_assert_uint_eq(*number, done);
    if (has_run)
        ck_assert_uint_eq(atomic_load(&begun), done + 1); /* the next one has not begun */
    done++;
    not_run += !has_run;
}

static void begin(void) {
    done = not_run = 0;
    atomic_store(&begun, 0);
    atomic_store(&may_end, false);
    loop = loop_new("test");
    background = background_new(loop);
    queue = background_queue_new(background);
    ck_assert(loop && background && queue);
}

static bool are_done(void *context) {
    const unsigned *wanted = context;

    return done == *wanted && background_queue_is_idle(queue);
}

START_TEST(jobs_run_one_after_the_other_in_their_order) {
    unsigned numbers[JOBS], all = JOBS;

    begin();
    for (unsigned i = 0; i < JOBS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(background_queue_run(queue, wait_for_permission, on_done, &numbers[i]), 0);
    }
    unit_run_rounds(loop_base(loop), 3); /* it turns meanwhile */
    ck_assert_uint_eq(done, 0);
    ck_assert(!background_queue_is_idle(queue));
    atomic_store(&may_end, true);
    ck_assert(unit_run_until(loop_base(loop), are_done, &all, DEADLINE_MS));
    ck_assert_uint_eq(not_run, 0);
    background_free(background);
    background_queue_free(queue);
    loop_free(loop);
}
END_TEST

static unsigned again;

static void ask_again(void *context, bool has_run) {
    on_done(context, has_run);
    again = done;
    ck_assert_int_eq(background_queue_run(queue, wait_for_permission, on_done, &again), 0);
}

START_TEST(a_job_that_is_reported_may_ask_for_another) {
    unsigned number = 0, all = 2;

    begin();
    atomic_store(&may_end, true);
    ck_assert_int_eq(background_queue_run(queue, wait_for_permission, ask_again, &number), 0);
    ck_assert(unit_run_until(loop_base(loop), are_done, &all, DEADLINE_MS));
    ck_assert_uint_eq(not_run, 0);
    background_free(background);
    background_queue_free(queue);
    loop_free(loop);
}
END_TEST

START_TEST(those_that_wait_at_the_end_are_reported_and_never_begin) {
    unsigned numbers[JOBS];

    begin();
    for (unsigned i = 0; i < JOBS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(background_queue_run(queue, wait_for_permission, on_done, &numbers[i]), 0);
    }
    while (!atomic_load(&begun))
        unit_nap(1000);
    atomic_store(&may_end, true);
    background_free(background);
    ck_assert_uint_eq(done, JOBS);
    ck_assert_uint_eq(not_run, JOBS - 1);
    loop_free(loop);
    background_queue_free(queue);
}
END_TEST

static TCase *jobs(void) {
    TCase *group = tcase_create("jobs");

    tcase_add_test(group, jobs_run_one_after_the_other_in_their_order);
    tcase_add_test(group, a_job_that_is_reported_may_ask_for_another);
    tcase_add_test(group, those_that_wait_at_the_end_are_reported_and_never_begin);
    return group;
}

UNIT_MAIN("lib/event/background_queue", jobs)
