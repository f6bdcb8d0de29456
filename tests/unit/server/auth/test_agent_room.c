/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_room: unauthenticated connections cannot fill the agent port; by agent_listener.c.
 */
#include "config.h"

#include "server/auth/agent_port.h"

#include "server/client_hello.h"
#include "unit.h"

#include <unistd.h>

/* The event of the plane: the turn of the connection with this tag has come. */
static void begin(uint64_t tag) {
    fake_options()->events->on_handshake(fake_options()->context, tag);
}

START_TEST(full_listener_closes_the_oldest_silent_connection) {
    struct server_fixture server_fixture;
    struct fake_order order;
    int fds[4];

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_max = 3;
    server_fixture_open(&server_fixture);
    for (int i = 0; i < 3; i++) {
        fds[i] = connect_agent(&server_fixture);
        fake_clock_advance(1);
    }
    ck_assert_int_eq(write(fds[0], client_hello, sizeof client_hello), sizeof client_hello);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_ADOPT, 1)); /* the oldest has sent bytes, so it stays */
    fds[3] = connect_agent(&server_fixture);
    ck_assert(server_fixture_is_closed(&server_fixture, fds[1]));
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 3);
    ck_assert_int_eq(write(fds[3], client_hello, sizeof client_hello), sizeof client_hello);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_ADOPT, 2));
    while (fake_take(FAKE_ADOPT, &order))
        close(order.fd);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* A ClientHello and no more: for a while it may be an honest agent far away. */
START_TEST(full_listener_closes_the_slowest_handshake) {
    struct server_fixture server_fixture;
    struct fake_order adopted[2], order;
    int fds[2];

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_per_source = 2;
    server_fixture_open(&server_fixture);
    for (int i = 0; i < 2; i++) {
        fds[i] = begin_handshake(&server_fixture, &adopted[i]);
        begin(adopted[i].tag);
        fake_clock_advance(10);
    }
    ck_assert(!is_adopted(&server_fixture));
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT_PREAUTH), 0);
    fake_clock_advance(500);
    ck_assert(is_adopted(&server_fixture));
    ck_assert(fake_take(FAKE_DISCONNECT_PREAUTH, &order));
    ck_assert_uint_eq(order.tag, adopted[0].tag);
    lose(adopted[0].tag, false); /* its event comes as well, and it is not counted twice */
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 1);
    for (int i = 0; i < 2; i++)
        close_both(fds[i], &adopted[i]);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* Otherwise those that have waited longest would be closed one after the other as their turn comes. */
START_TEST(handshakes_that_wait_for_their_turn_do_not_give_way) {
    struct server_fixture server_fixture;
    struct fake_order adopted[2], order;
    int fds[2];

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_per_source = 2;
    server_fixture_open(&server_fixture);
    for (int i = 0; i < 2; i++)
        fds[i] = begin_handshake(&server_fixture, &adopted[i]);
    fake_clock_advance(3000);
    ck_assert(!is_adopted(&server_fixture));
    begin(adopted[1].tag);
    ck_assert(!is_adopted(&server_fixture));
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT_PREAUTH), 0);
    fake_clock_advance(500);
    ck_assert(is_adopted(&server_fixture));
    ck_assert(fake_take(FAKE_DISCONNECT_PREAUTH, &order));
    ck_assert_uint_eq(order.tag, adopted[1].tag);
    begin(adopted[1].tag); /* it was on its way, and is of none that is counted */
    lose(adopted[1].tag, false);
    for (int i = 0; i < 2; i++)
        close_both(fds[i], &adopted[i]);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(one_source_has_a_share_only) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_per_source = 1;
    server_fixture_open(&server_fixture);
    int first = connect_agent(&server_fixture);
    fake_clock_advance(1);
    int second = connect_agent(&server_fixture);
    ck_assert(server_fixture_is_closed(&server_fixture, first));
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 1);
    close(first);
    close(second);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* One for each thread, and those that the server has asked for; and one within the limits. */
START_TEST(data_links_that_will_come_are_accepted_beyond_the_limits) {
    struct server_fixture server_fixture;
    int fds[4];

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_max = server_fixture.conf->agents.unauthenticated_per_source = 1;
    server_fixture.conf->threads = 3;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a"); /* from the same address */
    struct carrier_role bulk = {a.tag, 0, true};
    fake_options()->events->on_want_carriers(fake_options()->context, &bulk, 1);
    for (int i = 0; i < 4; i++)
        fds[i] = connect_agent(&server_fixture);
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 4);
    int more = connect_agent(&server_fixture);
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 4);
    ck_assert(server_fixture_is_closed(&server_fixture, fds[0]));
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    close(more);
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *room(void) {
    TCase *group = tcase_create("room");

    tcase_add_test(group, full_listener_closes_the_oldest_silent_connection);
    tcase_add_test(group, full_listener_closes_the_slowest_handshake);
    tcase_add_test(group, handshakes_that_wait_for_their_turn_do_not_give_way);
    tcase_add_test(group, one_source_has_a_share_only);
    tcase_add_test(group, data_links_that_will_come_are_accepted_beyond_the_limits);
    return group;
}

UNIT_MAIN("server/auth/agent room", room)
