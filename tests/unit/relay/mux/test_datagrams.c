/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_datagrams: streams of datagrams beside streams of bytes: order, turns, lost carriers, and what a peer may not.
 * Tries turn.c, receive.c and streams.c.
 */
#include "config.h"

#include "mux_pair.h"

#include "unit.h"

#include <string.h>

enum { TIMEOUT_MS = 30000, SESSIONS = 8, STEPS = 200, KEPT = 4096, TINY = 32 };

static struct pair pair;
static struct wire *wire;

struct session {
    struct mux_stream stream; /* first */
    struct datagram_queue queue;
    struct datagram_counts counts;
    bool is_open, is_over;
    enum stream_outcome_how how;
    unsigned taken, repeats, suspensions;
    size_t lengths[KEPT];
    uint8_t marks[KEPT];
};

static struct session sessions[2][SESSIONS];
static struct datagram_memory memory[2];
static unsigned opened;
static bool holds_opened;

static void on_opened(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    (void)payload, (void)length;
    ((struct session *)stream)->is_open = true;
}

static void on_suspended(struct mux_stream *stream) {
    ((struct session *)stream)->suspensions++;
}

static void on_repeat_opened(struct mux_stream *stream) {
    ((struct session *)stream)->repeats++;
    mux_stream_opened(stream, NULL, 0);
}

static void on_over(struct mux_stream *stream, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    struct session *session = (struct session *)stream;
    (void)payload, (void)length;
    session->is_over = true;
    session->how = how;
}

static void on_datagram(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    struct session *session = (struct session *)stream;
    ck_assert_uint_lt(session->taken, KEPT);
    session->lengths[session->taken] = length;
    session->marks[session->taken++] = length > 0 ? payload[length - 1] : 0;
}

static struct session *prepare(int end, unsigned number) {
    static const struct mux_stream_events events = {.on_opened = on_opened,
                                                    .on_suspended = on_suspended,
                                                    .on_repeat_opened = on_repeat_opened,
                                                    .on_over = on_over,
                                                    .on_datagram = on_datagram};
    struct session *session = &sessions[end][number];
    memset(session, 0, sizeof *session);
    datagram_queue_init(&session->queue, &memory[end], &datagram_limits_of_link, &session->counts, DATAGRAM_IN);
    session->stream.events = &events;
    session->stream.datagrams = &session->queue;
    return session;
}

static int accept_session(struct pair *of, uint32_t number, const uint8_t *payload, struct error *error) {
    struct session *session = prepare(AGENT, opened);
    (void)payload, (void)error;
    ck_assert(mux_accept(of->muxes[AGENT], &session->stream, number));
    if (!holds_opened)
        mux_stream_opened(&session->stream, NULL, 0);
    return 0;
}

static struct session *open_session(unsigned number) {
    static const uint8_t payload[FRAME_OPEN_SIZE] = {1};
    struct session *session = prepare(SERVER, number);
    opened = number;
    pair.accept = accept_session;
    ck_assert(mux_open(pair.muxes[SERVER], &session->stream, payload, sizeof payload));
    return session;
}

static void begin(void) {
    pair_begin(&pair, TIMEOUT_MS);
    for (int i = 0; i < 2; i++)
        memory[i] = (struct datagram_memory){.limit = DATAGRAM_MEMORY_LIMIT};
    memset(sessions, 0, sizeof sessions);
    holds_opened = false;
    wire = pair_add_wire(&pair, false);
}

static void end(void) {
    for (unsigned i = 0; i < SESSIONS; i++) {
        if (sessions[SERVER][i].stream.mux && !sessions[SERVER][i].is_over)
            mux_stream_reset(&sessions[SERVER][i].stream, NULL, 0);
    }
    pair_run(&pair, STEPS);
    pair_end(&pair);
    ck_assert_uint_eq(memory[SERVER].used, 0);
    ck_assert_uint_eq(memory[AGENT].used, 0);
}

static void push(struct session *session, uint8_t mark, size_t length) {
    static uint8_t bytes[FRAME_DATAGRAM_MAX];
    if (length > 0)
        bytes[length - 1] = mark;
    mux_stream_send_datagram(&session->stream, bytes, length);
}

static uint64_t dropped(const struct session *session, enum datagram_drop why) {
    return counter_read(&session->counts.dropped[DATAGRAM_IN][why]);
}

/* ---- what honest ends do ---- */

static const size_t sizes[] = {0, 1, 1200, 1472, FRAME_DATAGRAM_MAX, 0, 17};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void expect_sizes(const struct session *at) {
    ck_assert_uint_eq(at->taken, SIZES);
    for (unsigned i = 0; i < SIZES; i++) {
        ck_assert_uint_eq(at->lengths[i], sizes[i]);
        ck_assert_uint_eq(at->marks[i], sizes[i] > 0 ? i + 1 : 0);
    }
}

START_TEST(datagrams_arrive_whole_and_in_order_both_ways) {
    struct session *server = open_session(0), *agent = &sessions[AGENT][0];
    for (unsigned i = 0; i < SIZES; i++)
        push(server, (uint8_t)(i + 1), sizes[i]);
    pair_run(&pair, STEPS);
    for (unsigned i = 0; i < SIZES; i++)
        push(agent, (uint8_t)(i + 1), sizes[i]);
    pair_run(&pair, STEPS);
    expect_sizes(agent);
    expect_sizes(server);
    ck_assert_uint_eq(pair.wanted[SERVER][true] + pair.wanted[AGENT][true], 0);
}
END_TEST

START_TEST(the_server_sends_behind_open_and_the_agent_behind_opened) {
    holds_opened = true;
    struct session *server = open_session(0), *agent = &sessions[AGENT][0];
    push(server, 1, 10);
    pair_run(&pair, STEPS);
    ck_assert_uint_eq(agent->taken, 1);
    push(agent, 2, 10);
    pair_run(&pair, STEPS);
    ck_assert_uint_eq(server->taken, 0);
    mux_stream_opened(&agent->stream, NULL, 0);
    pair_run(&pair, STEPS);
    ck_assert(server->is_open);
    ck_assert_uint_eq(server->taken, 1);
}
END_TEST

START_TEST(a_flood_gives_the_others_their_turn) {
    struct session *flood = open_session(0);
    pair_run(&pair, 2);
    for (unsigned i = 0; i < 500; i++)
        push(flood, 1, 1200);
    struct session *other = open_session(1);
    push(other, 2, 100);
    pair_run(&pair, 1);
    pair_run(&pair, 1);
    ck_assert_uint_eq(sessions[AGENT][1].taken, 1);
    ck_assert_uint_lt(sessions[AGENT][0].taken, 500);
    pair_run(&pair, STEPS);
    ck_assert_uint_eq(sessions[AGENT][0].taken, 500);
}
END_TEST

START_TEST(what_a_full_carrier_does_not_take_is_dropped_the_oldest_first) {
    const unsigned many = 3000, most = datagram_limits_of_link.count;
    struct session *server = open_session(0), *agent = &sessions[AGENT][0];
    pair_run(&pair, 2);
    wire->ends[AGENT].is_stuck = true;
    wire->full_at = 0;
    push(server, 1, 1000); /* makes it full */
    pair_run(&pair, 2);
    for (unsigned i = 0; i < many; i++)
        push(server, (uint8_t)i, 100);
    pair_run(&pair, 2);
    ck_assert_uint_eq(server->queue.count, most);
    ck_assert_uint_eq(dropped(server, DATAGRAM_DROP_QUEUE), many - most);
    wire->full_at = 1 << 20;
    wire->ends[AGENT].is_stuck = false;
    pair_run(&pair, STEPS);
    ck_assert_uint_eq(agent->taken, 1 + most);
    ck_assert_uint_eq(agent->marks[most], (uint8_t)(many - 1));
}
END_TEST

START_TEST(a_session_outlives_its_carrier_and_nothing_comes_twice) {
    struct session *server = open_session(0), *agent = &sessions[AGENT][0];
    pair_run(&pair, 4);
    for (unsigned i = 0; i < 4; i++)
        push(server, (uint8_t)i, TINY);
    pair_run(&pair, 4);
    ck_assert_uint_eq(agent->taken, 4);
    push(server, 4, TINY); /* in the turn that is cut: lost */
    event_base_loop(pair.base, EVLOOP_NONBLOCK);
    wire_lose(wire);
    ck_assert_uint_eq(server->suspensions, 1);
    push(server, 5, TINY); /* waits for the other carrier */
    push(agent, 6, TINY);
    pair_add_wire(&pair, false);
    pair_run(&pair, STEPS);
    ck_assert_uint_eq(agent->repeats, 1);
    ck_assert_uint_eq(agent->taken, 5);
    ck_assert_uint_eq(agent->marks[4], 5);
    ck_assert_uint_eq(server->taken, 1);
    ck_assert(!server->is_over && !agent->is_over);
    ck_assert_uint_eq(pair.counts[SERVER].resumptions, 1);
}
END_TEST

START_TEST(what_waits_is_dropped_with_the_session) {
    struct session *server = open_session(0), *agent = &sessions[AGENT][0];
    pair_run(&pair, 4);
    push(server, 1, TINY);
    mux_stream_reset(&server->stream, NULL, 0);
    server->is_over = true;
    ck_assert_uint_eq(dropped(server, DATAGRAM_DROP_ENDED), 1);
    pair_run(&pair, STEPS);
    ck_assert(agent->is_over);
    ck_assert_uint_eq(agent->how, STREAM_HOW_RESET);
}
END_TEST

START_TEST(a_session_that_no_carrier_comes_back_for_is_given_up) {
    struct session *server = open_session(0), *agent = &sessions[AGENT][0];
    pair_run(&pair, 4);
    push(agent, 1, TINY);
    wire_lose(wire);
    pair.skew_us = (TIMEOUT_MS + 1000) * 1000ull;
    pair_sweep(&pair);
    ck_assert(server->is_over && agent->is_over);
    ck_assert_uint_eq(server->how, STREAM_HOW_LOST);
    ck_assert_uint_eq(dropped(agent, DATAGRAM_DROP_ENDED), 1);
}
END_TEST

static TCase *sent(void) {
    TCase *group = tcase_create("sent");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, datagrams_arrive_whole_and_in_order_both_ways);
    tcase_add_test(group, the_server_sends_behind_open_and_the_agent_behind_opened);
    tcase_add_test(group, a_flood_gives_the_others_their_turn);
    tcase_add_test(group, what_a_full_carrier_does_not_take_is_dropped_the_oldest_first);
    tcase_add_test(group, a_session_outlives_its_carrier_and_nothing_comes_twice);
    tcase_add_test(group, what_waits_is_dropped_with_the_session);
    tcase_add_test(group, a_session_that_no_carrier_comes_back_for_is_given_up);
    return group;
}

/* ---- what a peer may not ---- */

static const char *violation_on(const struct wire *by, int at, enum frame_type type, uint32_t number, size_t length) {
    static const uint8_t zeros[FRAME_DATAGRAM_MAX];
    struct frame frame = {.type = type, .stream = number, .payload = zeros, .length = length};
    const char *detail = NULL;
    (void)mux_take_frame(by->ends[at].carrier, &frame, &detail);
    mux_frames_end(by->ends[at].carrier);
    return detail;
}

static const char *violation_of(int at, enum frame_type type, uint32_t number, size_t length) {
    return violation_on(wire, at, type, number, length);
}

START_TEST(a_stream_has_bytes_or_datagrams) {
    struct session *server = open_session(0);
    pair_run(&pair, 4);
    pair.accept = NULL;
    struct party *party = pair_open(&pair, 100);
    pair.agent_keeps_open = true;
    pair_run(&pair, 2);
    for (int at = 0; at < 2; at++) {
        ck_assert_pstr_eq(violation_of(at, FRAME_DATA, server->stream.number, 1),
                          "DATA or FIN on a stream of datagrams");
        ck_assert_pstr_eq(violation_of(at, FRAME_FIN, server->stream.number, 0),
                          "DATA or FIN on a stream of datagrams");
        ck_assert_pstr_eq(violation_of(at, FRAME_DATAGRAM, party->number, 1), "DATAGRAM on a stream of bytes");
    }
    party_reset(party);
    pair_run(&pair, STEPS);
}
END_TEST

START_TEST(the_agent_does_not_send_before_opened) {
    holds_opened = true;
    struct session *server = open_session(0);
    ck_assert_pstr_eq(violation_of(SERVER, FRAME_DATAGRAM, server->stream.number, 5), "DATAGRAM before OPENED");
    ck_assert_uint_eq(server->taken, 0);
}
END_TEST

START_TEST(exclusive_links_have_no_datagrams) {
    struct session *server = open_session(0), *agent = &sessions[AGENT][0];
    struct wire *exclusive = pair_add_wire(&pair, true);
    pair_run(&pair, 4);
    for (int at = 0; at < 2; at++) {
        ck_assert_pstr_eq(violation_on(exclusive, at, FRAME_DATAGRAM, server->stream.number, 5),
                          "DATAGRAM on an exclusive link");
        ck_assert_pstr_eq(violation_on(exclusive, at, FRAME_CONTINUE, server->stream.number, 12),
                          "CONTINUE of datagrams on an exclusive link");
    }
    ck_assert_uint_eq(server->taken + agent->taken, 0);
}
END_TEST

START_TEST(a_stream_that_was_never_opened_has_no_datagrams) {
    ck_assert_pstr_eq(violation_of(AGENT, FRAME_DATAGRAM, 7, 5), "a frame of a stream that was never opened");
    ck_assert_pstr_eq(violation_of(SERVER, FRAME_DATAGRAM, 7, 5), "a frame of a stream that was never opened");
}
END_TEST

START_TEST(datagrams_behind_the_end_are_ignored) {
    struct session *server = open_session(0), *agent = &sessions[AGENT][0];
    pair_run(&pair, 4);
    mux_stream_reset(&server->stream, NULL, 0);
    server->is_over = true;
    ck_assert_ptr_null(violation_of(SERVER, FRAME_DATAGRAM, server->stream.number, 5));
    pair_run(&pair, STEPS);
    ck_assert(agent->is_over);
    ck_assert_ptr_null(violation_of(AGENT, FRAME_DATAGRAM, server->stream.number, 5));
    ck_assert_uint_eq(server->taken + agent->taken, 0);
}
END_TEST

START_TEST(nothing_of_a_session_is_acknowledged) {
    struct session *server = open_session(0);
    uint8_t one[8] = {[7] = 1};
    struct frame frame = {.type = FRAME_ACK, .stream = server->stream.number, .payload = one, .length = sizeof one};
    const char *detail = NULL;
    pair_run(&pair, 4);
    push(server, 1, 100);
    pair_run(&pair, 4);
    (void)mux_take_frame(wire->ends[SERVER].carrier, &frame, &detail);
    ck_assert_pstr_eq(detail, "ACK of what was not sent");
}
END_TEST

static TCase *hostile(void) {
    TCase *group = tcase_create("hostile");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, a_stream_has_bytes_or_datagrams);
    tcase_add_test(group, the_agent_does_not_send_before_opened);
    tcase_add_test(group, exclusive_links_have_no_datagrams);
    tcase_add_test(group, a_stream_that_was_never_opened_has_no_datagrams);
    tcase_add_test(group, datagrams_behind_the_end_are_ignored);
    tcase_add_test(group, nothing_of_a_session_is_acknowledged);
    return group;
}

UNIT_MAIN("relay/mux/datagrams", sent, hostile)
