/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_mux_memory: streams while memory is out. Each allocation of the mux fails once, alone and with those that
 * follow, while streams are opened, filled, read, lost and ended: none of them hangs, and the carriers stay.
 */
#include "config.h"

#include "mux_pair.h"

#include "fail_malloc.h"
#include "unit.h"

#include <limits.h>

enum { TIMEOUT_MS = 30000, STREAMS = 40, SMALL = 100, BULK = 150000, FAILURES = 64, ROUNDS = 50, WAIT_US = 31000000 };

static struct pair pair;

static void begin(void) {
    pair_begin(&pair, TIMEOUT_MS);
}

static void end(void) {
    fail_malloc_end();
    pair_end(&pair);
}

static struct wire *add_wire(bool is_exclusive) {
    struct wire *wire = NULL;
    while (!wire) /* the next try is not one of those that fail, in the end */
        wire = pair_add_wire(&pair, is_exclusive);
    return wire;
}

static void open_some(unsigned count, uint64_t size) {
    for (unsigned i = 0; i < count; i++)
        pair_open(&pair, size);
}

static void live_through_losses(void) {
    struct wire *first = add_wire(false), *second = add_wire(false);
    pair.agent_sends = SMALL;
    open_some(STREAMS / 2, SMALL);
    pair_run(&pair, 3);
    open_some(STREAMS / 4, BULK);
    wire_cut(first, SMALL, 2 * SMALL);
    wire_cut(second, SMALL, 2 * SMALL);
    pair_run(&pair, 2);
    wire_notice(first, SERVER);
    wire_notice(second, AGENT);
    add_wire(true);
    struct wire *third = add_wire(false);
    wire_notice(first, AGENT);
    wire_notice(second, SERVER);
    open_some(STREAMS / 4, BULK);
    pair_run(&pair, 3);
    for (uint32_t number = 1; number <= pair.highest; number += 5) {
        if (pair_party(&pair, SERVER, number) && !pair_party(&pair, SERVER, number)->is_over)
            party_reset(pair_party(&pair, SERVER, number));
    }
    wire_lose(third);
    add_wire(false);
    pair_run(&pair, 40);
}

static void assert_each_is_over(void) {
    for (uint32_t number = 1; number <= pair.highest; number++) {
        for (int at = 0; at < 2; at++) {
            const struct party *party = pair_party(&pair, at, number), *other = pair_party(&pair, !at, number);
            ck_assert(!party || party->wrong == 0);
            if (party && party->how == STREAM_HOW_WHOLE)
                party_assert_whole(party, other->to_send);
        }
    }
}

static unsigned run_with_failures(unsigned from, unsigned count) {
    fail_malloc_begin(from, count);
    live_through_losses();
    fail_malloc_end();
    for (int i = 0; i < ROUNDS && !pair_is_quiet(&pair); i++)
        pair_run(&pair, 8);
    pair.skew_us = WAIT_US; /* a stream that waits for an answer for ever is given up */
    for (int i = 0; i < ROUNDS && !pair_is_quiet(&pair); i++)
        pair_run(&pair, 8);
    ck_assert_msg(pair_is_quiet(&pair), "allocation %u fails: a stream hangs", from);
    assert_each_is_over();
    return fail_malloc_counted();
}

START_TEST(each_allocation_may_fail) {
    unsigned from = 1, most = 1;
    pair_end(&pair);
    for (; from <= most; from++) {
        pair_begin(&pair, TIMEOUT_MS);
        most = run_with_failures(from, _i ? FAILURES : 1);
        if (from < most)
            pair_end(&pair);
    }
    ck_assert_uint_gt(most, STREAMS); /* else nothing was tried */
}
END_TEST

START_TEST(a_read_that_got_no_block_is_tried_again) {
    add_wire(false);
    struct party *client = pair_open(&pair, SMALL);
    fail_malloc_begin(1, UINT_MAX);
    party_fill(client);
    ck_assert(client->is_blocked);
    ck_assert(!mux_stream_append(&client->stream, (const uint8_t *)"more", 4));
    pair_sweep(&pair);
    ck_assert(client->is_blocked);
    fail_malloc_end();
    pair_run_until_quiet(&pair, 20);
    party_assert_whole(pair_party(&pair, AGENT, 1), SMALL);
}
END_TEST

/* What is not remembered must not be answered as if the peer had taken its last frame: the peer did not, and would
 * close one link after the other. */
START_TEST(an_outcome_that_could_not_be_remembered_is_a_reset) {
    struct wire *first = add_wire(false);
    struct party *client = pair_open(&pair, BULK);
    pair_run(&pair, 3);
    fail_malloc_begin(1, UINT_MAX);
    party_reset(pair_party(&pair, AGENT, 1));
    fail_malloc_end();
    wire_lose(first);
    add_wire(false);
    pair_run_until_quiet(&pair, 20);
    ck_assert_uint_eq(client->how, STREAM_HOW_RESET);
}
END_TEST

static TCase *memory(void) {
    TCase *group = tcase_create("memory");
    tcase_add_checked_fixture(group, begin, end);
    tcase_set_timeout(group, 120);
    tcase_add_loop_test(group, each_allocation_may_fail, 0, 2);
    tcase_add_test(group, a_read_that_got_no_block_is_tried_again);
    tcase_add_test(group, an_outcome_that_could_not_be_remembered_is_a_reset);
    return group;
}

UNIT_MAIN("relay/mux/memory", memory)
