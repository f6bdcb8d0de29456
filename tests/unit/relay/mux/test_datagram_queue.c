/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_datagram_queue: what a queue keeps, what it drops, and that each drop is counted.
 */
#include "config.h"

#include "relay/mux/datagram_queue.h"

#include "unit.h"

#include <string.h>

enum { MOST = 4, AGE_US = 1000, LIMIT = 10000, KEPT = sizeof(struct datagram) };

static const struct datagram_limits limits = {.bytes = 4000, .count = MOST, .age_us = AGE_US};
static struct datagram_memory memory;
static struct datagram_counts counts;
static struct datagram_queue queue;

static void begin(void) {
    memory = (struct datagram_memory){.limit = LIMIT};
    memset(&counts, 0, sizeof counts);
    datagram_queue_init(&queue, &memory, &limits, &counts, DATAGRAM_IN);
}

static void end(void) {
    datagram_queue_end(&queue);
    ck_assert_uint_eq(memory.used, 0);
}

static uint64_t dropped(enum datagram_drop why) {
    return counter_read(&counts.dropped[DATAGRAM_IN][why]);
}

static void add(struct datagram_queue *to, uint8_t mark, size_t length, uint64_t now_us) {
    uint8_t bytes[LIMIT] = {mark};
    datagram_queue_add(to, bytes, length, now_us);
}

static void expect(uint8_t mark, size_t length) {
    const struct datagram *first = datagram_queue_first(&queue, 0);
    ck_assert_ptr_nonnull(first);
    ck_assert_uint_eq(first->length, length);
    ck_assert(length == 0 || first->bytes[0] == mark);
    datagram_queue_take(&queue);
}

START_TEST(datagrams_come_out_whole_and_in_order) {
    add(&queue, 1, 100, 0);
    add(&queue, 2, 0, 0);
    add(&queue, 3, 1, 0);
    expect(1, 100);
    expect(2, 0);
    expect(3, 1);
    ck_assert_ptr_null(datagram_queue_first(&queue, 0));
    ck_assert_uint_eq(dropped(DATAGRAM_DROP_QUEUE), 0);
}
END_TEST

START_TEST(the_oldest_goes_where_there_are_too_many) {
    for (uint8_t i = 0; i < MOST + 3; i++)
        add(&queue, i, 1, 0);
    ck_assert_uint_eq(dropped(DATAGRAM_DROP_QUEUE), 3);
    for (uint8_t i = 3; i < MOST + 3; i++)
        expect(i, 1);
}
END_TEST

START_TEST(the_oldest_go_where_there_are_too_many_bytes) {
    add(&queue, 1, 1500, 0);
    add(&queue, 2, 1500, 0);
    add(&queue, 3, 4000 - KEPT, 0); /* all that may wait */
    ck_assert_uint_eq(dropped(DATAGRAM_DROP_QUEUE), 2);
    expect(3, 4000 - KEPT);
}
END_TEST

START_TEST(what_is_larger_than_the_queue_is_dropped) {
    add(&queue, 1, 4001 - KEPT, 0);
    ck_assert_ptr_null(datagram_queue_first(&queue, 0));
    ck_assert_uint_eq(dropped(DATAGRAM_DROP_QUEUE), 1);
}
END_TEST

START_TEST(all_queues_of_a_thread_have_a_bound) {
    struct datagram_queue other;
    datagram_queue_init(&other, &memory, &limits, &counts, DATAGRAM_IN);
    memory.limit = 3000;
    add(&other, 1, 2900 - KEPT, 0);
    add(&queue, 2, 400, 0); /* it has none of its own to make room by */
    ck_assert_ptr_null(datagram_queue_first(&queue, 0));
    ck_assert_uint_eq(dropped(DATAGRAM_DROP_QUEUE), 1);
    datagram_queue_end(&other);
    ck_assert_uint_eq(dropped(DATAGRAM_DROP_ENDED), 1);
    add(&queue, 3, 200, 0);
    expect(3, 200);
}
END_TEST

START_TEST(full_share_leaves_room_to_others_and_each_empty_queue_may_have_one) {
    struct datagram_memory whole = {.limit = 6400},
                           shares[2] = {{.limit = 1600, .whole = &whole}, {.limit = 1600, .whole = &whole}};
    struct datagram_queue full[2], other;
    for (int i = 0; i < 2; i++)
        datagram_queue_init(&full[i], &shares[0], &limits, &counts, DATAGRAM_IN);
    datagram_queue_init(&other, &shares[1], &limits, &counts, DATAGRAM_IN);
    for (int i = 0; i < 3; i++)
        add(&full[0], 1, 800 - KEPT, 0);
    ck_assert_uint_eq(full[0].count, 2);
    add(&full[1], 2, 100 - KEPT, 0); /* a 16th */
    ck_assert_uint_eq(full[1].count, 1);
    add(&full[1], 3, 100 - KEPT, 0); /* instead of that */
    ck_assert_uint_eq(full[1].count, 1);
    add(&queue, 4, 1, 0);
    add(&other, 5, 1600 - KEPT, 0);
    ck_assert_uint_eq(other.count, 1);
    ck_assert_uint_eq(whole.used, 1600 + 100 + 1600);
    ck_assert_uint_eq(shares[0].used, 1600 + 100);
    datagram_queue_end(&other);
    datagram_queue_end(&full[0]);
    datagram_queue_end(&full[1]);
    ck_assert_uint_eq(whole.used + shares[0].used + shares[1].used, 0);
}
END_TEST

START_TEST(what_has_waited_for_too_long_is_dropped_in_its_turn) {
    add(&queue, 1, 1, 10);
    add(&queue, 2, 1, 20);
    ck_assert_ptr_nonnull(datagram_queue_first(&queue, 10 + AGE_US));
    const struct datagram *first = datagram_queue_first(&queue, 11 + AGE_US);
    ck_assert_ptr_nonnull(first);
    ck_assert_uint_eq(first->bytes[0], 2);
    ck_assert_ptr_null(datagram_queue_first(&queue, 21 + AGE_US));
    ck_assert_uint_eq(dropped(DATAGRAM_DROP_STALE), 2);
}
END_TEST

static TCase *queues(void) {
    TCase *group = tcase_create("queue");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, datagrams_come_out_whole_and_in_order);
    tcase_add_test(group, the_oldest_goes_where_there_are_too_many);
    tcase_add_test(group, the_oldest_go_where_there_are_too_many_bytes);
    tcase_add_test(group, what_is_larger_than_the_queue_is_dropped);
    tcase_add_test(group, all_queues_of_a_thread_have_a_bound);
    tcase_add_test(group, full_share_leaves_room_to_others_and_each_empty_queue_may_have_one);
    tcase_add_test(group, what_has_waited_for_too_long_is_dropped_in_its_turn);
    return group;
}

UNIT_MAIN("relay/mux/datagram_queue", queues)
