/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_receive: what a hostile peer sends.
 */
#include "config.h"

#include "mux_pair.h"

#include "unit.h"

enum { TIMEOUT_MS = 30000, SMALL = 100 };

static struct pair pair;

static void begin(void) {
    pair_begin(&pair, TIMEOUT_MS);
}

static void end(void) {
    pair_end(&pair);
}

static const char *violation_of(int at, enum frame_type type, uint32_t stream, size_t length) {
    static const uint8_t zeros[100];
    struct frame frame = {.type = type, .stream = stream, .payload = zeros, .length = length};
    const char *detail = NULL;
    return mux_take_frame(pair.wires[0].ends[at].carrier, &frame, &detail) == MUX_VIOLATION ? detail : NULL;
}

START_TEST(a_stream_that_was_never_opened_has_no_frames) {
    pair_add_wire(&pair, false);
    ck_assert_ptr_nonnull(violation_of(SERVER, FRAME_OPENED, 1, 0));
    ck_assert_ptr_nonnull(violation_of(SERVER, FRAME_RESUME, 1, 12));
    ck_assert_ptr_nonnull(violation_of(SERVER, FRAME_OPEN, 1, 8));
    ck_assert_ptr_nonnull(violation_of(AGENT, FRAME_DATA, 1, 10));
    ck_assert_ptr_nonnull(violation_of(AGENT, FRAME_ACK, 1, 8));
    ck_assert_ptr_nonnull(violation_of(AGENT, FRAME_OPEN, UINT32_MAX, 8));
    ck_assert_ptr_nonnull(violation_of(AGENT, FRAME_RESUME, UINT32_MAX, 12));
    ck_assert_ptr_null(violation_of(AGENT, FRAME_RESUME, 1, 12)); /* its OPEN may have been lost */
}
END_TEST

START_TEST(frames_out_of_order_are_violations) {
    pair_add_wire(&pair, false);
    pair.agent_reads = false;
    for (int i = 0; i < 2; i++)
        pair_open(&pair, SMALL);
    pair_run(&pair, 3);
    ck_assert_ptr_nonnull(violation_of(AGENT, FRAME_OPEN, 2, 8));
    ck_assert_ptr_nonnull(violation_of(AGENT, FRAME_OPENED, 2, 0));
    ck_assert(!mux_take_pong(pair.wires[0].ends[AGENT].carrier, (const uint8_t[FRAME_PING_SIZE]){1}));
    ck_assert_ptr_nonnull(violation_of(AGENT, FRAME_RESUME, 2, 12));
    party_reset(pair_party(&pair, AGENT, 2));
    ck_assert_ptr_null(violation_of(AGENT, FRAME_DATA, 2, 10)); /* was under way when it ended */
    pair_party(&pair, AGENT, 1)->reads = true;
    pair_run_until_quiet(&pair, 20);
}
END_TEST

static void take(enum frame_type type, uint32_t stream, size_t length) {
    static const uint8_t zeros[FRAME_DATA_MAX];
    struct frame frame = {.type = type, .stream = stream, .payload = zeros, .length = length};
    const char *detail = NULL;
    ck_assert_int_eq(mux_take_frame(pair.wires[0].ends[AGENT].carrier, &frame, &detail), MUX_TAKEN);
}

START_TEST(neighbouring_bytes_reach_the_stream_in_one_call) {
    pair_add_wire(&pair, false);
    take(FRAME_OPEN, 1, FRAME_OPEN_SIZE);
    take(FRAME_OPEN, 2, FRAME_OPEN_SIZE);
    struct party *first = pair_party(&pair, AGENT, 1), *second = pair_party(&pair, AGENT, 2);
    take(FRAME_DATA, 1, 10);
    take(FRAME_DATA, 1, 20);
    ck_assert_uint_eq(first->received, 0);
    take(FRAME_DATA, 2, 5); /* of another stream: the first has its bytes */
    ck_assert_uint_eq(first->received, 30);
    ck_assert_uint_eq(first->calls, 1);
    take(FRAME_FIN, 2, 0);
    ck_assert_uint_eq(second->received, 5);
    ck_assert(second->got_fin);
    take(FRAME_DATA, 1, 7);
    take(FRAME_RESET, 1, 0);
    ck_assert_uint_eq(first->received, 37);
    ck_assert(first->is_over);
    take(FRAME_RESET, 2, 0);
    take(FRAME_OPEN, 3, FRAME_OPEN_SIZE);
    take(FRAME_DATA, 3, 1);
    mux_frames_end(pair.wires[0].ends[AGENT].carrier);
    ck_assert_uint_eq(pair_party(&pair, AGENT, 3)->received, 1);
    take(FRAME_DATA, 3, 1);
    party_reset(pair_party(&pair, AGENT, 3));
    mux_frames_end(pair.wires[0].ends[AGENT].carrier); /* not to a stream that is over */
    ck_assert_uint_eq(pair_party(&pair, AGENT, 3)->received, 1);
}
END_TEST

/* A link is closed for the frame behind DATA: what was taken counts as taken after a resumption, and must have arrived
 * before the link's memory is used again. */
START_TEST(bytes_taken_before_a_carrier_is_lost_have_reached_the_stream) {
    static const uint8_t byte;
    struct frame frame = {.type = FRAME_DATA, .stream = 1, .payload = &byte, .length = 1};
    const char *detail = NULL;
    pair_add_wire(&pair, false);
    take(FRAME_OPEN, 1, FRAME_OPEN_SIZE);
    struct party *party = pair_party(&pair, AGENT, 1);
    ck_assert_int_eq(mux_take_frame(pair.wires[0].ends[AGENT].carrier, &frame, &detail), MUX_TAKEN);
    wire_lose(&pair.wires[0]);
    ck_assert_uint_eq(party->received, 1);
    party_reset(party);
}
END_TEST

START_TEST(an_agent_opens_nothing) {
    pair_add_wire(&pair, false);
    struct party *client = pair_open(&pair, SMALL);
    ck_assert_str_eq(violation_of(SERVER, FRAME_OPEN, 1, FRAME_OPEN_SIZE), "OPEN from the agent");
    party_reset(client);
    ck_assert_str_eq(violation_of(SERVER, FRAME_OPEN, 1, FRAME_OPEN_SIZE), "OPEN from the agent"); /* over, too */
    ck_assert_ptr_null(violation_of(SERVER, FRAME_ACK, 1, 8));
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, a_stream_that_was_never_opened_has_no_frames);
    tcase_add_test(group, frames_out_of_order_are_violations);
    tcase_add_test(group, bytes_taken_before_a_carrier_is_lost_have_reached_the_stream);
    tcase_add_test(group, an_agent_opens_nothing);
    tcase_add_test(group, neighbouring_bytes_reach_the_stream_in_one_call);
    return group;
}

UNIT_MAIN("relay/mux/receive", all)
