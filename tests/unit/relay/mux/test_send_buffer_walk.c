/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_send_buffer_walk: all that can be done to a send buffer, at random, beside a plain array of the same bytes.
 */
#include "config.h"

#include "relay/mux/send_buffer_fixture.h"

#include "unit.h"

#include <string.h>

enum { WORLD = 1 << 19 /* at most so much is kept; a power of two */ };

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

UNIT_MAIN("relay/mux/send_buffer_walk", walking)
