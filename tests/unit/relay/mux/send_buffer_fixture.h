/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * send_buffer_fixture: a send buffer and the memory that it takes blocks of, which can be out; for
 * tcase_add_checked_fixture. Link with --wrap=malloc.
 * Runs on: one thread, one test process. Owns: both, and all blocks are back when it ends.
 */
#ifndef MUNNEL_TESTS_SEND_BUFFER_FIXTURE_H
#define MUNNEL_TESTS_SEND_BUFFER_FIXTURE_H

#include "relay/mux/send_buffer.h"

enum {
    KIB = 1024,
    PARTS = 17, /* for send_buffer_reserve */
    OVERHEAD = sizeof(void *) + sizeof(uint64_t) + 2 * sizeof(uint32_t) + SEND_BUFFER_HEADER, /* of a block */
    SMALL_COST = 1024,
    MEDIUM_COST = OVERHEAD + SEND_MEMORY_FLOOR,
    LARGE_COST = OVERHEAD + SEND_BUFFER_RUN_MOST
};

extern struct send_memory memory;
extern struct send_buffer buffer;
extern uint8_t pattern[256 * KIB];
extern const size_t costs[SEND_BLOCK_CLASSES];
extern int blocks_left; /* that malloc gives; -1: no limit */

void set_up(void);
void tear_down(void);

void append(size_t length); /* of the pattern's first bytes */
/* As a readv of `limit` bytes that found `length`. */
void read_in(size_t limit, const uint8_t *bytes, size_t length);
void acknowledge(uint64_t position); /* which was sent */
/* What a peek at `position` returns; the bytes are the pattern's there. */
void expect_run(uint64_t position, size_t length, bool has_header_room);

#endif
