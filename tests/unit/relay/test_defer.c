/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_defer: what is deferred runs, also when there was no memory for the timer.
 */
#include "config.h"

#include "lib/event/defer.h"
#include "relay/plane_priv.h"
#include "unit.h"

enum { PATIENCE_MS = 3000 };

static bool has_no_memory;
static int runs;

int __real_event_add(struct event *event, const struct timeval *limit);
int __wrap_event_add(struct event *event, const struct timeval *limit);
int __wrap_event_add(struct event *event, const struct timeval *limit) {
    return has_no_memory ? -1 : __real_event_add(event, limit);
}

static void on_run(struct defer_item *item) {
    (void)item;
    runs++;
}

static bool has_run(void *context) {
    return runs >= *(int *)context;
}

START_TEST(items_run_once_each_in_a_later_turn) {
    struct event_base *base = event_base_new();
    struct defer_queue again;
    struct defer_item items[2] = {{.run = on_run}, {.run = on_run}};
    int both = 2;
    defer_queue_init(&again, base, _i == 0 ? 0 : 1000);
    defer_add(&again, &items[0]);
    defer_add(&again, &items[0]);
    defer_add(&again, &items[1]);
    ck_assert_int_eq(runs, 0);
    ck_assert(unit_run_until(base, has_run, &both, PATIENCE_MS));
    defer_check(&again); /* nothing is left */
    ck_assert_int_eq(runs, 2);
    defer_queue_stop(&again);
    event_base_free(base);
}
END_TEST

/* The thread's sweep comes round, whose timer is there from the beginning. */
START_TEST(an_item_without_a_timer_runs_at_the_next_sweep) {
    static const struct plane_events events = {0};
    struct error error = {""};
    struct defer_item item = {.run = on_run};
    struct loop *loop = loop_new("test");
    int one = 1;
    const struct plane_options options = {.threads = 1,
                                          .control = loop,
                                          .instance = "00112233445566778899aabbccddeeff",
                                          .greeting_ms = 5000,
                                          .events = &events};
    struct plane *plane = plane_new(&options, &error);
    ck_assert_msg(plane, "%s", error.text);
    struct relay_thread *thread = plane->threads[0];
    struct defer_queue *const queues[] = {&thread->again,         &thread->deferred, &thread->rechecks,
                                          &thread->write_retries, &thread->held,     &thread->deliveries};
    has_no_memory = true;
    defer_add(queues[_i], &item);
    has_no_memory = false;
    ck_assert_int_eq(event_pending(&queues[_i]->timer, EV_TIMEOUT, NULL), 0);
    ck_assert(unit_run_until(relay_thread_base(thread), has_run, &one, PATIENCE_MS));
    plane_free(plane);
    loop_free(loop);
}
END_TEST

static TCase *deferred(void) {
    TCase *group = tcase_create("deferred");
    tcase_add_loop_test(group, items_run_once_each_in_a_later_turn, 0, 2);
    tcase_add_loop_test(group, an_item_without_a_timer_runs_at_the_next_sweep, 0, 6);
    return group;
}

UNIT_MAIN("relay/again", deferred)
