/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_flows: clients of a UDP service, each on the thread of its port: which agent gets them, and that they
 * hold up no clients of TCP.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "server/service/service_priv.h"
#include "unit.h"

#include <unistd.h>

static struct server_fixture server;

/* "s0" is of TCP, "s1" of UDP. */
static void begin(void) {
    static const char *const groups[] = {NULL, NULL};

    server_fixture_set(&server, groups, 2);
    server.conf->services[1].protocol = SERVICE_UDP;
    server.conf->threads = 2;
    server_fixture_open(&server);
}

static void end(void) {
    server_fixture_clear(&server);
}

static struct service *udp_service(void) {
    return server.server->services.items[1];
}

/* Its first datagram has come by a port of this thread. */
static struct udp_flow *come(unsigned thread) {
    struct udp_flow *flow = fake_flow(thread);

    service_on_flow(udp_service(), flow);
    return flow;
}

static struct fake_order expect_served(unsigned thread, const char *agent) {
    struct fake_order order;

    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert(order.client->is_udp);
    ck_assert_uint_eq(order.thread, thread);
    ck_assert_str_eq(order.text, agent);
    return order;
}

static void over(struct fake_order *order) {
    order->client->flow = NULL;
    fake_give_back(order, CLIENT_ENDED);
}

static void expect_tcp_served(void) {
    struct fake_order order;

    close(server_fixture_client(&server, 0, &order));
    ck_assert(!order.client->is_udp);
    fake_give_back(&order, CLIENT_ENDED);
}

START_TEST(client_waits_for_a_link_of_its_thread_and_holds_up_no_other) {
    struct server_fixture_agent a = server_fixture_join_ready(&server, "a"); /* by thread 0 */

    come(1);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert_uint_eq(udp_service()->queue.count, 1);
    expect_tcp_served();
    come(0);
    struct fake_order order = expect_served(0, "a");
    over(&order);
    server_fixture_bring_link_to(&server, &a, 1, false);
    order = expect_served(1, "a");
    over(&order);
}
END_TEST

START_TEST(client_that_waits_for_another_thread_is_passed) {
    struct server_fixture_agent a = server_fixture_join(&server, "a", "");

    come(1);
    come(0);
    ck_assert_uint_eq(udp_service()->queue.count, 2);
    server_fixture_bring_link(&server, &a);
    struct fake_order order = expect_served(0, "a");
    over(&order);
    ck_assert_uint_eq(udp_service()->queue.count, 1);
}
END_TEST

START_TEST(agent_with_a_link_of_the_thread_gets_it) {
    struct server_fixture_agent b;

    server_fixture_join_ready(&server, "a");
    b = server_fixture_join_ready(&server, "b");
    server_fixture_bring_link_to(&server, &b, 1, false);
    for (int i = 0; i < 4; i++) {
        come(1);
        struct fake_order order = expect_served(1, "b");
        over(&order);
    }
}
END_TEST

/* A flood of forged sources makes an agent refuse as busy, and a thread run out of memory for sessions. */
START_TEST(what_has_no_room_for_them_takes_tcp_clients_all_the_same) {
    server_fixture_join_ready(&server, "a");
    come(0);
    struct fake_order order = expect_served(0, "a");
    order.client->refusal = REFUSAL_BUSY;
    order.client->reason = REASON_MEMORY;
    fake_give_back(&order, _i ? CLIENT_NOT_STARTED : CLIENT_REFUSED);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert_uint_eq(udp_service()->queue.count, 1);
    expect_tcp_served();
    fake_clock_advance(300);
    ck_assert(server_fixture_wait_for(&server, FAKE_SERVE, 1));
    order = expect_served(0, "a");
    over(&order);
}
END_TEST

START_TEST(tcp_clients_do_not_move_on_by_them) {
    struct server_fixture_agent a = server_fixture_join_ready(&server, "a");

    server_fixture_bring_link_to(&server, &a, 1, false);
    for (unsigned i = 0; i < 4; i++) {
        struct fake_order order;
        come(1);
        order = expect_served(1, "a");
        over(&order);
        close(server_fixture_client(&server, 0, &order));
        ck_assert_uint_eq(order.thread, i % 2);
        fake_give_back(&order, CLIENT_ENDED);
    }
}
END_TEST

START_TEST(as_many_as_the_default_permits_are_let_in) {
    enum { MOST = 4096 };

    for (unsigned i = 0; i < MOST; i++)
        ck_assert(!fake_flow_is_refused(come(0)));
    struct udp_flow *flow = come(0);
    ck_assert(!fake_flow_is_refused(flow)); /* another one may give way */
    service_on_flow(udp_service(), flow);
    ck_assert(fake_flow_is_refused(flow));
    ck_assert_uint_eq(udp_service()->live, MOST);
}
END_TEST

static TCase *flows(void) {
    TCase *group = tcase_create("flows");

    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, client_waits_for_a_link_of_its_thread_and_holds_up_no_other);
    tcase_add_test(group, client_that_waits_for_another_thread_is_passed);
    tcase_add_test(group, agent_with_a_link_of_the_thread_gets_it);
    tcase_add_loop_test(group, what_has_no_room_for_them_takes_tcp_clients_all_the_same, 0, 2);
    tcase_add_test(group, tcp_clients_do_not_move_on_by_them);
    tcase_add_test(group, as_many_as_the_default_permits_are_let_in);
    return group;
}

UNIT_MAIN("server/service/service_flows", flows)
