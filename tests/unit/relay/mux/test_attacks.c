/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_attacks: a peer with a credential that sends as much of everything as it can. What it costs has a limit.
 * Tries receive.c and the bounds in mux.h.
 */
#include "config.h"

#include "mux_pair.h"

#include "unit.h"

#include <stdlib.h>

enum { TIMEOUT_MS = 30000, MANY = 20000, SMALL = 100, WIDE = 9000, STEP = FRAME_DATA_MAX };

static struct pair pair;
static struct wire *wire;
static struct mux_stream *targets; /* of what the agent accepts, by number; NULL: refused */
static unsigned over;

static void begin(void) {
    pair_begin(&pair, TIMEOUT_MS);
    wire = pair_add_wire(&pair, false);
    wire->ends[SERVER].is_stuck = true;
    targets = NULL;
    over = 0;
}

static void end(void) {
    pair_end(&pair);
    free(targets);
}

/* ---- an agent that only counts ---- */

static void on_opened(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    (void)stream, (void)payload, (void)length;
}

static void on_bytes(struct mux_stream *stream, struct iovec *parts, int count, size_t total, bool is_last) {
    (void)stream, (void)parts, (void)count, (void)total, (void)is_last;
}

static void on_any(struct mux_stream *stream) {
    (void)stream;
}

static void on_over(struct mux_stream *stream, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    (void)stream, (void)how, (void)payload, (void)length;
    over++;
}

static int accept_target(struct pair *of, uint32_t number, const uint8_t *payload, struct error *error) {
    static const struct mux_stream_events events = {on_opened, on_bytes, on_any, on_any, on_any, on_any, on_over, NULL};
    if (payload[0] == UINT8_MAX)
        return error_set(error, "OPEN that names nothing");
    if (!targets)
        return 0;
    struct mux_stream *stream = &targets[number];
    stream->events = &events;
    ck_assert(mux_accept(of->muxes[AGENT], stream, number));
    mux_stream_opened(stream, NULL, 0);
    return 0;
}

static void accept_targets(size_t count) {
    targets = calloc(count + 1, sizeof *targets);
    ck_assert_ptr_nonnull(targets);
    pair.accept = accept_target;
}

static void reset_targets(size_t count) {
    for (size_t i = 1; i <= count; i++)
        mux_stream_reset(&targets[i], NULL, 0);
}

/* ---- what the attacker sends ---- */

/* NULL, or the agent's reason. */
static const char *send_by(struct wire *by, enum frame_type type, uint32_t number, const void *payload, size_t length) {
    struct frame frame = {.type = type, .stream = number, .payload = payload, .length = length};
    const char *detail = NULL;
    (void)mux_take_frame(by->ends[AGENT].carrier, &frame, &detail);
    mux_frames_end(by->ends[AGENT].carrier);
    return detail;
}

static const char *send_zeros(enum frame_type type, uint32_t number, size_t length) {
    static const uint8_t zeros[STEP];
    return send_by(wire, type, number, zeros, length);
}

static const char *send_epoch(struct wire *by, enum frame_type type, uint32_t number, uint32_t epoch,
                              uint64_t position) {
    uint8_t payload[12];
    for (int i = 3; i >= 0; i--, epoch >>= 8)
        payload[i] = (uint8_t)epoch;
    for (int i = 11; i >= 4; i--, position >>= 8)
        payload[i] = (uint8_t)position;
    return send_by(by, type, number, payload, sizeof payload);
}

static struct mux_counts agent_counts(void) {
    struct mux_counts counts;
    mux_count(pair.muxes[AGENT], &counts);
    return counts;
}

static size_t unread(void) {
    return evbuffer_get_length(wire->ends[SERVER].in);
}

/* The first number for which `type` is a violation. */
static uint32_t flood(enum frame_type type, size_t length, const char *expected) {
    const char *detail = NULL;
    uint32_t number = 0;
    while (!detail && number < 10u * MUX_STREAMS_MOST)
        detail = send_zeros(type, ++number, length);
    ck_assert_pstr_eq(detail, expected);
    return number;
}

/* ---- tests ---- */

START_TEST(streams_opened_and_reset_at_once_leave_nothing) {
    accept_targets(MANY);
    for (uint32_t number = 1; number <= MANY; number++) {
        ck_assert_ptr_null(send_zeros(FRAME_OPEN, number, FRAME_OPEN_SIZE));
        ck_assert_ptr_null(send_zeros(FRAME_RESET, number, 0));
    }
    ck_assert_uint_eq(over, MANY);
    ck_assert_uint_eq(agent_counts().streams, 0);
    ck_assert_uint_eq(agent_counts().outcomes, 0);
}
END_TEST

START_TEST(streams_whose_end_is_never_confirmed_are_limited) {
    static const char expected[] = "more streams than a session may have";
    pair.accept = accept_target; /* none: all are refused */
    if (_i)
        flood(FRAME_RESUME, 12, expected);
    else
        flood(FRAME_OPEN, FRAME_OPEN_SIZE, expected);
    ck_assert_uint_eq(agent_counts().outcomes, 2 * MUX_STREAMS_MOST);
}
END_TEST

START_TEST(a_malformed_open_is_a_violation_and_opens_nothing) {
    static const uint8_t malformed[FRAME_OPEN_SIZE] = {UINT8_MAX};
    accept_targets(1);
    ck_assert_pstr_eq(send_by(wire, FRAME_OPEN, 1, malformed, sizeof malformed), "OPEN that names nothing");
    ck_assert_uint_eq(agent_counts().streams + agent_counts().outcomes, 0);
}
END_TEST

START_TEST(streams_that_are_open_are_limited) {
    accept_targets(2 * MUX_STREAMS_MOST);
    flood(FRAME_OPEN, FRAME_OPEN_SIZE, "more streams than a session may have");
    ck_assert_uint_eq(agent_counts().streams, 2 * MUX_STREAMS_MOST);
    reset_targets(2 * MUX_STREAMS_MOST);
}
END_TEST

START_TEST(a_server_keeps_to_half_of_that) {
    struct mux_stream *clients = calloc(MUX_STREAMS_MOST + 1, sizeof *clients);
    ck_assert_ptr_nonnull(clients);
    for (size_t i = 0; i < MUX_STREAMS_MOST; i++)
        ck_assert(mux_open(pair.muxes[SERVER], &clients[i], (const uint8_t *)"", 0));
    ck_assert(!mux_open(pair.muxes[SERVER], &clients[MUX_STREAMS_MOST], (const uint8_t *)"", 0));
    for (size_t i = 0; i < MUX_STREAMS_MOST; i++)
        mux_stream_reset(&clients[i], NULL, 0);
    ck_assert(!mux_open(pair.muxes[SERVER], &clients[MUX_STREAMS_MOST], (const uint8_t *)"", 0));
    free(clients);
}
END_TEST

/* Who forges the source of each datagram makes a session of each; clients of TCP go by the same mux. */
START_TEST(sessions_of_datagrams_have_half_of_a_servers) {
    struct datagram_memory memory = {.used = 0};
    struct datagram_counts counts;
    struct datagram_queue queue;
    struct mux_stream *clients = calloc(MUX_STREAMS_MOST + 1, sizeof *clients), other = {.number = 0};
    ck_assert_ptr_nonnull(clients);
    memset(&counts, 0, sizeof counts);
    datagram_queue_init(&queue, &memory, &datagram_limits_of_link, &counts, DATAGRAM_IN);
    for (size_t i = 0; i < MUX_SESSIONS_MOST; i++) {
        clients[i].datagrams = &queue;
        ck_assert(mux_open(pair.muxes[SERVER], &clients[i], (const uint8_t *)"", 0));
    }
    other.datagrams = &queue;
    ck_assert(!mux_open(pair.muxes[SERVER], &other, (const uint8_t *)"", 0));
    for (size_t i = MUX_SESSIONS_MOST; i < MUX_STREAMS_MOST; i++)
        ck_assert(mux_open(pair.muxes[SERVER], &clients[i], (const uint8_t *)"", 0));
    for (size_t i = 0; i < MUX_STREAMS_MOST; i++)
        mux_stream_reset(&clients[i], NULL, 0);
    free(clients);
}
END_TEST

START_TEST(ends_of_what_was_never_opened_leave_nothing) {
    static const uint8_t how = 2;
    for (uint32_t number = 1; number <= 10 * MANY; number++)
        ck_assert_ptr_null(send_by(wire, number % 2 ? FRAME_RESET : FRAME_ENDED, number, &how, number % 2 ? 0 : 1));
    ck_assert_uint_eq(agent_counts().outcomes, 0);
    ck_assert_uint_eq(unread(), 0);
}
END_TEST

START_TEST(an_attacker_that_does_not_read_its_answers_is_cut_off) {
    const char *detail = NULL;
    uint32_t epoch = 0;
    accept_targets(1);
    ck_assert_ptr_null(send_zeros(FRAME_OPEN, 1, FRAME_OPEN_SIZE));
    for (; !detail && epoch < UINT32_MAX; epoch++)
        detail = send_epoch(wire, FRAME_RESUME, 1, epoch + 1, 0);
    ck_assert_str_eq(detail, "it does not read the answers to what it sends");
    ck_assert_uint_lt(unread(), MUX_UNREAD_MOST + wire->full_at + sizeof pair.gather.bytes);
    reset_targets(1);
}
END_TEST

START_TEST(one_that_reads_them_is_not) {
    accept_targets(1);
    ck_assert_ptr_null(send_zeros(FRAME_OPEN, 1, FRAME_OPEN_SIZE));
    for (uint32_t epoch = 1; epoch < 500000; epoch++) {
        ck_assert_ptr_null(send_epoch(wire, FRAME_RESUME, 1, epoch, 0));
        evbuffer_drain(wire->ends[SERVER].in, unread());
    }
    reset_targets(1);
    ck_assert_uint_eq(agent_counts().suspended, 0);
}
END_TEST

START_TEST(acks_of_nothing_are_not_answered) {
    accept_targets(1);
    ck_assert_ptr_null(send_zeros(FRAME_OPEN, 1, FRAME_OPEN_SIZE));
    pair_step(&pair);
    evbuffer_drain(wire->ends[SERVER].in, unread());
    for (int i = 0; i < MANY; i++)
        ck_assert_ptr_null(send_zeros(FRAME_ACK, 1, 8));
    pair_step(&pair);
    ck_assert_uint_eq(unread(), 0);
    reset_targets(1);
}
END_TEST

START_TEST(single_bytes_end_at_the_window) {
    accept_targets(1);
    ck_assert_ptr_null(send_zeros(FRAME_OPEN, 1, FRAME_OPEN_SIZE));
    for (int i = 0; i < MUX_WINDOW_SHARED; i++)
        ck_assert_ptr_null(send_zeros(FRAME_DATA, 1, 1));
    ck_assert_str_eq(send_zeros(FRAME_DATA, 1, 1), "more than the window");
    reset_targets(1);
}
END_TEST

START_TEST(what_all_readers_together_have_not_read_is_limited) {
    const char *detail = NULL;
    uint64_t taken = 0;
    accept_targets(WIDE);
    for (uint32_t number = 1; number <= WIDE; number++)
        ck_assert_ptr_null(send_zeros(FRAME_OPEN, number, FRAME_OPEN_SIZE));
    for (uint32_t number = 1; number <= WIDE && !detail; number++) {
        for (int i = 0; i < MUX_WINDOW_SHARED / STEP && !detail; i++, taken += STEP)
            detail = send_zeros(FRAME_DATA, number, STEP);
    }
    ck_assert_pstr_eq(detail, "more bytes than a session may have unread");
    ck_assert_uint_ge(taken, MUX_WAITING_MOST);
    for (uint32_t number = 1; number <= WIDE; number++)
        mux_stream_consumed(&targets[number], targets[number].waiting);
    ck_assert_ptr_null(send_zeros(FRAME_DATA, WIDE, STEP));
    reset_targets(WIDE);
}
END_TEST

START_TEST(moves_back_and_forth_cost_nothing) {
    struct wire *second = pair_add_wire(&pair, false), *wide = pair_add_wire(&pair, true);
    accept_targets(1);
    ck_assert_ptr_null(send_zeros(FRAME_OPEN, 1, FRAME_OPEN_SIZE));
    pair_step(&pair);
    evbuffer_drain(wire->ends[SERVER].in, unread());
    for (int i = 0; i < MANY; i++)
        ck_assert_ptr_null(send_epoch(i % 2 ? wire : second, FRAME_CONTINUE, 1, 0, 0));
    pair_step(&pair);
    ck_assert_uint_eq(unread(), 0);
    ck_assert_str_eq(send_epoch(wide, FRAME_CONTINUE, 1, 0, MUX_WINDOW_EXCLUSIVE + 1), "CONTINUE beyond the window");
    ck_assert_str_eq(send_epoch(wide, FRAME_CONTINUE, 1, 0, UINT64_MAX), "CONTINUE beyond the window");
    ck_assert_ptr_null(send_epoch(wide, FRAME_CONTINUE, 1, 0, MUX_WINDOW_EXCLUSIVE));
    reset_targets(1);
}
END_TEST

START_TEST(a_move_ahead_of_bytes_that_never_come_ends_its_stream) {
    static const uint8_t zeros[FRAME_HEADER];
    struct frame ack = {.type = FRAME_ACK, .stream = 1, .payload = zeros, .length = sizeof zeros};
    struct wire *wide = pair_add_wire(&pair, true);
    const char *detail = NULL;
    accept_targets(1);
    ck_assert_ptr_null(send_zeros(FRAME_OPEN, 1, FRAME_OPEN_SIZE));
    ck_assert_ptr_null(send_epoch(wide, FRAME_CONTINUE, 1, 0, SMALL));
    ck_assert_int_eq(mux_take_frame(wide->ends[AGENT].carrier, &ack, &detail), MUX_LATER);
    pair.skew_us = (MUX_BLOCKED_MS - 1000) * 1000ull;
    pair_sweep(&pair);
    ck_assert_uint_eq(over, 0);
    pair.skew_us = (MUX_BLOCKED_MS + 1000) * 1000ull;
    pair_sweep(&pair);
    ck_assert_uint_eq(over, 1);
    ck_assert_int_eq(mux_take_frame(wide->ends[AGENT].carrier, &ack, &detail), MUX_TAKEN);
}
END_TEST

START_TEST(exclusive_carriers_open_and_resume_nothing) {
    static const uint8_t zeros[FRAME_OPEN_SIZE];
    struct wire *wide = pair_add_wire(&pair, true);
    accept_targets(1);
    ck_assert_str_eq(send_by(wide, FRAME_OPEN, 1, zeros, sizeof zeros), "OPEN on an exclusive link");
    ck_assert_ptr_null(send_zeros(FRAME_OPEN, 1, FRAME_OPEN_SIZE));
    ck_assert_str_eq(send_epoch(wide, FRAME_RESUME, 1, 1, 0), "RESUME on an exclusive link");
    reset_targets(1);
}
END_TEST

static TCase *attacks(void) {
    TCase *group = tcase_create("attacks");
    tcase_add_checked_fixture(group, begin, end);
    tcase_set_timeout(group, 120);
    tcase_add_test(group, streams_opened_and_reset_at_once_leave_nothing);
    tcase_add_loop_test(group, streams_whose_end_is_never_confirmed_are_limited, 0, 2);
    tcase_add_test(group, a_malformed_open_is_a_violation_and_opens_nothing);
    tcase_add_test(group, streams_that_are_open_are_limited);
    tcase_add_test(group, a_server_keeps_to_half_of_that);
    tcase_add_test(group, sessions_of_datagrams_have_half_of_a_servers);
    tcase_add_test(group, ends_of_what_was_never_opened_leave_nothing);
    tcase_add_test(group, an_attacker_that_does_not_read_its_answers_is_cut_off);
    tcase_add_test(group, one_that_reads_them_is_not);
    tcase_add_test(group, acks_of_nothing_are_not_answered);
    tcase_add_test(group, single_bytes_end_at_the_window);
    tcase_add_test(group, what_all_readers_together_have_not_read_is_limited);
    tcase_add_test(group, moves_back_and_forth_cost_nothing);
    tcase_add_test(group, a_move_ahead_of_bytes_that_never_come_ends_its_stream);
    tcase_add_test(group, exclusive_carriers_open_and_resume_nothing);
    return group;
}

UNIT_MAIN("relay/mux/attacks", attacks)
