/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_move: bulk gets a carrier of its own, and goes back.
 */
#include "config.h"

#include "mux_pair.h"

#include "unit.h"

#include <unistd.h>

enum { TIMEOUT_MS = 30000, SMALL = 100, BULK = 3 * 1024 * 1024 };

static struct pair pair;

static void begin(void) {
    pair_begin(&pair, TIMEOUT_MS);
}

static void end(void) {
    pair_end(&pair);
}

/* The stream is ahead on the exclusive carrier, which is not read until the shared one has brought the rest. */
static struct wire *overtake(struct wire *shared) {
    struct wire *exclusive = pair_add_wire(&pair, true);
    struct party *client = pair_open(&pair, BULK);
    for (int i = 0; i < 200 && client->stream.carrier != exclusive->ends[SERVER].carrier; i++)
        pair_run(&pair, 1);
    shared->ends[AGENT].is_stuck = true;
    pair_run(&pair, 5);
    ck_assert(exclusive->ends[AGENT].is_later);
    return exclusive;
}

START_TEST(bulk_moves_to_an_exclusive_carrier_and_back) {
    struct wire *shared = pair_add_wire(&pair, false), *exclusive = pair_add_wire(&pair, true);
    struct party *client = pair_open(&pair, BULK);
    bool has_moved = false;
    for (int i = 0; i < 200 && client->appended < BULK; i++) {
        pair_run(&pair, 1);
        has_moved |= client->stream.carrier == exclusive->ends[SERVER].carrier;
    }
    ck_assert(has_moved);
    client->to_send += SMALL; /* FIN has not gone: it goes on, slowly */
    client->has_finished = client->stream.finished = false;
    pair_run_until_quiet(&pair, 200);
    party_assert_whole(pair_party(&pair, AGENT, 1), BULK + SMALL);
    (void)shared;
}
END_TEST

START_TEST(a_stream_that_grows_quiet_moves_back) {
    struct wire *shared = pair_add_wire(&pair, false), *exclusive = pair_add_wire(&pair, true);
    struct party *client = pair_open(&pair, UINT64_MAX);
    for (int i = 0; i < 200 && client->stream.carrier != exclusive->ends[SERVER].carrier; i++)
        pair_run(&pair, 1);
    ck_assert_ptr_eq(client->stream.carrier, exclusive->ends[SERVER].carrier);
    client->to_send = client->appended + SMALL;
    uint64_t rest = client->to_send;
    client->to_send = client->appended; /* quiet */
    client->has_finished = true;
    pair_run(&pair, 60);
    pair.skew_us = 4000000;
    pair_run(&pair, 60);
    ck_assert_ptr_eq(client->stream.carrier, shared->ends[SERVER].carrier);
    client->to_send = rest;
    client->has_finished = false;
    pair.skew_us = 0;
    pair_run_until_quiet(&pair, 50);
    party_assert_whole(pair_party(&pair, AGENT, 1), rest);
}
END_TEST

START_TEST(what_overtakes_on_an_exclusive_carrier_waits) {
    struct wire *shared = pair_add_wire(&pair, false), *exclusive = pair_add_wire(&pair, true);
    struct party *client = pair_open(&pair, BULK);
    for (int i = 0; i < 200 && client->stream.carrier != exclusive->ends[SERVER].carrier; i++)
        pair_run(&pair, 1);
    ck_assert_uint_gt(evbuffer_get_length(shared->ends[AGENT].in), 0);
    shared->ends[AGENT].is_stuck = true;
    pair_run(&pair, 5);
    struct party *destination = pair_party(&pair, AGENT, 1);
    uint64_t received = destination->received;
    pair_run(&pair, 5);
    ck_assert(exclusive->ends[AGENT].is_later);
    ck_assert_uint_eq(destination->received, received);
    shared->ends[AGENT].is_stuck = false;
    pair_run_until_quiet(&pair, 400);
    party_assert_whole(destination, BULK);
}
END_TEST

START_TEST(a_carrier_that_is_ahead_is_read_on_when_what_it_waits_for_is_lost) {
    struct wire *shared = pair_add_wire(&pair, false), *exclusive = overtake(shared);
    pair_add_wire(&pair, false);
    wire_lose(shared);
    ck_assert(!exclusive->ends[AGENT].is_later);
    pair_run_until_quiet(&pair, 400);
    party_assert_whole(pair_party(&pair, AGENT, 1), BULK);
}
END_TEST

START_TEST(a_carrier_that_is_ahead_is_read_on_when_its_stream_ends) {
    struct wire *exclusive = overtake(pair_add_wire(&pair, false));
    party_reset(pair_party(&pair, AGENT, 1));
    ck_assert(!exclusive->ends[AGENT].is_later);
    pair_run_until_quiet(&pair, 50);
    ck_assert_uint_eq(pair_party(&pair, SERVER, 1)->how, STREAM_HOW_RESET);
}
END_TEST

START_TEST(an_exclusive_carrier_serves_the_next_one) {
    pair_add_wire(&pair, false);
    struct wire *exclusive = pair_add_wire(&pair, true);
    for (uint32_t number = 1; number <= 2; number++) {
        struct party *client = pair_open(&pair, BULK);
        bool has_moved = false;
        for (int i = 0; i < 400 && !client->is_over; i++) {
            pair_run(&pair, 1);
            has_moved |= client->stream.carrier && client->stream.carrier == exclusive->ends[SERVER].carrier;
        }
        ck_assert(has_moved);
        pair_run_until_quiet(&pair, 50);
        party_assert_whole(pair_party(&pair, AGENT, number), BULK);
    }
}
END_TEST

/* The widest window of a bulk stream over a way that has no limit of its own, or that of `full_at`, and on which ACKs
 * come after so long. */
static uint32_t window_of_bulk(size_t full_at, unsigned delay_us) {
    pair_add_wire(&pair, false);
    struct wire *exclusive = pair_add_wire(&pair, true);
    struct party *client = pair_open(&pair, 12 * BULK);
    uint32_t window = 0;
    exclusive->full_at = full_at;
    exclusive->step = SIZE_MAX;
    for (int i = 0; i < 2000 && !client->is_over; i++) {
        exclusive->ends[SERVER].is_stuck = i % 4 != 3;
        if (i % 4 == 3)
            usleep(delay_us);
        for (int fills = 0; fills < 64; fills++) /* all that the window allows */
            party_fill(client);
        pair_run(&pair, 1);
        if (client->stream.window > window)
            window = client->stream.window;
    }
    exclusive->ends[SERVER].is_stuck = false;
    pair_run_until_quiet(&pair, 50);
    return window;
}

START_TEST(the_window_grows_on_a_long_way) {
    ck_assert_uint_gt(window_of_bulk(SIZE_MAX, 20000), 2 * MUX_WINDOW_FIRST);
}
END_TEST

START_TEST(the_window_stays_small_where_the_link_is_the_limit) {
    ck_assert_uint_le(window_of_bulk(MUX_WINDOW_FIRST / 4, 0), 2 * MUX_WINDOW_FIRST); /* a doubling is tried */
}
END_TEST

START_TEST(bulk_asks_for_an_exclusive_carrier) {
    pair_add_wire(&pair, false);
    pair_open(&pair, BULK);
    pair_run_until_quiet(&pair, 300);
    ck_assert_uint_ge(pair.wanted[SERVER][true], 1);
    ck_assert_uint_eq(pair.wanted[AGENT][true], 0);
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, bulk_moves_to_an_exclusive_carrier_and_back);
    tcase_add_test(group, a_stream_that_grows_quiet_moves_back);
    tcase_add_test(group, what_overtakes_on_an_exclusive_carrier_waits);
    tcase_add_test(group, a_carrier_that_is_ahead_is_read_on_when_what_it_waits_for_is_lost);
    tcase_add_test(group, a_carrier_that_is_ahead_is_read_on_when_its_stream_ends);
    tcase_add_test(group, an_exclusive_carrier_serves_the_next_one);
    tcase_add_test(group, the_window_grows_on_a_long_way);
    tcase_add_test(group, the_window_stays_small_where_the_link_is_the_limit);
    tcase_add_test(group, bulk_asks_for_an_exclusive_carrier);
    return group;
}

UNIT_MAIN("relay/mux/move", all)
