/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_defer: order, cancelling, and that an item that adds itself again waits for the next turn.
 */
#include "config.h"

#include "lib/event/defer.h"
#include "unit.h"

#include <string.h>

enum { ITEMS = 3, DEADLINE_MS = 3000 };

static struct {
    struct event_base *base;
    struct defer_queue queue;
    struct defer_item items[ITEMS];
    char order[16]; /* a digit for each run */
    size_t runs;
    bool adds_again;
} world;

static void on_run(struct defer_item *item) {
    world.order[world.runs++] = (char)('0' + (item - world.items));
    if (world.adds_again)
        defer_add(&world.queue, item);
}

static void begin(unsigned delay_us) {
    memset(&world, 0, sizeof world);
    world.base = event_base_new();
    defer_queue_init(&world.queue, world.base, delay_us);
    for (int i = 0; i < ITEMS; i++)
        world.items[i] = (struct defer_item){.run = on_run};
}

static void end(void) {
    defer_queue_stop(&world.queue);
    event_base_free(world.base);
}

static bool have_run(void *context) {
    return world.runs >= *(const size_t *)context;
}

static const unsigned delays_us[] = {0, 2000};

START_TEST(items_run_once_each_in_order) {
    size_t wanted = 2;

    begin(delays_us[_i]);
    defer_add(&world.queue, &world.items[2]);
    defer_add(&world.queue, &world.items[0]);
    defer_add(&world.queue, &world.items[2]); /* is queued already */
    ck_assert_uint_eq(world.runs, 0);
    ck_assert(unit_run_until(world.base, have_run, &wanted, DEADLINE_MS));
    unit_run_rounds(world.base, 3);
    ck_assert_str_eq(world.order, "20");
    end();
}
END_TEST

START_TEST(a_cancelled_item_does_not_run) {
    size_t wanted = 2;

    begin(0);
    for (int i = 0; i < ITEMS; i++)
        defer_add(&world.queue, &world.items[i]);
    defer_cancel(&world.queue, &world.items[1]);
    defer_cancel(&world.queue, &world.items[1]);
    ck_assert(unit_run_until(world.base, have_run, &wanted, DEADLINE_MS));
    unit_run_rounds(world.base, 3);
    ck_assert_str_eq(world.order, "02");
    end();
}
END_TEST

START_TEST(the_last_item_cancelled_leaves_a_queue_that_works) {
    size_t wanted = 2;

    begin(0);
    defer_add(&world.queue, &world.items[0]);
    defer_add(&world.queue, &world.items[1]);
    defer_cancel(&world.queue, &world.items[1]);
    defer_add(&world.queue, &world.items[2]);
    ck_assert(unit_run_until(world.base, have_run, &wanted, DEADLINE_MS));
    ck_assert_str_eq(world.order, "02");
    end();
}
END_TEST

START_TEST(an_item_that_adds_itself_waits_for_the_next_turn) {
    size_t wanted = 1;

    begin(0);
    world.adds_again = true;
    defer_add(&world.queue, &world.items[0]);
    ck_assert(unit_run_until(world.base, have_run, &wanted, DEADLINE_MS));
    ck_assert_uint_lt(world.runs, 4); /* one in each turn, and not all in one */
    world.adds_again = false;
    end();
}
END_TEST

static TCase *queues(void) {
    TCase *group = tcase_create("queues");

    tcase_add_loop_test(group, items_run_once_each_in_order, 0, 2);
    tcase_add_test(group, a_cancelled_item_does_not_run);
    tcase_add_test(group, the_last_item_cancelled_leaves_a_queue_that_works);
    tcase_add_test(group, an_item_that_adds_itself_waits_for_the_next_turn);
    return group;
}

UNIT_MAIN("lib/event/defer", queues)
