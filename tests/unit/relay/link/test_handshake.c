/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_handshake: a link from its connection to the verdict, message by message over a network in memory, and what
 * becomes of one that does not come to its end.
 */
#include "config.h"

#include "relay/two_planes.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"

#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 5000, SWEEPS_MS = 1200 /* two sweeps at least */ };

static uint64_t ahead_us; /* of the real clock */

uint64_t __real_clock_us(void);
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return __real_clock_us() + ahead_us;
}

static struct world {
    struct two_planes planes;
    evutil_socket_t server_end, agent_end;
    struct link_ref link; /* the server's */
    struct carrier_role role;
    char rejected[200], *welcome;
    unsigned handshakes, greetings, carriers, gone, agents_carriers, agents_gone;
    struct link_end end;
} world;

/* ---- the control planes only record their events ---- */

static void on_handshake(void *context, uint64_t tag) {
    (void)context, (void)tag;
    world.handshakes++;
}

static void on_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    world.greetings++;
    world.link = greeting->link;
    if (!world.planes.is_control) {
        world.role = two_planes_role_of(greeting);
        world.welcome = two_planes_welcome(greeting);
    }
}

static void on_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    (void)context, (void)tag, (void)role;
    world.carriers++;
}

static void on_gone(void *context, const struct link_end *end) {
    (void)context;
    world.gone++;
    world.end = *end;
}

static void on_agents_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    ck_assert(greeting->rejected);
    snprintf(world.rejected, sizeof world.rejected, "%s", greeting->text);
    plane_reject(world.planes.agent, greeting->link, NULL);
}

static void on_agents_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    (void)context, (void)tag, (void)role;
    world.agents_carriers++;
}

static void on_agents_gone(void *context, const struct link_end *end) {
    (void)context, (void)end;
    world.agents_gone++;
}

static const struct plane_events server_events = {.on_handshake = on_handshake,
                                                  .on_greeting = on_greeting,
                                                  .on_carrier = on_carrier,
                                                  .on_gone = on_gone};
static const struct plane_events agent_events = {.on_greeting = on_agents_greeting,
                                                 .on_carrier = on_agents_carrier,
                                                 .on_gone = on_agents_gone};

/* ---- the world ---- */

static void settle(void) {
    two_planes_settle(&world.planes);
    two_planes_settle(&world.planes);
}

/* All that is on its way to one end arrives. */
static void carry(evutil_socket_t end) {
    memory_carry(end, MUCH);
    settle();
}

static void carry_all(void) {
    two_planes_greet(&world.planes, world.server_end);
}

/* The agent's ClientHello is on its way. */
static void dial(bool is_control) {
    world.planes.is_control = is_control;
    two_planes_dial(&world.planes);
    world.server_end = two_planes_accepted();
    world.agent_end = memory_peer(world.server_end);
    two_planes_take_in(&world.planes, world.server_end);
    settle();
}

static void begin(void) {
    memset(&world, 0, sizeof world);
    ahead_us = 0;
    two_planes_begin(&world.planes, &world, MUCH, &server_events, &agent_events);
}

static void finish(void) {
    two_planes_finish(&world.planes);
}

static uint64_t handshakes(const struct plane *plane) {
    struct plane_counts counts;
    plane_count(plane, &counts);
    return counts.handshakes_done;
}

static uint64_t servers_handshakes(void) {
    return handshakes(world.planes.server);
}

static void accept_it(void) {
    plane_accept_data(world.planes.server, world.link, &world.role, world.welcome, "agent test", 0);
    free(world.welcome);
    world.welcome = NULL;
    settle();
}

static void greet(void) {
    dial(false);
    ck_assert_uint_eq(world.handshakes, 1); /* its turn has come */
    carry_all();
    ck_assert_uint_eq(world.handshakes, 1);
    ck_assert_uint_eq(world.greetings, 1);
    ck_assert_uint_eq(servers_handshakes(), 1);
}

static bool is_gone(void *context) {
    (void)context;
    return world.gone > 0;
}

static void expect_gone(const char *why) {
    ck_assert(unit_run_until(loop_base(world.planes.loop), is_gone, NULL, SOON_MS));
    ck_assert_msg(strstr(world.end.detail, why), "%s", world.end.detail);
}

/* ---- what goes well ---- */

/* With any group that the agent begins with; else the server asks it for a second ClientHello. */
START_TEST(both_ends_accept_a_link) {
    begin();
    if (_i == 1)
        ck_assert_int_eq(SSL_CTX_set1_groups_list(world.planes.agent_tls, "P-384:P-256"), 1);
    greet();
    ck_assert_uint_eq(world.agents_carriers, 0);
    accept_it();
    carry_all();
    ck_assert_uint_eq(world.carriers, 1);
    ck_assert_uint_eq(world.agents_carriers, 1);
    ck_assert_uint_eq(handshakes(world.planes.agent), 1);
    ck_assert_uint_eq(world.gone + world.agents_gone, 0);
    finish();
}
END_TEST

static TCase *well(void) {
    TCase *group = tcase_create("well");
    tcase_add_loop_test(group, both_ends_accept_a_link, 0, 2);
    return group;
}

/* ---- what does not ---- */

START_TEST(a_rejected_link_gets_the_reason) {
    begin();
    greet();
    plane_reject(world.planes.server, world.link, "{\"code\":\"session\",\"reason\":\"used\"}");
    settle();
    carry_all();
    ck_assert_str_eq(world.rejected, "{\"code\":\"session\",\"reason\":\"used\"}");
    ck_assert_uint_eq(world.agents_gone, 1);
    expect_gone("rejected");
    ck_assert_uint_eq(world.carriers + world.agents_carriers, 0);
    finish();
}
END_TEST

START_TEST(a_handshake_that_does_not_go_on_is_closed_in_time) {
    begin();
    dial(false);
    carry(world.server_end);
    ahead_us = 6000000;
    expect_gone("not ready in time: still in the TLS handshake");
    ck_assert(!world.end.no_hello);
    finish();
}
END_TEST

START_TEST(a_connection_that_sends_nothing_is_closed_in_time) {
    begin();
    dial(false);
    ahead_us = 6000000;
    expect_gone("not ready in time: still in the TLS handshake");
    ck_assert_uint_eq(servers_handshakes(), 0);
    finish();
}
END_TEST

/* Our own control plane is awaited no longer than the peer. */
START_TEST(a_greeting_without_a_verdict_is_closed_in_time) {
    begin();
    greet();
    ahead_us = 6000000;
    expect_gone("not ready in time: still awaiting a verdict");
    free(world.welcome);
    finish();
}
END_TEST

static bool is_never(void *context) {
    (void)context;
    return false;
}

static void sweep(void) {
    unit_run_until(loop_base(world.planes.loop), is_never, NULL, SWEEPS_MS);
}

static bool is_agents_gone(void *context) {
    (void)context;
    return world.agents_gone > 0;
}

/* A server to which many agents come at once takes them in turn. */
START_TEST(an_agent_waits_for_its_turn_at_the_server) {
    begin();
    world.planes.is_control = false;
    two_planes_dial(&world.planes);
    evutil_socket_t end = two_planes_accepted();
    settle();
    ahead_us = 12000000;
    sweep();
    ck_assert_uint_eq(world.agents_gone, 0);
    ahead_us = 16000000;
    ck_assert(unit_run_until(loop_base(world.planes.loop), is_agents_gone, NULL, SOON_MS));
    sock_close(end);
    finish();
}
END_TEST

/* The peer has done its part in time. */
START_TEST(a_verdict_has_a_deadline_of_its_own) {
    begin();
    dial(false);
    ahead_us = 3000000;
    carry_all();
    ck_assert_uint_eq(world.greetings, 1);
    ahead_us = 6000000;
    sweep();
    ck_assert_uint_eq(world.gone, 0);
    accept_it();
    ck_assert_uint_eq(world.carriers, 1);
    finish();
}
END_TEST

/* The server's first flight is encrypted from its second message on. */
START_TEST(a_record_that_was_changed_ends_the_handshake) {
    static const uint8_t wrong[] = {0x17, 3,  3,  0,  32, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
                                    15,   16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};
    begin();
    dial(false);
    carry(world.server_end);
    memory_send(world.agent_end, wrong, sizeof wrong);
    carry(world.server_end);
    expect_gone("a record was changed on the way");
    ck_assert(world.end.tls_failed);
    ck_assert_uint_eq(servers_handshakes(), 0);
    finish();
}
END_TEST

/* It arrives while the control plane still thinks. */
START_TEST(a_cut_before_the_verdict_is_met_behind_it) {
    begin();
    greet();
    memory_cut(world.server_end);
    settle();
    accept_it();
    expect_gone("");
    finish();
}
END_TEST

/* It costs the server a signature, and the other end next to nothing. */
START_TEST(a_handshake_with_nothing_behind_it_is_reported) {
    begin();
    dial(true);
    for (int i = 0; i < 3; i++) { /* the agent's bufferevent gets no event to write */
        carry(world.server_end);
        carry(world.agent_end);
    }
    ck_assert_uint_eq(servers_handshakes(), 1);
    ck_assert_uint_eq(world.greetings, 0);
    memory_cut(world.server_end);
    settle();
    expect_gone("");
    ck_assert(world.end.no_hello);
    finish();
}
END_TEST

START_TEST(a_handshake_that_is_cut_is_none) {
    begin();
    dial(true);
    carry(world.server_end);
    memory_cut(world.server_end);
    settle();
    expect_gone("");
    ck_assert(!world.end.no_hello);
    finish();
}
END_TEST

START_TEST(a_link_lost_after_its_hello_is_no_bare_handshake) {
    begin();
    dial(true);
    carry_all();
    ck_assert_uint_eq(world.greetings, 1);
    memory_cut(world.server_end);
    settle();
    plane_accept_control(world.planes.server, world.link, 1, "{}", "agent test", 0, 0);
    settle();
    memory_wake_writer(world.server_end);
    expect_gone("");
    ck_assert(!world.end.no_hello);
    finish();
}
END_TEST

static TCase *badly(void) {
    TCase *group = tcase_create("badly");
    tcase_add_test(group, a_rejected_link_gets_the_reason);
    tcase_add_test(group, a_connection_that_sends_nothing_is_closed_in_time);
    tcase_add_test(group, a_handshake_that_does_not_go_on_is_closed_in_time);
    tcase_add_test(group, a_greeting_without_a_verdict_is_closed_in_time);
    tcase_add_test(group, an_agent_waits_for_its_turn_at_the_server);
    tcase_add_test(group, a_verdict_has_a_deadline_of_its_own);
    tcase_add_test(group, a_record_that_was_changed_ends_the_handshake);
    tcase_add_test(group, a_cut_before_the_verdict_is_met_behind_it);
    tcase_add_test(group, a_handshake_with_nothing_behind_it_is_reported);
    tcase_add_test(group, a_handshake_that_is_cut_is_none);
    tcase_add_test(group, a_link_lost_after_its_hello_is_no_bare_handshake);
    return group;
}

UNIT_MAIN("relay/link/handshake", well, badly)
