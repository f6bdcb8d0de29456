/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_carrier: streams over real links (carrier.c, data.c), TLS and all, in a network in memory: a link that takes no
 * more, one that breaks, one that brings nonsense, one that is silent, one that no stream uses.
 */
#include "config.h"

#include "relay/sessions.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "proto/open.h"
#include "relay/link/carrier.h"
#include "relay/link/link_priv.h"
#include "relay/mux/mux_priv.h"
#include "relay/plane_priv.h"
#include "relay/thread_session.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 1 << 16, SMALL = 100, BULK = 1024 * 1024, TURNS = 4000, CROWD = 20000 };

static unsigned stalled_ms;    /* on every socket */
static unsigned round_trip_us; /* of every socket */

unsigned __wrap_sock_stalled_ms(evutil_socket_t fd, struct sock_stall *stall);
unsigned __wrap_sock_stalled_ms(evutil_socket_t fd, struct sock_stall *stall) {
    (void)fd, (void)stall;
    return stalled_ms;
}

unsigned __wrap_sock_round_trip_us(evutil_socket_t fd);
unsigned __wrap_sock_round_trip_us(evutil_socket_t fd) {
    (void)fd;
    return round_trip_us;
}

/* ---- the world ---- */

/* Returns the number of its wire. */
static int add_link(bool is_exclusive) {
    if (is_exclusive)
        two_planes_add_exclusive(&sessions.planes);
    else
        two_planes_add_link(&sessions.planes);
    return sessions.planes.wire_count - 1;
}

static struct link *link_at(int side, int wire) {
    return side == SERVER ? two_planes_link(sessions.planes.server, sessions.planes.wires[wire].server)
                          : two_planes_link(sessions.planes.agent, sessions.planes.wires[wire].agent);
}

static void begin(void) {
    stalled_ms = round_trip_us = 0;
    sessions_begin(CAPACITY);
    add_link(false);
    ck_assert_uint_eq(sessions.sides[SERVER].carriers, 1);
    ck_assert_uint_eq(sessions.sides[AGENT].carriers, 1);
}

/* What each round needs to go on: ACKs that wait for a sweep, and time that goes on. */
static bool has_all_after_sweep(void *relayed) {
    sessions_pass(10);
    return relayed_has_all(relayed);
}

static void carry_bulk(struct relayed *relayed) {
    ck_assert_msg(relayed_carry_until(&sessions.planes, has_all_after_sweep, relayed),
                  "%zu of %zu bytes up, %zu of %zu down; %s", relayed->got[0], relayed->sent[0], relayed->got[1],
                  relayed->sent[1], sessions.sides[SERVER].end.detail);
}

static bool is_back_after_sweep(void *relayed) {
    sessions_pass(10);
    return relayed_is_back(relayed);
}

static void end_whole(struct relayed *relayed) {
    relayed_finish(relayed);
    (void)relayed_carry_until(&sessions.planes, is_back_after_sweep, relayed);
    relayed_assert_whole(&sessions.planes, relayed);
}

static struct relayed *open_bulk(void) {
    struct relayed *relayed = relayed_open(&sessions.planes);
    relayed_send(relayed, RELAYED_UP, BULK);
    relayed_send(relayed, RELAYED_DOWN, BULK);
    return relayed;
}

static struct mux *servers_mux(void) {
    return thread_session_find(sessions_thread(SERVER), TWO_PLANES_SESSION)->mux;
}

/* ---- streams ---- */

START_TEST(a_stream_is_whole_over_tls) {
    begin();
    struct relayed *relayed = relayed_open(&sessions.planes);
    relayed_send(relayed, RELAYED_UP, SMALL);
    relayed_send(relayed, RELAYED_DOWN, 2 * SMALL);
    end_whole(relayed);
    sessions_finish();
}
END_TEST

/* The wires hold 64 KiB: both links are full most of the time. */
START_TEST(bulk_both_ways_over_links_that_are_full) {
    begin();
    int wire = add_link(true);
    struct relayed *relayed = open_bulk();
    carry_bulk(relayed);
    ck_assert(mux_carrier_is_used(link_at(SERVER, wire)->carrier));
    ck_assert(mux_carrier_is_used(link_at(AGENT, wire)->carrier));
    end_whole(relayed);
    ck_assert_uint_eq(sessions.sides[SERVER].gone + sessions.sides[AGENT].gone, 0);
    sessions_finish();
}
END_TEST

/* Of links, of the client and of the destination: sweeps await what their state needs. */
START_TEST(bulk_goes_on_when_no_call_awaits_what_it_needs) {
    begin();
    add_link(true);
    struct relayed *relayed = open_bulk();
    memory_net_forget(true);
    carry_bulk(relayed);
    end_whole(relayed);
    sessions_finish();
}
END_TEST

/* In the middle of its bytes, those of one frame too. */
START_TEST(a_stream_goes_on_when_its_link_breaks) {
    begin();
    add_link(_i);
    struct relayed *relayed = open_bulk();
    for (int i = 0; i < 20; i++)
        relayed_carry(&sessions.planes);
    evutil_socket_t wire = sessions.planes.wires[_i].server;
    memory_carry(memory_peer(relayed->ends[0]), MUCH);
    two_planes_settle(&sessions.planes);
    memory_carry(memory_peer(wire), 1000);
    memory_cut(wire);
    carry_bulk(relayed);
    end_whole(relayed);
    ck_assert_uint_eq(sessions.sides[SERVER].gone, 1);
    ck_assert(!sessions.sides[SERVER].end.misbehaved && sessions.sides[SERVER].end.is_carrier);
    ck_assert(sessions.sides[SERVER].end.role.is_exclusive == (bool)_i);
    sessions_finish();
}
END_TEST

/* ---- violations ---- */

static void send_ack_of_nothing(struct link *link) {
    uint8_t frame[FRAME_HEADER + 8] = {0};
    frame_write_header(frame, FRAME_ACK, 77, 8);
    link_data_write(link, frame, sizeof frame);
    link_data_flush_written(link);
}

START_TEST(a_violation_resets_its_link_and_streams_go_on_by_another) {
    begin();
    add_link(false);
    struct relayed *relayed = open_bulk();
    struct mux_carrier *used = link_at(SERVER, 1)->carrier; /* the newest */
    ck_assert_ptr_nonnull(used);
    send_ack_of_nothing(link_at(AGENT, 1));
    evutil_socket_t agents_end = sessions.planes.wires[1].agent;
    memory_carry(sessions.planes.wires[1].server, MUCH);
    two_planes_settle(&sessions.planes);
    ck_assert_uint_eq(sessions.sides[SERVER].gone, 1);
    ck_assert(sessions.sides[SERVER].end.misbehaved);
    ck_assert_str_eq(sessions.sides[SERVER].end.detail, "a frame of a stream that was never opened");
    ck_assert(sessions.sides[AGENT].gone == 1 || memory_got_reset(agents_end));
    carry_bulk(relayed);
    end_whole(relayed);
    ck_assert_uint_eq(sessions.sides[SERVER].gone, 1);
    sessions_finish();
}
END_TEST

START_TEST(streams_wait_for_the_next_link_when_a_violation_has_cost_the_last) {
    begin();
    struct relayed *relayed = open_bulk();
    send_ack_of_nothing(link_at(AGENT, 0));
    two_planes_carry_all(&sessions.planes);
    ck_assert_uint_eq(sessions.sides[SERVER].gone, 1);
    ck_assert_ptr_nonnull(relayed->client);
    add_link(false);
    carry_bulk(relayed);
    end_whole(relayed);
    sessions_finish();
}
END_TEST

/* ---- many streams ---- */

struct opened {
    struct mux_stream stream; /* first */
    bool is_over;
    enum stream_outcome_how how;
};

static void on_nothing(struct mux_stream *stream) {
    (void)stream;
}

static void on_opened(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    (void)stream, (void)payload, (void)length;
}

static void on_bytes(struct mux_stream *stream, struct iovec *parts, int count, size_t total, bool is_last) {
    (void)stream, (void)parts, (void)count, (void)total, (void)is_last;
}

static void on_over(struct mux_stream *stream, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    struct opened *opened = (struct opened *)stream;
    (void)payload, (void)length;
    opened->is_over = true;
    opened->how = how;
}

/* Frames that cannot wait for room: more of them than the answers that a link without a mux may owe. */
START_TEST(thousands_of_streams_opened_at_once_do_not_close_their_link) {
    static const struct mux_stream_events events = {on_opened,  on_bytes,   on_nothing, on_nothing,
                                                    on_nothing, on_nothing, on_over,    NULL};
    static struct opened opened[CROWD];
    uint8_t payload[FRAME_OPEN_MOST];
    unsigned over = 0;
    size_t length = open_format(payload, &(struct open_request){.service = 999}); /* not known: the agent refuses it */
    begin();
    for (int i = 0; i < CROWD; i++) {
        opened[i] = (struct opened){.stream.events = &events};
        ck_assert(mux_open(servers_mux(), &opened[i].stream, payload, length));
    }
    for (unsigned i = 0; i < TURNS && over < CROWD; i++) {
        two_planes_carry_all(&sessions.planes);
        ck_assert_msg(sessions.sides[SERVER].gone + sessions.sides[AGENT].gone == 0, "%s",
                      sessions.sides[SERVER].end.detail);
        while (over < CROWD && opened[over].is_over)
            over++;
    }
    ck_assert_uint_eq(over, CROWD);
    ck_assert_uint_eq(opened[CROWD - 1].how, STREAM_HOW_REFUSED);
    sessions_finish();
}
END_TEST

/* ---- is the other side there? ---- */

static void expect_gone(int side, const char *detail) {
    two_planes_settle(&sessions.planes);
    ck_assert_uint_eq(sessions.sides[side].gone, 1);
    ck_assert_str_eq(sessions.sides[side].end.detail, detail);
    ck_assert(!sessions.sides[side].end.misbehaved);
}

START_TEST(a_carrier_that_is_not_acknowledged_is_given_up_after_two_seconds) {
    begin();
    stalled_ms = 2000;
    sessions_sweep(_i);
    ck_assert_uint_eq(sessions.sides[_i].gone, 0);
    stalled_ms = 2001;
    sessions_sweep(_i);
    expect_gone(_i, "the other side stopped acknowledging");
    stalled_ms = 0;
    sessions_finish();
}
END_TEST

/* Ten round trips, as TCP has them of late, if that is longer. */
START_TEST(a_carrier_that_is_slow_is_not_dead) {
    begin();
    round_trip_us = 500000;
    stalled_ms = 5000;
    sessions_sweep(_i);
    ck_assert_uint_eq(sessions.sides[_i].gone, 0);
    stalled_ms = 5001;
    sessions_sweep(_i);
    expect_gone(_i, "the other side stopped acknowledging");
    stalled_ms = 0;
    sessions_finish();
}
END_TEST

static bool is_pinged(int side) {
    return link_at(side, 0)->pinged_us;
}

/* The agent, which could not be reached by a server: a second after streams were busy. */
START_TEST(a_carrier_is_pinged_when_it_is_silent) {
    begin();
    sessions_skip(61000);
    two_planes_carry_all(&sessions.planes);
    link_at(AGENT, 0)->last_rx_us = link_at(SERVER, 0)->last_rx_us = clock_us();
    sessions_pass(29000);
    ck_assert(!is_pinged(SERVER) && !is_pinged(AGENT));
    sessions_pass(1000);
    ck_assert(is_pinged(SERVER) && is_pinged(AGENT));
    two_planes_carry_all(&sessions.planes); /* PONG */
    ck_assert(!is_pinged(SERVER) && !is_pinged(AGENT));
    sessions_pass(5000);
    ck_assert_uint_eq(sessions.sides[SERVER].gone + sessions.sides[AGENT].gone, 0);
    sessions_finish();
}
END_TEST

START_TEST(an_agent_pings_sooner_where_streams_were_busy) {
    begin();
    struct relayed *relayed = relayed_open(&sessions.planes);
    relayed_send(relayed, RELAYED_UP, SMALL);
    relayed_carry(&sessions.planes);
    sessions_pass(900);
    ck_assert(!is_pinged(AGENT));
    sessions_pass(100);
    ck_assert(is_pinged(AGENT) && !is_pinged(SERVER));
    two_planes_carry_all(&sessions.planes);
    ck_assert(!is_pinged(AGENT));
    end_whole(relayed);
    sessions_finish();
}
END_TEST

START_TEST(a_carrier_without_PONG_is_given_up_after_two_seconds) {
    begin();
    sessions_pass(30000); /* what they send now is not carried */
    sessions_pass(1900);
    ck_assert_uint_eq(sessions.sides[SERVER].gone + sessions.sides[AGENT].gone, 0);
    sessions_skip(200);
    sessions_sweep(_i);
    expect_gone(_i, "no PONG in time");
    sessions_finish();
}
END_TEST

/* PONG is behind what the peer sends meanwhile. */
START_TEST(a_carrier_that_brings_bytes_is_not_silent) {
    begin();
    struct relayed *relayed = relayed_open(&sessions.planes);
    sessions_pass(30000);
    ck_assert(is_pinged(SERVER) && is_pinged(AGENT));
    for (int i = 0; i < 10; i++) {
        link_at(AGENT, 0)->last_rx_us = link_at(SERVER, 0)->last_rx_us = clock_us(); /* not the rest of that flight */
        sessions_pass(1900);
    }
    ck_assert_uint_eq(sessions.sides[SERVER].gone + sessions.sides[AGENT].gone, 0);
    end_whole(relayed);
    sessions_finish();
}
END_TEST

/* One that sends other frames all the while, so that it is not silent. */
START_TEST(a_carrier_that_does_not_confirm_the_ends_of_streams_is_closed) {
    begin();
    struct relayed *relayed = relayed_open(&sessions.planes);
    relayed_reset(relayed, RELAYED_UP);
    relayed_carry(&sessions.planes);
    for (unsigned ms = 0; ms <= MUX_CONFIRM_MS; ms += 1000) {
        ck_assert_uint_eq(sessions.sides[SERVER].gone, 0);
        link_at(AGENT, 0)->last_rx_us = link_at(SERVER, 0)->last_rx_us = clock_us();
        sessions_pass(1000);
    }
    two_planes_settle(&sessions.planes);
    ck_assert_uint_eq(sessions.sides[SERVER].gone, 1);
    ck_assert_str_eq(sessions.sides[SERVER].end.detail, "it does not answer the PING behind the ends of streams");
    sessions_finish();
}
END_TEST

/* PONG may have come behind the frame that has to wait for another carrier. */
START_TEST(a_carrier_that_is_not_read_is_not_silent) {
    begin();
    sessions_pass(30000);
    ck_assert(is_pinged(AGENT));
    link_pause(link_at(AGENT, 0));
    for (int i = 0; i < 10; i++) {
        sessions_skip(1000);
        sessions_sweep(AGENT);
    }
    link_resume(link_at(AGENT, 0));
    sessions_thread(AGENT)->ops->sweep(sessions_thread(AGENT), clock_us()); /* before it is read */
    ck_assert_uint_eq(sessions.sides[AGENT].gone, 0);
    sessions_finish();
}
END_TEST

START_TEST(a_link_whose_other_end_may_be_blocked_needs_no_PONG) {
    begin();
    int wire = add_link(true);
    struct relayed *relayed = relayed_open(&sessions.planes);
    relayed_send(relayed, RELAYED_UP, BULK);
    carry_bulk(relayed);
    struct link *link = link_at(SERVER, wire);
    struct stream *rules = &link->carrier->user->rules;
    rules->moved_at = rules->acked; /* as before the first ACK of what was sent by it */
    link->pinged_us = clock_us();
    for (int i = 0; i < 10; i++) {
        sessions_skip(1000);
        sessions_sweep(SERVER);
    }
    ck_assert_uint_eq(sessions.sides[SERVER].gone, 0);
    rules->moved_at = 0;
    sessions_skip(2100);
    sessions_sweep(SERVER);
    expect_gone(SERVER, "no PONG in time");
    end_whole(relayed);
    sessions_finish();
}
END_TEST

/* ---- exclusive links ---- */

START_TEST(an_agent_closes_an_exclusive_link_that_no_stream_uses) {
    begin();
    int wire = add_link(true);
    for (int i = 0; i < 3; i++) {
        sessions_pass(9900);
        two_planes_carry_all(&sessions.planes);
        ck_assert_uint_eq(sessions.sides[AGENT].gone, 0);
    }
    sessions_sweep(SERVER);
    ck_assert_ptr_nonnull(link_at(SERVER, wire)); /* this is for the agent to decide, which dials them */
    sessions_skip(400);
    sessions_sweep(AGENT);
    expect_gone(AGENT, "no stream uses it any more");
    ck_assert(sessions.sides[AGENT].end.role.is_exclusive);
    two_planes_carry_all(&sessions.planes);
    ck_assert_uint_eq(sessions.sides[SERVER].gone, 1);
    sessions_pass(60000);
    two_planes_carry_all(&sessions.planes);
    ck_assert_uint_eq(sessions.sides[AGENT].gone, 1); /* the shared one stays */
    sessions_finish();
}
END_TEST

START_TEST(an_exclusive_link_that_a_stream_uses_stays) {
    begin();
    int wire = add_link(true);
    struct relayed *relayed = relayed_open(&sessions.planes);
    relayed_send(relayed, _i, BULK);
    carry_bulk(relayed);
    for (int i = 0; i < 100; i++) {
        relayed_send(relayed, _i, SMALL);
        relayed_carry(&sessions.planes);
        sessions_pass(1000);
        relayed_carry(&sessions.planes);
    }
    ck_assert_ptr_nonnull(link_at(AGENT, wire));
    ck_assert_uint_eq(sessions.sides[AGENT].gone + sessions.sides[SERVER].gone, 0);
    end_whole(relayed);
    sessions_finish();
}
END_TEST

/* ---- more shared links than a session may have ---- */

static void add_links_to_the_limit(void) {
    begin();
    while (sessions.planes.wire_count < CARRIERS_SHARED_MAX)
        add_link(false);
    ck_assert_uint_eq(sessions.sides[SERVER].carriers, CARRIERS_SHARED_MAX);
}

static size_t count_carriers(void) {
    struct mux_counts counts;
    mux_count(servers_mux(), &counts);
    return counts.carriers;
}

/* Its end has not come here: the agent's address is gone. */
START_TEST(the_link_that_was_silent_for_longest_gives_way_to_a_new_one) {
    static const unsigned silent_ms[CARRIERS_SHARED_MAX] = {3000, 0, 5000, 4000};
    add_links_to_the_limit();
    for (int i = 0; i < CARRIERS_SHARED_MAX; i++)
        link_at(SERVER, i)->last_rx_us -= silent_ms[i] * 1000;
    struct relayed *relayed = open_bulk();
    int wire = add_link(false);
    expect_gone(SERVER, "silent while the agent dialled another in its place");
    ck_assert_ptr_null(link_at(SERVER, 2));
    ck_assert_ptr_nonnull(link_at(SERVER, wire));
    ck_assert_uint_eq(count_carriers(), CARRIERS_SHARED_MAX);
    carry_bulk(relayed);
    end_whole(relayed);
    sessions_finish();
}
END_TEST

START_TEST(links_that_bring_something_do_not_give_way) {
    add_links_to_the_limit();
    for (int i = 0; i < CARRIERS_SHARED_MAX; i++)
        link_at(SERVER, i)->last_rx_us = clock_us() + 60000000;
    int wire = add_link(false);
    expect_gone(SERVER, "all shared links that its session may have are in use");
    ck_assert_ptr_null(link_at(SERVER, wire));
    ck_assert_uint_eq(count_carriers(), CARRIERS_SHARED_MAX);
    sessions_finish();
}
END_TEST

START_TEST(an_exclusive_link_takes_no_shared_ones_place) {
    add_links_to_the_limit();
    add_link(true);
    ck_assert_uint_eq(sessions.sides[SERVER].gone, 0);
    ck_assert_uint_eq(count_carriers(), CARRIERS_SHARED_MAX + 1);
    sessions_finish();
}
END_TEST

static TCase *limits(void) {
    TCase *group = tcase_create("limits");
    tcase_add_test(group, the_link_that_was_silent_for_longest_gives_way_to_a_new_one);
    tcase_add_test(group, links_that_bring_something_do_not_give_way);
    tcase_add_test(group, an_exclusive_link_takes_no_shared_ones_place);
    return group;
}

static TCase *streams(void) {
    TCase *group = tcase_create("streams");
    tcase_add_test(group, a_stream_is_whole_over_tls);
    tcase_add_test(group, bulk_both_ways_over_links_that_are_full);
    tcase_add_test(group, bulk_goes_on_when_no_call_awaits_what_it_needs);
    tcase_add_loop_test(group, a_stream_goes_on_when_its_link_breaks, 0, 2);
    tcase_add_test(group, thousands_of_streams_opened_at_once_do_not_close_their_link);
    return group;
}

static TCase *violations(void) {
    TCase *group = tcase_create("violations");
    tcase_add_test(group, a_violation_resets_its_link_and_streams_go_on_by_another);
    tcase_add_test(group, streams_wait_for_the_next_link_when_a_violation_has_cost_the_last);
    return group;
}

static TCase *silence(void) {
    TCase *group = tcase_create("silence");
    tcase_add_loop_test(group, a_carrier_that_is_not_acknowledged_is_given_up_after_two_seconds, 0, 2);
    tcase_add_loop_test(group, a_carrier_that_is_slow_is_not_dead, 0, 2);
    tcase_add_test(group, a_carrier_is_pinged_when_it_is_silent);
    tcase_add_test(group, an_agent_pings_sooner_where_streams_were_busy);
    tcase_add_test(group, a_carrier_that_does_not_confirm_the_ends_of_streams_is_closed);
    tcase_add_loop_test(group, a_carrier_without_PONG_is_given_up_after_two_seconds, 0, 2);
    tcase_add_test(group, a_carrier_that_brings_bytes_is_not_silent);
    tcase_add_test(group, a_carrier_that_is_not_read_is_not_silent);
    tcase_add_test(group, a_link_whose_other_end_may_be_blocked_needs_no_PONG);
    return group;
}

static TCase *exclusive_links(void) {
    TCase *group = tcase_create("exclusive_links");
    tcase_add_test(group, an_agent_closes_an_exclusive_link_that_no_stream_uses);
    tcase_add_loop_test(group, an_exclusive_link_that_a_stream_uses_stays, 0, 2);
    return group;
}

UNIT_MAIN("relay/link/carrier", streams, violations, silence, exclusive_links, limits)
