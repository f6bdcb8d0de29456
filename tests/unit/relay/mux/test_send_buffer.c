/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_send_buffer: what is kept until it is acknowledged, what it costs, and that nothing is lost when memory is out.
 */
#include "config.h"

#include "relay/mux/send_buffer.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum {
    KIB = 1024,
    PARTS = 17,
    OVERHEAD = sizeof(void *) + sizeof(uint64_t) + 2 * sizeof(uint32_t) + SEND_BUFFER_HEADER, /* of a block */
    SMALL_COST = 1024,
    MEDIUM_COST = OVERHEAD + SEND_MEMORY_FLOOR,
    LARGE_COST = OVERHEAD + SEND_BUFFER_RUN_MOST,
    WORLD = 1 << 19 /* of the random walk: at most so much is kept; a power of two */
};

static int blocks_left = -1; /* -1: no limit */

static const size_t costs[SEND_BLOCK_CLASSES] = {
    [SEND_BLOCK_SMALL] = SMALL_COST,
    [SEND_BLOCK_MEDIUM] = MEDIUM_COST,
    [SEND_BLOCK_LARGE] = LARGE_COST,
};

static bool is_block(size_t size) {
    int size_class = 0;
    while (size_class < SEND_BLOCK_CLASSES && costs[size_class] != size)
        size_class++;
    return size_class < SEND_BLOCK_CLASSES;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    if (blocks_left < 0 || !is_block(size)) /* Check's go through here, too */
        return __real_malloc(size);
    if (blocks_left == 0)
        return NULL;
    blocks_left--;
    return __real_malloc(size);
}

static struct send_memory memory;
static struct send_buffer buffer;
static uint8_t pattern[256 * KIB];

static void set_up(void) {
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 7 + i / 251);
    send_memory_init(&memory, SEND_MEMORY_LIMIT);
    send_buffer_init(&buffer, &memory);
}

static void tear_down(void) {
    send_buffer_clear(&buffer);
    ck_assert_uint_eq(memory.used, 0);
    send_memory_clear(&memory);
}

static void append(size_t length) {
    ck_assert(send_buffer_append(&buffer, pattern, length));
}

/* As a readv of `limit` bytes that found `length`. */
static void read_in(size_t limit, const uint8_t *bytes, size_t length) {
    struct iovec parts[PARTS];
    int count = send_buffer_reserve(&buffer, limit, parts, PARTS);
    size_t done = 0;
    for (int i = 0; i < count && done < length; i++) {
        size_t part = length - done < parts[i].iov_len ? length - done : parts[i].iov_len;
        memcpy(parts[i].iov_base, bytes + done, part);
        done += part;
    }
    ck_assert_uint_eq(done, length);
    send_buffer_commit(&buffer, length);
}

static void acknowledge(uint64_t position) {
    send_buffer_mark_sent(&buffer, position);
    ck_assert(send_buffer_ack(&buffer, position));
}

static void expect_run(uint64_t position, size_t length, bool has_header_room) {
    struct send_run run = send_buffer_peek(&buffer, position);
    ck_assert_uint_eq(run.length, length);
    ck_assert_int_eq(run.has_header_room, has_header_room);
    if (length > 0)
        ck_assert_mem_eq(run.bytes, pattern + position, length);
}

static size_t reserved(size_t limit, int most) {
    struct iovec parts[PARTS];
    size_t total = 0;
    for (int i = send_buffer_reserve(&buffer, limit, parts, most); i > 0; i--)
        total += parts[i - 1].iov_len;
    return total;
}

/* ---- what is kept ---- */

START_TEST(an_empty_buffer_keeps_nothing_and_owns_nothing) {
    expect_run(0, 0, false);
    ck_assert(send_buffer_ack(&buffer, 0));
    ck_assert(!send_buffer_ack(&buffer, 1));
    append(0);
    send_buffer_commit(&buffer, 0);
    ck_assert_uint_eq(send_buffer_kept(&buffer), 0);
    ck_assert_uint_eq(memory.used, 0);
}
END_TEST

START_TEST(messages_follow_each_other_in_a_block_and_the_first_has_header_room) {
    append(100);
    ck_assert(send_buffer_append(&buffer, pattern + 100, 50));
    expect_run(0, 150, true);
    expect_run(100, 50, false);
    expect_run(150, 0, false);
    ck_assert_uint_eq(memory.used, SMALL_COST);
}
END_TEST

START_TEST(a_header_written_in_place_changes_no_kept_byte) {
    append(100);
    struct send_run run = send_buffer_peek(&buffer, 0);
    memset(run.bytes - SEND_BUFFER_HEADER, 0xff, SEND_BUFFER_HEADER);
    expect_run(0, 100, true);
    acknowledge(60);
    run = send_buffer_peek(&buffer, 60);
    ck_assert(run.has_header_room);
    memset(run.bytes - SEND_BUFFER_HEADER, 0xff, SEND_BUFFER_HEADER);
    expect_run(60, 40, true);
}
END_TEST

START_TEST(bulk_is_read_into_blocks_that_fill_a_record_each) {
    read_in(4 * SEND_BUFFER_RUN_MOST, pattern, 4 * SEND_BUFFER_RUN_MOST);
    for (int i = 0; i < 4; i++)
        expect_run((uint64_t)i * SEND_BUFFER_RUN_MOST, SEND_BUFFER_RUN_MOST, true);
    ck_assert_uint_eq(memory.used, 4 * LARGE_COST);
}
END_TEST

START_TEST(the_next_read_goes_on_in_the_block_that_has_room) {
    read_in(64 * KIB, pattern, SEND_BUFFER_RUN_MOST + 6000);
    read_in(64 * KIB, pattern + SEND_BUFFER_RUN_MOST + 6000, 20000);
    expect_run(SEND_BUFFER_RUN_MOST, SEND_BUFFER_RUN_MOST, true);
    expect_run(SEND_BUFFER_RUN_MOST + 6000, SEND_BUFFER_RUN_MOST - 6000, false);
    expect_run(2 * SEND_BUFFER_RUN_MOST, 26000 - SEND_BUFFER_RUN_MOST, true);
}
END_TEST

START_TEST(a_resumption_goes_back_to_any_kept_position) {
    read_in(256 * KIB, pattern, 200 * KIB);
    acknowledge(20000);
    for (uint64_t at = 20000; at < 200 * KIB; at += 9999)
        ck_assert_mem_eq(send_buffer_peek(&buffer, at).bytes, pattern + at, 1);
    expect_run(20000, 2 * SEND_BUFFER_RUN_MOST - 20000, true);
    expect_run(19999, 0, false);
}
END_TEST

START_TEST(sending_on_does_not_search) {
    append(200 * KIB);
    for (uint64_t at = 0; at < 200 * KIB; at += SEND_BUFFER_RUN_MOST)
        expect_run(at, at < 12 * SEND_BUFFER_RUN_MOST ? SEND_BUFFER_RUN_MOST : 200 * KIB - at, true);
    ck_assert_ptr_eq(buffer.cursor, buffer.last);
}
END_TEST

START_TEST(clearing_gives_all_back_and_begins_at_position_0) {
    append(200 * KIB);
    acknowledge(3);
    send_buffer_clear(&buffer);
    ck_assert_uint_eq(memory.used, 0);
    ck_assert_uint_eq(buffer.begin + buffer.sent + buffer.end, 0);
    append(10);
    expect_run(0, 10, true);
}
END_TEST

static TCase *keeping(void) {
    TCase *group = tcase_create("keeping");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, an_empty_buffer_keeps_nothing_and_owns_nothing);
    tcase_add_test(group, messages_follow_each_other_in_a_block_and_the_first_has_header_room);
    tcase_add_test(group, a_header_written_in_place_changes_no_kept_byte);
    tcase_add_test(group, bulk_is_read_into_blocks_that_fill_a_record_each);
    tcase_add_test(group, the_next_read_goes_on_in_the_block_that_has_room);
    tcase_add_test(group, a_resumption_goes_back_to_any_kept_position);
    tcase_add_test(group, sending_on_does_not_search);
    tcase_add_test(group, clearing_gives_all_back_and_begins_at_position_0);
    return group;
}

/* ---- acknowledgement ---- */

START_TEST(an_acknowledgement_frees_the_blocks_before_it) {
    append(3 * SEND_BUFFER_RUN_MOST);
    acknowledge(SEND_BUFFER_RUN_MOST - 1);
    ck_assert_uint_eq(memory.used, 3 * LARGE_COST);
    acknowledge(SEND_BUFFER_RUN_MOST);
    ck_assert_uint_eq(memory.used, 2 * LARGE_COST);
    ck_assert(send_buffer_ack(&buffer, SEND_BUFFER_RUN_MOST)); /* once more */
    acknowledge(3 * SEND_BUFFER_RUN_MOST);
    ck_assert_uint_eq(memory.used, 0);
    ck_assert_uint_eq(buffer.begin, 3 * SEND_BUFFER_RUN_MOST);
}
END_TEST

START_TEST(what_was_not_sent_cannot_be_acknowledged) {
    append(100);
    send_buffer_mark_sent(&buffer, 60);
    ck_assert(!send_buffer_ack(&buffer, 61));
    ck_assert_uint_eq(send_buffer_kept(&buffer), 100);
    ck_assert(send_buffer_ack(&buffer, 50));
    send_buffer_mark_sent(&buffer, 55); /* sent again after a resumption */
    ck_assert(send_buffer_ack(&buffer, 60));
    ck_assert(!send_buffer_ack(&buffer, UINT64_MAX));
}
END_TEST

START_TEST(what_was_acknowledged_cannot_be_taken_back) {
    append(100);
    acknowledge(60);
    ck_assert(!send_buffer_ack(&buffer, 59));
    ck_assert_uint_eq(buffer.begin, 60);
    expect_run(60, 40, true);
}
END_TEST

static TCase *acknowledging(void) {
    TCase *group = tcase_create("acknowledging");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, an_acknowledgement_frees_the_blocks_before_it);
    tcase_add_test(group, what_was_not_sent_cannot_be_acknowledged);
    tcase_add_test(group, what_was_acknowledged_cannot_be_taken_back);
    return group;
}

/* ---- what it costs ---- */

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

/* ---- a walk at random, beside a plain array ---- */

static uint8_t world[WORLD]; /* the byte of a position is at its remainder */
static uint64_t seed;

static size_t pick(size_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)((seed >> 33) % below);
}

static size_t pick_length(void) {
    static const size_t most[] = {20, 1200, 5000, 20000, 140000};
    size_t length = pick(most[pick(5)]);
    size_t room = send_buffer_room(&buffer, WORLD);
    return length < room ? length : room;
}

static const uint8_t *new_bytes(size_t length) {
    static uint8_t bytes[140000];
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)pick(256);
    return bytes;
}

static void expect_added(uint64_t end, const uint8_t *bytes, size_t length) {
    ck_assert_uint_eq(buffer.end, end + length);
    for (size_t i = 0; i < length; i++)
        world[(end + i) % WORLD] = bytes[i];
}

static void walk_append(void) {
    size_t length = pick_length();
    uint64_t end = buffer.end;
    const uint8_t *bytes = new_bytes(length);
    blocks_left = pick(4) ? -1 : (int)pick(3);
    bool done = send_buffer_append(&buffer, bytes, length);
    ck_assert(done || blocks_left == 0);
    blocks_left = -1;
    expect_added(end, bytes, done ? length : 0);
}

static void walk_read(void) {
    struct iovec parts[PARTS];
    size_t limit = pick_length(), room = 0, length = 0;
    uint64_t end = buffer.end;
    blocks_left = pick(4) ? -1 : (int)pick(3);
    int count = send_buffer_reserve(&buffer, limit, parts, 1 + (int)pick(PARTS));
    for (int i = 0; i < count; i++)
        room += parts[i].iov_len;
    ck_assert_uint_le(room, limit);
    if (pick(3) && room > 0)
        length = pick(2) ? room : pick(room + 1);
    const uint8_t *bytes = new_bytes(length);
    for (size_t i = 0, done = 0; done < length; done += parts[i++].iov_len)
        memcpy(parts[i].iov_base, bytes + done, length - done < parts[i].iov_len ? length - done : parts[i].iov_len);
    send_buffer_commit(&buffer, length);
    blocks_left = -1;
    expect_added(end, bytes, length);
}

/* From a kept position on, with headers written where they may be. */
static void walk_send(void) {
    uint64_t at = buffer.begin + pick(send_buffer_kept(&buffer) + 1);
    for (size_t runs = pick(12); runs > 0 && at < buffer.end; runs--) {
        struct send_run run = send_buffer_peek(&buffer, at);
        ck_assert(run.length > 0 && run.length <= SEND_BUFFER_RUN_MOST && at + run.length <= buffer.end);
        if (run.has_header_room)
            memset(run.bytes - SEND_BUFFER_HEADER, 0xaa, SEND_BUFFER_HEADER);
        size_t equal = 0;
        while (equal < run.length && run.bytes[equal] == world[(at + equal) % WORLD])
            equal++;
        ck_assert_uint_eq(equal, run.length);
        at += pick(4) ? run.length : pick(run.length);
        send_buffer_mark_sent(&buffer, at);
    }
}

static void walk_ack(void) {
    uint64_t begin = buffer.begin, most = buffer.sent - begin;
    uint64_t position = begin + pick((size_t)most + 1) / (pick(3) ? 1 : 10);
    ck_assert(!send_buffer_ack(&buffer, buffer.sent + 1));
    ck_assert(!send_buffer_ack(&buffer, begin - 1));
    ck_assert_uint_eq(buffer.begin, begin);
    ck_assert(send_buffer_ack(&buffer, position));
    ck_assert_uint_eq(buffer.begin, position);
    if (send_buffer_kept(&buffer) == 0)
        ck_assert_uint_eq(memory.used, 0);
    ck_assert_uint_le(memory.used, send_buffer_kept(&buffer) + 2 * LARGE_COST + 300 * OVERHEAD);
}

START_TEST(a_walk_at_random_keeps_exactly_the_bytes_of_a_plain_array) {
    seed = (uint64_t)_i + 1;
    buffer.begin = buffer.sent = buffer.end = UINT32_MAX - 300000u; /* the positions pass 4 GiB */
    for (int step = 0; step < 1500; step++) {
        switch (pick(6)) {
        case 0:
            walk_append();
            break;
        case 1:
            walk_read();
            break;
        case 2:
        case 3:
            walk_send();
            break;
        default:
            walk_ack();
        }
    }
    ck_assert_uint_gt(buffer.end, UINT32_MAX);
    acknowledge(buffer.end);
    ck_assert_uint_eq(memory.used, 0);
}
END_TEST

static TCase *walking(void) {
    TCase *group = tcase_create("walking");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_loop_test(group, a_walk_at_random_keeps_exactly_the_bytes_of_a_plain_array, 0, 8);
    return group;
}

UNIT_MAIN("relay/mux/send_buffer", keeping, acknowledging, cost, limits, walking)
