/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_send_memory: what a send buffer costs, how much of the thread's memory a stream may keep, and that nothing is
 * lost when memory is out.
 */
#include "config.h"

#include "relay/mux/send_buffer_fixture.h"

#include "unit.h"

/* ---- what it costs ---- */

static size_t reserved(size_t limit, int most) {
    struct iovec parts[PARTS];
    size_t total = 0;
    for (int i = send_buffer_reserve(&buffer, limit, parts, most); i > 0; i--)
        total += parts[i - 1].iov_len;
    return total;
}

START_TEST(a_short_request_costs_a_small_block_however_large_the_read_was_to_be) {
    read_in(256 * KIB, pattern, 100);
    ck_assert_uint_eq(memory.used, SMALL_COST);
    expect_run(0, 100, true);
    read_in(256 * KIB, pattern + 100, 3000);
    ck_assert_uint_eq(memory.used, SMALL_COST + MEDIUM_COST);
    acknowledge(3100);
    ck_assert_uint_eq(memory.used, 0);
}
END_TEST

/* The other tests, and the malloc of this one, go by these costs. glibc puts 8 bytes in front of a block and rounds up
 * to 16; a large one is four pages so. */
START_TEST(each_class_of_blocks_costs_what_this_test_takes_it_for) {
    static const size_t lengths[SEND_BLOCK_CLASSES] = {1, SEND_MEMORY_FLOOR, SEND_BUFFER_RUN_MOST};
    for (int i = 0; i < SEND_BLOCK_CLASSES; i++) {
        append(lengths[i]);
        ck_assert_uint_eq(memory.used, costs[i]);
        acknowledge(buffer.end);
    }
    ck_assert_uint_le(LARGE_COST + 8, 4 * 4096);
}
END_TEST

START_TEST(blocks_grow_with_the_backlog) {
    for (size_t i = 0; i < 100; i++)
        ck_assert(send_buffer_append(&buffer, pattern + i * 1000, 1000));
    int runs = 0;
    for (uint64_t at = 0; at < 100000; runs++) {
        struct send_run run = send_buffer_peek(&buffer, at);
        ck_assert_mem_eq(run.bytes, pattern + at, run.length);
        at += run.length;
    }
    ck_assert_int_le(runs, 3 + 1 + 100000 / SEND_BUFFER_RUN_MOST); /* of 1 KiB each they would be 101 */
    ck_assert_uint_le(memory.used, 100000 + LARGE_COST);
}
END_TEST

START_TEST(a_part_of_nothing_is_reserved_for_a_limit_of_0_or_no_parts) {
    append(100);
    ck_assert_uint_eq(reserved(0, PARTS), 0);
    ck_assert_uint_eq(reserved(5000, 0), 0);
    ck_assert_uint_eq(reserved(50, PARTS), 50);
    ck_assert_uint_eq(reserved(50000, PARTS), 50000);
    ck_assert_uint_eq(reserved(SIZE_MAX, 2), SMALL_COST - OVERHEAD - 100 + SEND_BUFFER_RUN_MOST);
    ck_assert_uint_eq(memory.used, SMALL_COST);
}
END_TEST

static size_t spare_large(void) {
    return memory.spare[SEND_BLOCK_LARGE].count;
}

START_TEST(the_block_that_was_freed_last_is_used_first) {
    read_in(4 * SEND_BUFFER_RUN_MOST, pattern, 4 * SEND_BUFFER_RUN_MOST);
    const uint8_t *last = send_buffer_peek(&buffer, buffer.end - SEND_BUFFER_RUN_MOST).bytes;
    acknowledge(buffer.end);
    read_in(SEND_BUFFER_RUN_MOST, pattern, SEND_BUFFER_RUN_MOST);
    ck_assert_ptr_eq(send_buffer_peek(&buffer, buffer.begin).bytes, last);
}
END_TEST

static void fill_and_acknowledge(size_t blocks) {
    for (size_t i = 0; i < blocks; i += SEND_BUFFER_READ)
        read_in(SEND_BUFFER_READ * SEND_BUFFER_RUN_MOST, pattern, SEND_BUFFER_READ * SEND_BUFFER_RUN_MOST);
    acknowledge(buffer.end);
}

START_TEST(spare_blocks_that_bulk_uses_again_and_again_are_not_freed) {
    for (int i = 0; i < 3; i++) {
        fill_and_acknowledge(8 * SEND_MEMORY_SPARE);
        send_memory_trim(&memory);
        ck_assert_uint_eq(spare_large(), 8 * SEND_MEMORY_SPARE);
    }
}
END_TEST

START_TEST(spare_blocks_that_are_not_used_are_freed_by_halves_but_for_some) {
    fill_and_acknowledge(8 * SEND_MEMORY_SPARE);
    send_memory_trim(&memory);
    send_memory_trim(&memory);
    ck_assert_uint_eq(spare_large(), 4 * SEND_MEMORY_SPARE);
    for (int i = 0; i < 10; i++)
        send_memory_trim(&memory);
    ck_assert_uint_eq(spare_large(), SEND_MEMORY_SPARE);
}
END_TEST

static TCase *cost(void) {
    TCase *group = tcase_create("cost");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_short_request_costs_a_small_block_however_large_the_read_was_to_be);
    tcase_add_test(group, each_class_of_blocks_costs_what_this_test_takes_it_for);
    tcase_add_test(group, blocks_grow_with_the_backlog);
    tcase_add_test(group, a_part_of_nothing_is_reserved_for_a_limit_of_0_or_no_parts);
    tcase_add_test(group, the_block_that_was_freed_last_is_used_first);
    tcase_add_test(group, spare_blocks_that_bulk_uses_again_and_again_are_not_freed);
    tcase_add_test(group, spare_blocks_that_are_not_used_are_freed_by_halves_but_for_some);
    return group;
}

/* ---- the limit of memory ---- */

START_TEST(the_share_of_a_stream_shrinks_evenly_from_half_to_five_eighths_of_the_limit) {
    enum { WINDOW = 64 * KIB, LIMIT = 1 << 20 };
    static const struct {
        size_t used, room;
    } cases[] = {
        {0, WINDOW},
        {LIMIT / 2, WINDOW},
        {LIMIT / 2 + LIMIT / 16, (WINDOW + SEND_MEMORY_FLOOR) / 2},
        {LIMIT / 2 + LIMIT / 8 - 1, SEND_MEMORY_FLOOR},
        {LIMIT / 2 + LIMIT / 8, SEND_MEMORY_FLOOR},
        {LIMIT, SEND_MEMORY_FLOOR},
        {SIZE_MAX, SEND_MEMORY_FLOOR},
    };
    memory.limit = LIMIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memory.used = cases[i].used;
        ck_assert_uint_eq(send_buffer_room(&buffer, WINDOW), cases[i].room);
        ck_assert_uint_eq(send_buffer_room(&buffer, 1000), 1000);
    }
    memory.used = 0;
}
END_TEST

START_TEST(what_is_kept_counts_and_more_than_the_share_leaves_no_room) {
    append(10000);
    ck_assert_uint_eq(send_buffer_room(&buffer, 64 * KIB), 64 * KIB - 10000);
    acknowledge(4000);
    ck_assert_uint_eq(send_buffer_room(&buffer, 64 * KIB), 64 * KIB - 6000);
    ck_assert_uint_eq(send_buffer_room(&buffer, 6000), 0);
    ck_assert_uint_eq(send_buffer_room(&buffer, 5000), 0);
}
END_TEST

/* A sixteenth of the limit and of the streams. They read what there is room for, are acknowledged most of it, and then
 * nothing any more. */
START_TEST(ten_thousand_stuck_readers_stay_within_the_limit) {
    enum { STREAMS = 10000 / 16, WINDOW = 64 * KIB };
    static struct send_buffer streams[STREAMS];
    size_t least = WINDOW;
    memory.limit = SEND_MEMORY_LIMIT / 16;
    for (int i = 0; i < STREAMS; i++) {
        struct send_buffer *stream = &streams[i];
        send_buffer_init(stream, &memory);
        for (int step = 0; send_buffer_room(stream, WINDOW) > 0; step++) {
            size_t room = send_buffer_room(stream, WINDOW), size = step == 1 ? 1 : room < 20000 ? room : 20000;
            ck_assert(send_buffer_append(stream, pattern, size));
            send_buffer_mark_sent(stream, stream->end);
            if (step == 0)
                ck_assert(send_buffer_ack(stream, stream->end - 1));
        }
        if (send_buffer_kept(stream) < least)
            least = send_buffer_kept(stream);
    }
    ck_assert_uint_le(memory.used, memory.limit);
    ck_assert_uint_gt(memory.used, memory.limit / 4 * 3); /* else the limit could be lower */
    ck_assert_uint_eq(least, SEND_MEMORY_FLOOR);
    for (int i = 0; i < STREAMS; i++)
        send_buffer_clear(&streams[i]);
}
END_TEST

START_TEST(without_memory_an_append_changes_nothing) {
    append(500);
    for (int left = 0; left < 3; left++) {
        blocks_left = left;
        ck_assert(!send_buffer_append(&buffer, pattern, 60000));
        blocks_left = -1;
        ck_assert_uint_eq(buffer.end, 500);
        ck_assert_uint_eq(memory.used, SMALL_COST);
        expect_run(0, 500, true);
        tear_down();
        append(500);
    }
    blocks_left = 0;
    ck_assert(send_buffer_append(&buffer, pattern + 500, 400)); /* into the block that is there */
    blocks_left = -1;
    expect_run(0, 900, true);
}
END_TEST

START_TEST(without_memory_less_is_reserved) {
    append(500);
    blocks_left = 2;
    ck_assert_uint_eq(reserved(60000, PARTS), SMALL_COST - OVERHEAD - 500 + 2 * SEND_BUFFER_RUN_MOST);
    send_memory_clear(&(struct send_memory){.spare[SEND_BLOCK_LARGE] = memory.spare[SEND_BLOCK_LARGE]});
    memory.spare[SEND_BLOCK_LARGE] = (struct send_spare){0};
    ck_assert_uint_eq(reserved(60000, PARTS), SMALL_COST - OVERHEAD - 500);
    blocks_left = -1;
}
END_TEST

START_TEST(without_memory_for_a_small_block_a_read_stays_in_the_large_one) {
    blocks_left = 1;
    read_in(16 * KIB, pattern, 100);
    blocks_left = -1;
    ck_assert_uint_eq(memory.used, LARGE_COST);
    expect_run(0, 100, true);
}
END_TEST

static TCase *limits(void) {
    TCase *group = tcase_create("limits");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, the_share_of_a_stream_shrinks_evenly_from_half_to_five_eighths_of_the_limit);
    tcase_add_test(group, what_is_kept_counts_and_more_than_the_share_leaves_no_room);
    tcase_add_test(group, ten_thousand_stuck_readers_stay_within_the_limit);
    tcase_add_test(group, without_memory_an_append_changes_nothing);
    tcase_add_test(group, without_memory_less_is_reserved);
    tcase_add_test(group, without_memory_for_a_small_block_a_read_stays_in_the_large_one);
    return group;
}

UNIT_MAIN("relay/mux/send_memory", cost, limits)
