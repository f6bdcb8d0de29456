/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * send_buffer_fixture: see send_buffer_fixture.h.
 */
#include "config.h"

#include "relay/mux/send_buffer_fixture.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

int blocks_left = -1;

const size_t costs[SEND_BLOCK_CLASSES] = {
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

struct send_memory memory;
struct send_buffer buffer;
uint8_t pattern[256 * KIB];

void set_up(void) {
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 7 + i / 251);
    send_memory_init(&memory, SEND_MEMORY_LIMIT);
    send_buffer_init(&buffer, &memory);
}

void tear_down(void) {
    send_buffer_clear(&buffer);
    ck_assert_uint_eq(memory.used, 0);
    send_memory_clear(&memory);
}

void append(size_t length) {
    ck_assert(send_buffer_append(&buffer, pattern, length));
}

void read_in(size_t limit, const uint8_t *bytes, size_t length) {
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

void acknowledge(uint64_t position) {
    send_buffer_mark_sent(&buffer, position);
    ck_assert(send_buffer_ack(&buffer, position));
}

void expect_run(uint64_t position, size_t length, bool has_header_room) {
    struct send_run run = send_buffer_peek(&buffer, position);
    ck_assert_uint_eq(run.length, length);
    ck_assert_int_eq(run.has_header_room, has_header_room);
    if (length > 0)
        ck_assert_mem_eq(run.bytes, pattern + position, length);
}
