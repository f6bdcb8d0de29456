/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_move: bulk gets a carrier of its own, and goes back.
 */
#include "config.h"

#include "mux_pair.h"

#include "lib/base/clock.h"
#include "relay/mux/mux_priv.h"
#include "unit.h"

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

/* The last frame of this burst is the one that makes it bulk. It must not go where nothing can be acknowledged. */
START_TEST(a_burst_that_is_over_when_it_counts_as_bulk_holds_no_exclusive_carrier) {
    pair_add_wire(&pair, false);
    struct wire *exclusive = pair_add_wire(&pair, true);
    pair.agent_sends = 140000;
    pair.agent_keeps_open = true;
    pair_open(&pair, SMALL);
    pair_run(&pair, 60);
    struct party *agent = pair_party(&pair, AGENT, 1);
    ck_assert_uint_eq(agent->stream.rules.acked, pair.agent_sends);
    pair.skew_us = 4000000;
    pair_run(&pair, 60);
    ck_assert(!mux_carrier_is_used(exclusive->ends[AGENT].carrier));
    pair.skew_us = 0;
    party_reset(agent);
    pair_run_until_quiet(&pair, 10);
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
            unit_nap(delay_us);
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
    uint32_t window = 0;
    for (int i = 0; i < 5 && window < 2 * MUX_WINDOW_FIRST; i++) /* a busy machine makes any rate of a round */
        window = window_of_bulk(SIZE_MAX, 20000);
    ck_assert_uint_ge(window, 2 * MUX_WINDOW_FIRST);
}
END_TEST

static void step_until_client_moves(struct party *client) {
    for (int i = 0; i < 1000 && !stream_carrier_is_exclusive(client->stream.rules.out); i++)
        pair_step(&pair); /* no sweep, which would send the ACK before */
    ck_assert(stream_carrier_is_exclusive(client->stream.rules.out));
}

/* It keeps SEND_MEMORY_FLOOR, less than the receiver waits for before it sends an ACK of its own. */
START_TEST(a_bulk_stream_that_is_short_of_memory_goes_on_without_a_sweep) {
    pair_add_wire(&pair, false);
    pair_add_wire(&pair, true);
    struct party *client = pair_open(&pair, BULK);
    step_until_client_moves(client);
    pair.memory[SERVER].used += SEND_MEMORY_LIMIT; /* by others */
    for (int i = 0; i < 3000 && client->appended < BULK / 2; i++)
        pair_step(&pair);
    pair.memory[SERVER].used -= SEND_MEMORY_LIMIT;
    ck_assert_uint_ge(client->appended, BULK / 2);
    pair_run_until_quiet(&pair, 400);
    party_assert_whole(pair_party(&pair, AGENT, 1), BULK);
}
END_TEST

START_TEST(a_carrier_is_used_by_a_stream_that_only_receives_by_it) {
    pair_add_wire(&pair, false);
    struct wire *exclusive = pair_add_wire(&pair, true);
    ck_assert(!mux_carrier_is_used(exclusive->ends[AGENT].carrier));
    struct party *client = pair_open(&pair, UINT64_MAX);
    step_until_client_moves(client);
    pair_party(&pair, AGENT, 1)->reads = false;
    pair_run(&pair, 50);
    ck_assert(mux_carrier_is_used(exclusive->ends[AGENT].carrier));
    party_reset(client);
    pair_run_until_quiet(&pair, 10);
    ck_assert(!mux_carrier_is_used(exclusive->ends[AGENT].carrier));
}
END_TEST

/* A stream that has just moved to it at the peer would be reset. */
START_TEST(a_carrier_counts_as_used_where_streams_do_not_outlive_it) {
    pair_end(&pair);
    pair_begin(&pair, 0);
    pair_add_wire(&pair, false);
    struct wire *exclusive = pair_add_wire(&pair, true);
    ck_assert(mux_carrier_is_used(exclusive->ends[AGENT].carrier));
}
END_TEST

START_TEST(the_window_never_grows_beyond_what_the_peer_allows) {
    struct wire *shared = pair_add_wire(&pair, false);
    struct wire *exclusive = pair_add_wire(&pair, true);
    struct party *client = pair_open(&pair, UINT64_MAX);
    step_until_client_moves(client);
    uint32_t before = client->stream.window = MUX_WINDOW_EXCLUSIVE - MUX_WINDOW_FIRST / 2;
    exclusive->step = SIZE_MAX;
    for (int i = 0; i < 1000 && client->stream.window == before; i++) {
        client->stream.rate = 0;                      /* any is faster */
        shared->ends[SERVER].is_stuck = i % 32 != 31; /* ACKs are waited for */
        for (int fills = 0; fills < 128; fills++)
            party_fill(client);
        pair_run(&pair, 1);
    }
    shared->ends[SERVER].is_stuck = false;
    ck_assert_uint_eq(client->stream.window, MUX_WINDOW_EXCLUSIVE);
    party_reset(client);
    pair_run_until_quiet(&pair, 10);
}
END_TEST

START_TEST(the_window_stays_small_where_the_link_is_the_limit) {
    ck_assert_uint_le(window_of_bulk(MUX_WINDOW_FIRST / 4, 0), 2 * MUX_WINDOW_FIRST); /* a doubling is tried */
}
END_TEST

START_TEST(an_ack_that_waits_while_its_stream_moves_is_sent_all_the_same) {
    static const uint8_t little[1000];
    pair_add_wire(&pair, false);
    pair_add_wire(&pair, true);
    pair.agent_sends = sizeof little;
    pair.agent_keeps_open = true;
    struct party *client = pair_open(&pair, BULK);
    step_until_client_moves(client);
    struct party *agent = pair_party(&pair, AGENT, 1);
    ck_assert_uint_eq(client->received, sizeof little);
    ck_assert_uint_eq(agent->stream.rules.acked, 0);
    for (int i = 0; i < 3; i++) {
        pair_sweep(&pair);
        pair_step(&pair);
    }
    ck_assert_uint_eq(agent->stream.rules.acked, sizeof little);
    party_reset(client);
    pair_run_until_quiet(&pair, 10);
}
END_TEST

START_TEST(bulk_may_leave_before_its_carriers_turn) {
    static const uint8_t bytes[SEND_BUFFER_RUN_MOST];
    struct wire *shared = pair_add_wire(&pair, false), *exclusive = pair_add_wire(&pair, true);
    struct party *client = pair_open(&pair, UINT64_MAX);
    ck_assert(!mux_stream_push(&client->stream)); /* a shared carrier sends by turns */
    ck_assert_uint_eq(evbuffer_get_length(shared->ends[AGENT].in), 0);
    step_until_client_moves(client);
    client->has_finished = true;   /* it appends no more */
    for (int i = 0; i < 20; i++) { /* all is sent */
        pair_step(&pair);
        pair_sweep(&pair);
    }
    size_t before = evbuffer_get_length(exclusive->ends[AGENT].in);
    ck_assert(mux_stream_append(&client->stream, bytes, sizeof bytes));
    ck_assert(mux_stream_push(&client->stream));
    mux_send_pushed(pair.muxes[SERVER]);
    ck_assert_uint_ge(evbuffer_get_length(exclusive->ends[AGENT].in), before + FRAME_HEADER + sizeof bytes);
    party_reset(client);
    pair_run_until_quiet(&pair, 10);
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

START_TEST(to_wait_for_a_limit_of_bandwidth_is_no_bulk) {
    static const uint8_t bytes[SMALL];
    uint64_t now_us = clock_us();
    pair_add_wire(&pair, false);
    struct mux_stream *stream = &pair_open(&pair, SMALL)->stream;
    ck_assert(mux_stream_append(stream, bytes, sizeof bytes));
    stream->is_limited = true;
    mux_note_sent(stream, MUX_WINDOW_SHARED, now_us);
    for (int i = 0; i < 10; i++)
        mux_note_starved(stream, now_us);
    mux_stream_try_move(stream, now_us);
    ck_assert_uint_eq(pair.wanted[SERVER][true], 0);
    stream->is_limited = false;
    mux_stream_try_move(stream, now_us);
    ck_assert_uint_eq(pair.wanted[SERVER][true], 1);
    party_reset(pair_party(&pair, SERVER, 1));
    pair_run_until_quiet(&pair, 10);
}
END_TEST

START_TEST(a_stream_with_a_limit_that_moves_much_is_bulk) {
    static const uint8_t bytes[SMALL];
    uint64_t now_us = clock_us();
    pair_add_wire(&pair, false);
    struct mux_stream *stream = &pair_open(&pair, SMALL)->stream;
    ck_assert(mux_stream_append(stream, bytes, sizeof bytes));
    stream->is_limited = true;
    mux_note_sent(stream, 3 * MUX_WINDOW_SHARED, now_us);
    mux_stream_try_move(stream, now_us);
    ck_assert_uint_eq(pair.wanted[SERVER][true], 1);
    party_reset(pair_party(&pair, SERVER, 1));
    pair_run_until_quiet(&pair, 10);
}
END_TEST

START_TEST(as_many_exclusive_carriers_are_asked_for_as_there_are_bulk_streams) {
    enum { STREAMS = 5 };
    unsigned asked = 0;
    pair_add_wire(&pair, false);
    for (int i = 0; i < STREAMS; i++)
        ck_assert_ptr_nonnull(pair_open(&pair, UINT64_MAX));
    for (int i = 0; i < 100 && asked < STREAMS; i++) { /* on a machine that stands still their second may be over */
        pair_run(&pair, 20);
        unit_nap(110000); /* not oftener than each 100 ms */
        pair.wanted[SERVER][true] = 0;
        pair_step(&pair);
        asked = pair.wanted[SERVER][true];
    }
    ck_assert_uint_eq(asked, STREAMS);
    for (uint32_t number = 1; number <= STREAMS; number++)
        party_reset(pair_party(&pair, SERVER, number));
    pair_run_until_quiet(&pair, 10);
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, bulk_moves_to_an_exclusive_carrier_and_back);
    tcase_add_test(group, a_stream_that_grows_quiet_moves_back);
    tcase_add_test(group, a_burst_that_is_over_when_it_counts_as_bulk_holds_no_exclusive_carrier);
    tcase_add_test(group, what_overtakes_on_an_exclusive_carrier_waits);
    tcase_add_test(group, a_carrier_that_is_ahead_is_read_on_when_what_it_waits_for_is_lost);
    tcase_add_test(group, a_carrier_that_is_ahead_is_read_on_when_its_stream_ends);
    tcase_add_test(group, an_exclusive_carrier_serves_the_next_one);
    tcase_add_test(group, the_window_grows_on_a_long_way);
    tcase_add_test(group, a_bulk_stream_that_is_short_of_memory_goes_on_without_a_sweep);
    tcase_add_test(group, a_carrier_is_used_by_a_stream_that_only_receives_by_it);
    tcase_add_test(group, a_carrier_counts_as_used_where_streams_do_not_outlive_it);
    tcase_add_test(group, the_window_never_grows_beyond_what_the_peer_allows);
    tcase_add_test(group, the_window_stays_small_where_the_link_is_the_limit);
    tcase_add_test(group, an_ack_that_waits_while_its_stream_moves_is_sent_all_the_same);
    tcase_add_test(group, bulk_may_leave_before_its_carriers_turn);
    tcase_add_test(group, bulk_asks_for_an_exclusive_carrier);
    tcase_add_test(group, to_wait_for_a_limit_of_bandwidth_is_no_bulk);
    tcase_add_test(group, a_stream_with_a_limit_that_moves_much_is_bulk);
    tcase_add_test(group, as_many_exclusive_carriers_are_asked_for_as_there_are_bulk_streams);
    return group;
}

UNIT_MAIN("relay/mux/move", all)
