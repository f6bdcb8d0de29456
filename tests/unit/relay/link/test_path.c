/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_path: which links an agent gives up when the network changed, and how long it waits for the answer to a probe.
 */
#include "config.h"

#include "relay/relayed.h"

#include "lib/base/clock.h"
#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000000, SLACK = 4000 /* more than the test itself takes */, PIECE = 5000 };

static uint64_t now_us = 1000000000;
static uint64_t round_trip_us; /* as TCP has it */
static bool address_is_gone;

uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return now_us++; /* it nearly stands: a deferred item is due later than now */
}

unsigned __wrap_sock_round_trip_us(evutil_socket_t fd);
unsigned __wrap_sock_round_trip_us(evutil_socket_t fd) {
    (void)fd;
    return (unsigned)round_trip_us;
}

void __wrap_sock_local_addr(evutil_socket_t fd, struct addr *here);
void __wrap_sock_local_addr(evutil_socket_t fd, struct addr *here) {
    const struct endpoint endpoint = {.host = "192.0.2.7", .port = (uint16_t)(1000 + fd % 1000)};
    ck_assert(addr_from_endpoint(here, &endpoint));
}

bool __wrap_sock_addr_is_gone(const struct addr *here);
bool __wrap_sock_addr_is_gone(const struct addr *here) {
    (void)here;
    return address_is_gone;
}

static struct world {
    struct two_planes planes;
    struct link_ref agent_link;
    struct link_end end; /* the agent's, last */
    unsigned gone, server_gone;
} world;

static struct relay_thread *thread_of(const struct plane *plane) {
    return plane->threads[0];
}

static struct link *agent_link(void) {
    return relay_thread_find(thread_of(world.planes.agent), world.agent_link);
}

/* ---- events ---- */

static void on_agent_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    plane_accept_control(world.planes.agent, greeting->link, 1, NULL, "server test", 0, 0);
}

static void on_agent_gone(void *context, const struct link_end *end) {
    (void)context;
    world.gone++;
    world.end = *end;
}

static void on_server_gone(void *context, const struct link_end *end) {
    (void)context, (void)end;
    world.server_gone++;
}

static const struct plane_events server_events = {.on_greeting = two_planes_on_greeting,
                                                  .on_client_back = relayed_on_client_back,
                                                  .on_gone = on_server_gone};
static const struct plane_events agent_events = {.on_greeting = on_agent_greeting, .on_gone = on_agent_gone};

/* ---- the world ---- */

static void add_link(bool is_control) {
    world.planes.is_control = is_control;
    two_planes_add_link(&world.planes);
}

/* Only the test sweeps, so that a slow machine's clock has no part in it. */
static void begin(bool is_control) {
    memset(&world, 0, sizeof world);
    address_is_gone = false;
    round_trip_us = 0;
    two_planes_begin(&world.planes, &world, MUCH, &server_events, &agent_events);
    event_del(&thread_of(world.planes.agent)->sweep);
    event_del(&thread_of(world.planes.server)->sweep);
    add_link(is_control);
    world.agent_link = two_planes_link(world.planes.agent, world.planes.wires[0].agent)->ref;
    ck_assert_ptr_nonnull(agent_link());
}

static void finish(void) {
    two_planes_carry_all(&world.planes);
    two_planes_finish(&world.planes);
}

static void check_paths(enum network_event event) {
    ck_assert(plane_check_paths(world.planes.agent, event));
    two_planes_settle(&world.planes);
}

static void sweep_after(uint64_t passed_us) {
    now_us += passed_us;
    if (agent_link())
        link_sweep(agent_link(), now_us);
    two_planes_settle(&world.planes);
}

/* PING and PONG: a bufferevent takes the kernel's events for level-triggered. */
static void carry_answers(void) {
    const evutil_socket_t ends[] = {world.planes.wires[0].server, world.planes.wires[0].agent};
    for (int i = 0; i < 8; i++) {
        memory_wake_writer(ends[i % 2]);
        two_planes_settle(&world.planes);
        memory_carry(ends[i % 2], MUCH);
        two_planes_settle(&world.planes);
    }
}

static void expect_gone(const char *detail) {
    ck_assert_uint_eq(world.gone, 1);
    ck_assert(world.end.path_lost);
    ck_assert_msg(strncmp(world.end.detail, detail, strlen(detail)) == 0, "%s", world.end.detail);
}

/* After `least_us`, and the sweep after that, it is given up, and not before. */
static void expect_given_up_after(uint64_t least_us) {
    sweep_after(least_us - SLACK);
    sweep_after(0);
    ck_assert_uint_eq(world.gone, 0);
    sweep_after(2 * SLACK);
    ck_assert_uint_eq(world.gone, 0);
    sweep_after(SECOND / 2);
    ck_assert_uint_eq(world.gone, 1);
}

/* ---- an address that is gone ---- */

START_TEST(a_link_is_given_up_at_once_when_its_address_is_gone) {
    begin(_i);
    address_is_gone = true;
    check_paths(NETWORK_CHANGED);
    expect_gone("network changed: address 192.0.2.7 is gone");
    ck_assert(world.end.is_control == (bool)_i && world.end.is_carrier == !_i);
    finish();
    ck_assert_uint_eq(world.server_gone, 1);
}
END_TEST

START_TEST(a_stream_goes_on_by_the_next_link_when_the_address_of_its_own_is_gone) {
    begin(false);
    struct relayed *relayed = relayed_open(&world.planes);
    relayed_send(relayed, RELAYED_UP, PIECE);
    address_is_gone = true;
    check_paths(NETWORK_CHANGED);
    expect_gone("network changed: address 192.0.2.7 is gone");
    address_is_gone = false;
    two_planes_carry_all(&world.planes);
    ck_assert_ptr_nonnull(relayed->client);
    add_link(false);
    relayed_send(relayed, RELAYED_DOWN, PIECE);
    ck_assert(relayed_carry_until(&world.planes, relayed_has_all, relayed));
    relayed_close_all();
    finish();
}
END_TEST

START_TEST(a_dial_from_an_address_that_is_gone_ends_at_once) {
    begin(true);
    memory_connect_will(MEMORY_LATER);
    two_planes_dial(&world.planes);
    address_is_gone = true;
    check_paths(NETWORK_CHANGED);
    ck_assert_uint_eq(world.gone, 2);
    memory_close(two_planes_accepted());
    finish();
}
END_TEST

START_TEST(a_server_keeps_its_links) {
    begin(_i);
    address_is_gone = true;
    ck_assert(plane_check_paths(world.planes.server, NETWORK_CHANGED));
    two_planes_settle(&world.planes);
    ck_assert_uint_eq(world.server_gone, 0);
    finish();
}
END_TEST

/* ---- probes ---- */

START_TEST(a_link_that_answers_is_kept) {
    begin(_i);
    check_paths(NETWORK_CHANGED);
    ck_assert_uint_ne(agent_link()->probe.sent_us, 0);
    carry_answers();
    for (int i = 0; i < 10; i++) {
        sweep_after(SECOND);
        carry_answers(); /* to PINGs of its own */
    }
    ck_assert_uint_eq(world.gone, 0);
    finish();
}
END_TEST

START_TEST(a_control_link_that_does_not_answer_is_given_up_after_two_seconds) {
    begin(true);
    check_paths(NETWORK_RESUMED);
    expect_given_up_after(2 * SECOND);
    expect_gone("machine was suspended: no PONG for 250");
    finish();
}
END_TEST

/* By the rule that it has for any PING, which needs no second sweep. */
START_TEST(a_data_link_that_does_not_answer_is_given_up_after_two_seconds) {
    begin(false);
    check_paths(NETWORK_CHANGED);
    sweep_after(2 * SECOND - SLACK);
    ck_assert_uint_eq(world.gone, 0);
    sweep_after(2 * SLACK);
    ck_assert_uint_eq(world.gone, 1);
    ck_assert_str_eq(world.end.detail, "no PONG in time");
    finish();
}
END_TEST

START_TEST(an_answer_just_before_the_deadline_is_in_time) {
    begin(_i);
    check_paths(NETWORK_CHANGED);
    sweep_after(2 * SECOND - SLACK);
    carry_answers();
    sweep_after(SECOND);
    sweep_after(SECOND);
    ck_assert_uint_eq(world.gone, 0);
    finish();
}
END_TEST

/* The thread was busy: PONG has come in time, and is read after the sweep that finds it late. */
START_TEST(an_answer_that_waits_to_be_read_is_in_time) {
    begin(true);
    check_paths(NETWORK_CHANGED);
    sweep_after(5 * SECOND);
    carry_answers();
    sweep_after(SECOND);
    ck_assert_uint_eq(world.gone, 0);
    finish();
}
END_TEST

START_TEST(other_pings_hold_for_a_link_that_is_there) {
    begin(true);
    now_us += 60 * SECOND; /* nothing came for so long */
    plane_set_ping(world.planes.agent, world.agent_link, 1, 5);
    two_planes_settle(&world.planes);
    sweep_after(4 * SECOND);
    ck_assert_uint_eq(world.gone, 0);
    carry_answers();
    sweep_after(4 * SECOND);
    ck_assert_uint_eq(world.gone, 0);
    sweep_after(2 * SECOND);
    ck_assert_uint_eq(world.gone, 1);
    finish();
}
END_TEST

START_TEST(a_link_that_usually_answers_late_has_more_time) {
    begin(true);
    ck_assert(plane_ping(world.planes.agent, world.agent_link));
    two_planes_settle(&world.planes);
    now_us += SECOND;
    carry_answers();
    ck_assert_uint_ge(agent_link()->probe.srtt_us, SECOND);
    ck_assert_uint_lt(agent_link()->probe.srtt_us, SECOND + SLACK / 4);
    check_paths(NETWORK_CHANGED);
    expect_given_up_after(3 * SECOND);
    finish();
}
END_TEST

START_TEST(a_link_with_a_long_round_trip_of_tcp_has_more_time) {
    begin(_i);
    round_trip_us = 2 * SECOND;
    check_paths(NETWORK_CHANGED);
    expect_given_up_after(6 * SECOND);
    finish();
}
END_TEST

START_TEST(changes_without_end_do_not_put_off_the_deadline) {
    begin(true);
    check_paths(NETWORK_CHANGED);
    sweep_after(SECOND);
    check_paths(NETWORK_CHANGED);
    expect_given_up_after(SECOND);
    finish();
}
END_TEST

START_TEST(the_answer_to_an_earlier_ping_is_none) {
    begin(true);
    check_paths(NETWORK_CHANGED);
    link_path_note_pong(agent_link(), agent_link()->probe.sent_us - 1);
    expect_given_up_after(2 * SECOND);
    finish();
}
END_TEST

/* The control plane is behind. */
START_TEST(no_answer_is_missed_while_nothing_is_read) {
    begin(true);
    check_paths(NETWORK_CHANGED);
    agent_link()->undelivered = 1 << 20;
    for (int i = 0; i < 10; i++)
        sweep_after(SECOND);
    ck_assert_uint_eq(world.gone, 0);
    agent_link()->undelivered = 0;
    expect_given_up_after(2 * SECOND);
    finish();
}
END_TEST

static TCase *addresses(void) {
    TCase *group = tcase_create("addresses");
    tcase_add_loop_test(group, a_link_is_given_up_at_once_when_its_address_is_gone, 0, 2);
    tcase_add_test(group, a_stream_goes_on_by_the_next_link_when_the_address_of_its_own_is_gone);
    tcase_add_test(group, a_dial_from_an_address_that_is_gone_ends_at_once);
    tcase_add_loop_test(group, a_server_keeps_its_links, 0, 2);
    return group;
}

static TCase *probes(void) {
    TCase *group = tcase_create("probes");
    tcase_add_loop_test(group, a_link_that_answers_is_kept, 0, 2);
    tcase_add_test(group, a_control_link_that_does_not_answer_is_given_up_after_two_seconds);
    tcase_add_test(group, a_data_link_that_does_not_answer_is_given_up_after_two_seconds);
    tcase_add_loop_test(group, an_answer_just_before_the_deadline_is_in_time, 0, 2);
    tcase_add_test(group, an_answer_that_waits_to_be_read_is_in_time);
    tcase_add_test(group, other_pings_hold_for_a_link_that_is_there);
    tcase_add_test(group, a_link_that_usually_answers_late_has_more_time);
    tcase_add_loop_test(group, a_link_with_a_long_round_trip_of_tcp_has_more_time, 0, 2);
    tcase_add_test(group, changes_without_end_do_not_put_off_the_deadline);
    tcase_add_test(group, the_answer_to_an_earlier_ping_is_none);
    tcase_add_test(group, no_answer_is_missed_while_nothing_is_read);
    return group;
}

UNIT_MAIN("relay/link/path", addresses, probes)
