/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_supply: how many data links are ordered from an agent, and which are closed again.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "proto/control.h"
#include "server/server_fixture.h"
#include "server/service/supply.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

/* Links ordered from this agent since the last call. */
static uint64_t take_ordered(struct server_fixture *server_fixture, const struct server_fixture_agent *agent) {
    struct fake_order order;
    struct control_message control;
    struct error error;
    uint64_t count = 0;

    server_fixture_run(server_fixture);
    for (size_t left = fake_count(FAKE_CONTROL); left; left--) {
        ck_assert(fake_take(FAKE_CONTROL, &order));
        ck_assert_int_eq(control_parse(&control, order.text, strlen(order.text), &error), 0);
        if (link_ref_same(order.link, agent->control) && control.op == CONTROL_OP_LINKS)
            count += control.count;
        else
            plane_send_control(NULL, order.link, order.text); /* another's: put it back */
        control_done(&control);
    }
    return count;
}

START_TEST(new_agent_gets_an_order_for_idle_min) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 16);
    server_fixture_bring_links(&server_fixture, &a, 16);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(taken_link_is_replaced) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_with(&server_fixture, "a", 16);
    take_ordered(&server_fixture, &a);
    int fd = server_fixture_client(&server_fixture, 0, &order);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 1);
    server_fixture_end(&server_fixture, fd, &order, a.tag);
}
END_TEST

START_TEST(expired_order_is_repeated) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 16);
    fake_clock_advance(9999);
    supply_tick(server_fixture.server->supply);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 0);
    fake_clock_advance(1);
    supply_tick(server_fixture.server->supply);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 16);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(waiting_clients_are_spread_over_the_agents) {
    struct server_fixture server_fixture;
    int fds[5];

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.idle_min = 0;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", ""),
                                b = server_fixture_join(&server_fixture, "b", "");
    for (int i = 0; i < 5; i++)
        fds[i] = server_fixture_connect(&server_fixture, 0);
    uint64_t of_a = take_ordered(&server_fixture, &a), of_b = take_ordered(&server_fixture, &b);
    ck_assert_uint_ge(of_a + of_b, 5);
    ck_assert_uint_le(of_a + of_b, 6); /* the odd one goes to another agent each turn */
    ck_assert_uint_ge(of_a, 2);
    ck_assert_uint_ge(of_b, 2);
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    server_fixture_clear(&server_fixture);
}
END_TEST

static void burst(struct server_fixture *server_fixture, const struct server_fixture_agent *agent, int clients) {
    struct fake_order orders[100];

    for (int i = 0; i < clients; i++)
        close(server_fixture_client(server_fixture, 0, &orders[i]));
    for (int i = 0; i < clients; i++) {
        fake_give_back(&orders[i], CLIENT_ENDED, agent->tag);
        server_fixture_idle(server_fixture, agent, orders[i].link);
    }
}

START_TEST(idle_links_follow_the_peak_for_ten_minutes) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.idle_max = 50;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    struct session *session = session_table_find(server_fixture.server->sessions, a.tag);
    server_fixture_bring_links(&server_fixture, &a, 20);
    burst(&server_fixture, &a, 20);
    take_ordered(&server_fixture, &a);
    ck_assert_uint_eq(session_spare_target(session, 16, 50, clock_us()), 40);
    burst(&server_fixture, &a, 20);
    ck_assert_uint_eq(session_spare_target(session, 16, 50, clock_us()), 50); /* 80, but idle_max */
    server_fixture_bring_links(&server_fixture, &a, 30);
    fake_clock_advance(9 * 60 * 1000);
    supply_tick(server_fixture.server->supply);
    ck_assert_uint_eq(link_pool_count(session_pool(session)), 50);
    fake_clock_advance(60 * 1000 + 1000);
    supply_tick(server_fixture.server->supply);
    ck_assert_uint_eq(link_pool_count(session_pool(session)), 16);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 34);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* Not idle yet: it is neither ordered nor in the pool. */
START_TEST(accepted_link_is_not_ordered_again) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 16);
    struct link_ref link = server_fixture_accept_link(&server_fixture, &a);
    supply_tick(server_fixture.server->supply);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 0);
    struct link_end end = {.link = link, .tag = a.tag, .was_accepted = true, .detail = "it broke"};
    fake_options()->events->on_gone(fake_options()->context, &end);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 1);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(scarce_descriptors_are_shared) {
    struct server_fixture server_fixture;
    struct hello hello = {.kind = HELLO_KIND_DATA, .protocol = PROTO_VERSION, .name = "a"};

    server_fixture_begin(&server_fixture);
    supply_set_limit(server_fixture.server->supply, 6);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", ""),
                                b = server_fixture_join(&server_fixture, "b", "");
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 3);
    ck_assert_uint_eq(take_ordered(&server_fixture, &b), 3);
    server_fixture_bring_links(&server_fixture, &a, 3);
    server_fixture_bring_links(&server_fixture, &b, 3);
    hello.credential = hello.group = "";
    hello.instance = a.instance;
    hello.session = a.session;
    server_fixture_greet(&server_fixture, &hello, a.key, AUTH_PROOF_DATA); /* one more than there is room for */
    ck_assert_uint_eq(fake_count(FAKE_REJECT), 1);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(lost_idle_link_is_replaced) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_with(&server_fixture, "a", 15);
    struct link_ref link = server_fixture_bring_link(&server_fixture, &a);
    take_ordered(&server_fixture, &a);
    struct link_end end = {.link = link, .tag = a.tag, .was_accepted = true, .detail = "it broke"};
    fake_options()->events->on_gone(fake_options()->context, &end);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 1);
    server_fixture_clear(&server_fixture);
}
END_TEST

enum { CLIENTS_MOST = 300 };

struct clients {
    int fds[CLIENTS_MOST];
    int count;
};

static void clients_connect(struct server_fixture *server_fixture, struct clients *clients, int count) {
    for (clients->count = 0; clients->count < count; clients->count++)
        clients->fds[clients->count] = server_fixture_connect(server_fixture, 0);
}

static void clients_close(struct server_fixture *server_fixture, struct clients *clients) {
    while (clients->count)
        close(clients->fds[--clients->count]);
    server_fixture_clear(server_fixture);
}

/* One agent that keeps 16 idle links, neither more nor less. */
static struct server_fixture_agent agent_of_sixteen(struct server_fixture *server_fixture) {
    server_fixture_set_any(server_fixture);
    server_fixture->conf->agents.idle_max = 16;
    server_fixture_open(server_fixture);
    struct server_fixture_agent agent = server_fixture_join(server_fixture, "a", "");
    server_fixture_bring_links(server_fixture, &agent, 16);
    take_ordered(server_fixture, &agent);
    return agent;
}

START_TEST(links_above_idle_max_are_closed_as_they_become_idle) {
    struct server_fixture server_fixture;
    struct fake_order orders[10];
    struct server_fixture_agent a = agent_of_sixteen(&server_fixture);

    for (int i = 0; i < 10; i++)
        close(server_fixture_client(&server_fixture, 0, &orders[i]));
    server_fixture_bring_links(&server_fixture, &a, take_ordered(&server_fixture, &a));
    ck_assert_uint_eq(link_pool_count(session_pool(session_table_find(server_fixture.server->sessions, a.tag))), 16);
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(fake_count(FAKE_CLOSE), i);
        fake_give_back(&orders[i], CLIENT_ENDED, a.tag);
        server_fixture_idle(&server_fixture, &a, orders[i].link);
    }
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 10);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(each_waiting_client_gets_one_link) {
    struct server_fixture server_fixture;
    struct clients clients;
    struct server_fixture_agent a = agent_of_sixteen(&server_fixture);

    burst(&server_fixture, &a, 1); /* one link that returned does not promise more */
    uint64_t ordered = take_ordered(&server_fixture, &a);
    clients_connect(&server_fixture, &clients, 40);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 24);
    ordered += take_ordered(&server_fixture, &a);
    ck_assert_uint_eq(ordered, 24); /* those ordered as spare links serve them, too */
    clients_close(&server_fixture, &clients);
}
END_TEST

/* Dialling spare links would delay those that clients wait for. */
START_TEST(spare_links_are_ordered_after_those_of_waiting_clients) {
    struct server_fixture server_fixture;
    struct clients clients;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.idle_min = 0;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    clients_connect(&server_fixture, &clients, 20);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 20);
    server_fixture_bring_links(&server_fixture, &a, 20);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 0);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 0);
    fake_clock_advance(150);
    supply_tick(server_fixture.server->supply);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 0);
    fake_clock_advance(50);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_CONTROL, 1)); /* without a tick */
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 40);
    clients_close(&server_fixture, &clients);
}
END_TEST

START_TEST(no_link_is_ordered_for_a_client_that_will_get_a_returning_one) {
    struct server_fixture server_fixture;
    struct clients clients;
    struct server_fixture_agent a = agent_of_sixteen(&server_fixture);

    for (int i = 0; i < 5; i++)
        burst(&server_fixture, &a, 16);
    take_ordered(&server_fixture, &a);
    clients_connect(&server_fixture, &clients, 40);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 24);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 0);
    fake_clock_advance(1000); /* but none returns */
    supply_tick(server_fixture.server->supply);
    ck_assert_uint_ge(take_ordered(&server_fixture, &a), 8);
    clients_close(&server_fixture, &clients);
}
END_TEST

START_TEST(late_links_are_ordered_again_while_clients_wait) {
    struct server_fixture server_fixture;
    struct clients clients;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.idle_min = 0;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    clients_connect(&server_fixture, &clients, 5);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 5);
    fake_clock_advance(2999);
    supply_tick(server_fixture.server->supply);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 0);
    fake_clock_advance(1);
    supply_tick(server_fixture.server->supply);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), 5);
    clients_close(&server_fixture, &clients);
}
END_TEST

START_TEST(links_under_way_are_bounded) {
    struct server_fixture server_fixture;
    struct clients clients;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    clients_connect(&server_fixture, &clients, CLIENTS_MOST);
    uint64_t ordered = take_ordered(&server_fixture, &a);
    ck_assert_uint_le(ordered, 256);
    ck_assert_uint_ge(ordered, 128); /* more once these have come */
    server_fixture_bring_links(&server_fixture, &a, ordered);
    ck_assert_uint_eq(take_ordered(&server_fixture, &a), CLIENTS_MOST - ordered);
    clients_close(&server_fixture, &clients);
}
END_TEST

static TCase *links(void) {
    TCase *group = tcase_create("links");

    tcase_add_test(group, new_agent_gets_an_order_for_idle_min);
    tcase_add_test(group, taken_link_is_replaced);
    tcase_add_test(group, expired_order_is_repeated);
    tcase_add_test(group, waiting_clients_are_spread_over_the_agents);
    tcase_add_test(group, idle_links_follow_the_peak_for_ten_minutes);
    tcase_add_test(group, accepted_link_is_not_ordered_again);
    tcase_add_test(group, scarce_descriptors_are_shared);
    tcase_add_test(group, lost_idle_link_is_replaced);
    tcase_add_test(group, links_above_idle_max_are_closed_as_they_become_idle);
    tcase_add_test(group, each_waiting_client_gets_one_link);
    tcase_add_test(group, spare_links_are_ordered_after_those_of_waiting_clients);
    tcase_add_test(group, no_link_is_ordered_for_a_client_that_will_get_a_returning_one);
    tcase_add_test(group, late_links_are_ordered_again_while_clients_wait);
    tcase_add_test(group, links_under_way_are_bounded);
    return group;
}

UNIT_MAIN("server/service/supply", links)
