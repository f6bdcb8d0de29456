/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_thread: a relay thread's table of links, its lists of links that are not accepted yet, and its queues when there
 * is no memory for their timers.
 */
#include "config.h"

#include "relay/thread_priv.h"

#include "lib/base/clock.h"
#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 3000, MANY = 1000, LINKS = 3, ORDERS = 6 };

static bool has_no_memory;

int __real_event_add(struct event *event, const struct timeval *limit);
int __wrap_event_add(struct event *event, const struct timeval *limit);
int __wrap_event_add(struct event *event, const struct timeval *limit) {
    return has_no_memory ? -1 : __real_event_add(event, limit);
}

static uint64_t frozen_us; /* the time if it stands still, so that no handshake of a test grows old; 0: it goes on */

uint64_t __real_clock_us(void);
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return frozen_us ? frozen_us : __real_clock_us();
}

static struct loop *loop;
static struct relay_thread *thread;
static int started;

static void on_start(struct link *link) {
    ck_assert(link->is_handshaking);
    started++;
}

static void on_nothing_to_sweep(struct relay_thread *swept, uint64_t now_us) {
    (void)swept, (void)now_us;
}

static void on_nothing_to_end(struct relay_thread *ended) {
    (void)ended;
}

static void set_up(void) {
    static const struct plane_options options = {.threads = 1};
    static const struct relay_thread_ops ops = {.start_link = on_start,
                                                .sweep = on_nothing_to_sweep,
                                                .end = on_nothing_to_end};
    started = 0;
    frozen_us = 0;
    loop = loop_new("test");
    ck_assert_ptr_nonnull(loop);
    thread = relay_thread_new(&options, &ops, 5, loop);
    ck_assert_ptr_nonnull(thread);
}

static void tear_down(void) {
    relay_thread_end(thread);
    relay_thread_free(thread);
    loop_free(loop);
}

/* ---- the table ---- */

static struct link_ref give(struct link *link) {
    struct link_ref ref = {0};
    ck_assert(relay_thread_give_slot(thread, link, &ref));
    ck_assert_uint_eq(ref.thread, 5);
    ck_assert_uint_ne(ref.generation, 0);
    return ref;
}

START_TEST(a_name_never_leads_to_the_successor) {
    struct link old, next;
    struct link_ref of_old = give(&old);
    ck_assert_ptr_eq(relay_thread_find(thread, of_old), &old);
    relay_thread_take_slot(thread, of_old);
    ck_assert_ptr_null(relay_thread_find(thread, of_old));
    struct link_ref of_next = give(&next);
    ck_assert_uint_eq(of_next.slot, of_old.slot);
    ck_assert_ptr_null(relay_thread_find(thread, of_old));
    ck_assert_ptr_eq(relay_thread_find(thread, of_next), &next);
    relay_thread_take_slot(thread, of_next);
}
END_TEST

START_TEST(a_generation_is_never_that_of_no_link) {
    struct link link;
    relay_thread_take_slot(thread, give(&link));
    thread->generations[0] = UINT32_MAX;
    struct link_ref ref = give(&link);
    ck_assert_uint_eq(ref.slot, 0);
    ck_assert_uint_eq(ref.generation, 1);
    relay_thread_take_slot(thread, ref);
}
END_TEST

START_TEST(a_slot_that_never_was_has_no_link) {
    ck_assert_ptr_null(relay_thread_find(thread, (struct link_ref){.slot = 0, .generation = 1}));
    ck_assert_ptr_null(relay_thread_find(thread, (struct link_ref){.slot = UINT32_MAX, .generation = 1}));
}
END_TEST

START_TEST(the_table_grows_and_finds_all) {
    static struct link links[MANY];
    static struct link_ref refs[MANY];
    for (int i = 0; i < MANY; i++)
        refs[i] = give(&links[i]);
    for (int i = 0; i < MANY; i++) {
        ck_assert_uint_eq(refs[i].slot, (unsigned)i);
        ck_assert_ptr_eq(relay_thread_find(thread, refs[i]), &links[i]);
    }
    relay_thread_take_slot(thread, refs[700]);
    relay_thread_take_slot(thread, refs[3]);
    ck_assert_uint_eq(give(&links[3]).slot, 3); /* the lowest that is free */
    ck_assert_uint_eq(give(&links[700]).slot, 700);
    for (uint32_t slot = 0; slot < MANY; slot++)
        relay_thread_take_slot(thread, (struct link_ref){.slot = slot});
}
END_TEST

static TCase *table(void) {
    TCase *group = tcase_create("table");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_name_never_leads_to_the_successor);
    tcase_add_test(group, a_generation_is_never_that_of_no_link);
    tcase_add_test(group, a_slot_that_never_was_has_no_link);
    tcase_add_test(group, the_table_grows_and_finds_all);
    return group;
}

/* ---- links that are not accepted yet ---- */

static const int orders[ORDERS][LINKS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

START_TEST(links_leave_the_list_of_greetings_in_any_order) {
    static struct link links[LINKS];
    for (int i = 0; i < LINKS; i++)
        relay_thread_await_greeting(thread, &links[i]);
    for (int i = 0; i < LINKS; i++) {
        relay_thread_greeted(&links[orders[_i][i]]);
        relay_thread_greeted(&links[orders[_i][i]]); /* changes nothing */
        int left = 0;
        for (const struct link *link = thread->greeting; link; link = link->greeting_next)
            left++;
        ck_assert_int_eq(left, LINKS - 1 - i);
    }
}
END_TEST

START_TEST(links_leave_the_queue_of_handshakes_in_any_order) {
    static struct link links[LINKS], last;
    for (int i = 0; i < LINKS; i++)
        relay_thread_start_later(thread, &links[i]);
    ck_assert_ptr_eq(thread->starting, &links[0]); /* first in, first out */
    ck_assert_ptr_eq(thread->starting->queue_next, &links[1]);
    relay_thread_forget(thread, &links[orders[_i][0]]);
    relay_thread_forget(thread, &links[orders[_i][1]]);
    ck_assert_ptr_eq(thread->starting, &links[orders[_i][2]]);
    relay_thread_start_later(thread, &last);
    ck_assert_ptr_eq(thread->starting->queue_next, &last);
    ck_assert_ptr_null(last.queue_next);
    relay_thread_forget(thread, &last);
    relay_thread_forget(thread, &links[orders[_i][2]]);
    ck_assert_ptr_null(thread->starting);
}
END_TEST

/* ---- handshakes that wait for their turn ---- */

enum { HANDSHAKES = RELAY_THREAD_HANDSHAKES_MAX + 8 };

static bool are_started(void *context) {
    const int *count = context;
    return started >= *count;
}

static void expect_started(int count) {
    ck_assert_msg(unit_run_until(relay_thread_base(thread), are_started, &count, SOON_MS), "%d started", started);
    unit_run_rounds(relay_thread_base(thread), 5);
    ck_assert_int_eq(started, count);
}

static struct link *adopt_many(void) {
    static struct link links[HANDSHAKES];
    memset(links, 0, sizeof links);
    frozen_us = clock_us();
    for (int i = 0; i < HANDSHAKES; i++) {
        links[i].thread = thread;
        links[i].begun_us = clock_us();
        relay_thread_start_later(thread, &links[i]);
    }
    return links;
}

/* All side by side they would all miss their deadline when a thousand agents come at once. */
START_TEST(a_handshake_begins_when_another_one_is_over) {
    struct link *links = adopt_many();
    expect_started(RELAY_THREAD_HANDSHAKES_MAX);
    ck_assert_ptr_eq(thread->starting, &links[RELAY_THREAD_HANDSHAKES_MAX]);
    relay_thread_greeted(&links[5]);
    relay_thread_greeted(&links[5]); /* changes nothing */
    expect_started(RELAY_THREAD_HANDSHAKES_MAX + 1);
}
END_TEST

/* Else as many silent peers would keep all others out. */
START_TEST(a_handshake_that_does_not_go_on_keeps_others_out_for_a_moment_only) {
    struct link *links = adopt_many();
    expect_started(RELAY_THREAD_HANDSHAKES_MAX);
    for (int i = 0; i < 3; i++)
        links[i].begun_us -= RELAY_THREAD_HANDSHAKE_US;
    expect_started(RELAY_THREAD_HANDSHAKES_MAX + 3);
    relay_thread_greeted(&links[0]); /* it counts no more */
    expect_started(RELAY_THREAD_HANDSHAKES_MAX + 3);
}
END_TEST

START_TEST(a_deadline_stands_still_while_its_link_waits_for_its_turn) {
    enum { WAITED_US = 20000000, DEADLINE_US = 5000000 };
    static struct link link;
    uint64_t now_us = clock_us();
    link = (struct link){.thread = thread, .begun_us = now_us - WAITED_US, .deadline_us = now_us + DEADLINE_US};
    relay_thread_start_later(thread, &link);
    expect_started(1);
    ck_assert_uint_ge(link.begun_us, now_us);
    ck_assert_uint_ge(link.deadline_us, now_us + DEADLINE_US + WAITED_US);
}
END_TEST

static TCase *handshakes(void) {
    TCase *group = tcase_create("handshakes");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_handshake_begins_when_another_one_is_over);
    tcase_add_test(group, a_handshake_that_does_not_go_on_keeps_others_out_for_a_moment_only);
    tcase_add_test(group, a_deadline_stands_still_while_its_link_waits_for_its_turn);
    return group;
}

static TCase *lists(void) {
    TCase *group = tcase_create("lists");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_loop_test(group, links_leave_the_list_of_greetings_in_any_order, 0, ORDERS);
    tcase_add_loop_test(group, links_leave_the_queue_of_handshakes_in_any_order, 0, ORDERS);
    return group;
}

/* ---- queues ---- */

static int runs;

static void on_run(struct defer_item *item) {
    (void)item;
    runs++;
}

static bool has_run(void *context) {
    (void)context;
    return runs > 0;
}

/* The sweep comes round, whose timer is there from the beginning. */
START_TEST(an_item_without_memory_for_its_timer_runs_at_the_next_sweep) {
    struct defer_item item = {.run = on_run};
    struct defer_queue *const queues[] = {&thread->again, &thread->turns, &thread->ends, &thread->rechecks,
                                          &thread->write_retries};
    has_no_memory = true;
    defer_add(queues[_i], &item);
    has_no_memory = false;
    ck_assert_int_eq(event_pending(&queues[_i]->timer, EV_TIMEOUT, NULL), 0);
    ck_assert(unit_run_until(relay_thread_base(thread), has_run, NULL, SOON_MS));
}
END_TEST

static TCase *queues_of_a_thread(void) {
    TCase *group = tcase_create("queues");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_loop_test(group, an_item_without_memory_for_its_timer_runs_at_the_next_sweep, 0, 5);
    return group;
}

UNIT_MAIN("relay/thread", table, lists, handshakes, queues_of_a_thread)
