/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service: the queue of clients that wait, clients that come without an agent, and their limit.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(client_waits_for_an_agent) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    int fd = server_fixture_connect(&server_fixture, 0);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 1);
    fake_clock_advance(9000);
    server_fixture_join_ready(&server_fixture, "a");
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_uint_eq(server_fixture.server->services.waiting, 0);
    ck_assert_uint_eq(order.client->attempt_ms, 10000); /* waiting took nothing of the connect timeout */
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

START_TEST(client_waits_no_longer_than_pending_timeout) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    int early = server_fixture_connect(&server_fixture, 0);
    fake_clock_advance(5000);
    int late = server_fixture_connect(&server_fixture, 0);
    fake_clock_advance(5000);
    ck_assert(server_fixture_is_reset(&server_fixture, early));
    ck_assert_uint_eq(server_fixture.server->services.waiting, 1);
    fake_clock_advance(5000);
    ck_assert(server_fixture_is_reset(&server_fixture, late));
    ck_assert_uint_eq(client_table_live(server_fixture.server->clients), 0);
    close(early);
    close(late);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(client_is_refused_without_an_agent) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].no_agent = CONFIG_REFUSE;
    server_fixture_open(&server_fixture);
    int fd = server_fixture_connect(&server_fixture, 0);
    ck_assert(server_fixture_is_reset(&server_fixture, fd));
    close(fd);
    server_fixture_join(&server_fixture, "a", "");
    fd = server_fixture_connect(&server_fixture, 0); /* the agent is connected, but has no link yet */
    ck_assert_uint_eq(server_fixture.server->services.waiting, 1);
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(port_is_closed_without_an_agent) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].no_agent = CONFIG_CLOSE;
    server_fixture_open(&server_fixture);
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(server_fixture_connect(&server_fixture, 0), -1);
        struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
        server_fixture_bring_link(&server_fixture, &a);
        int fd = server_fixture_client(&server_fixture, 0, &order);
        fake_give_back(&order, CLIENT_ENDED);
        close(fd);
        server_fixture_lose(&server_fixture, &a);
    }
    ck_assert_int_eq(server_fixture_connect(&server_fixture, 0), -1);
    server_fixture_clear(&server_fixture);
}
END_TEST

static int take_port(uint16_t port) {
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    return fd;
}

START_TEST(port_that_was_taken_stays_closed_when_the_agent_has_left_again) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].no_agent = CONFIG_CLOSE;
    server_fixture_open(&server_fixture);
    int taken = take_port(server_fixture.ports[0]);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    server_fixture_lose(&server_fixture, &a);
    close(taken);
    service_tick(server_fixture.server->services.items[0]);
    ck_assert_int_eq(server_fixture_connect(&server_fixture, 0), -1);
    server_fixture_join(&server_fixture, "a", "");
    int fd = server_fixture_connect(&server_fixture, 0);
    ck_assert_int_ge(fd, 0);
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(no_more_than_max_clients) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].max_clients = 1;
    server_fixture_open(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int first = server_fixture_client(&server_fixture, 0, &order), second = server_fixture_connect(&server_fixture, 0);
    ck_assert(server_fixture_is_reset(&server_fixture, second));
    fake_give_back(&order, CLIENT_ENDED);
    int third = server_fixture_client(&server_fixture, 0, &order);
    fake_give_back(&order, CLIENT_ENDED);
    close(first);
    close(second);
    close(third);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* It has left its services, but not the clients that it has not answered yet. */
START_TEST(clients_of_a_draining_agent_are_recalled_too) {
    struct server_fixture server_fixture;
    struct fake_order order, recall;

    server_fixture_begin(&server_fixture);
    struct server *server = server_fixture.server;
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a"),
                                b = server_fixture_join(&server_fixture, "b", "");
    struct session *silent = session_table_find(server->sessions, a.tag);
    int fd = server_fixture_client(&server_fixture, 0, &order);
    registry_drain(server->registry, silent);
    session_liveness(silent)->is_silent = true;
    service_recall(server->services.items[0], silent, server->plane);
    ck_assert(fake_take(FAKE_RECALL, &recall));
    ck_assert_uint_eq(recall.tag, a.tag);
    server_fixture_lose(&server_fixture, &b); /* no other is left */
    service_recall(server->services.items[0], silent, server->plane);
    ck_assert_uint_eq(fake_count(FAKE_RECALL), 0);
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

/* --- the queue of clients that wait --- */

static void expect_served(uint64_t number) {
    struct fake_order order;

    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_uint_eq(order.client->number, number);
    fake_give_back(&order, CLIENT_ENDED);
}

static void connect_clients(struct server_fixture *server_fixture, size_t service, int count) {
    size_t before = server_fixture->server->services.waiting;

    for (int i = 0; i < count; i++)
        ck_assert_int_ge(server_fixture_connect(server_fixture, service), 0); /* open until the test's process ends */
    ck_assert_uint_eq(server_fixture->server->services.waiting, before + (size_t)count);
}

START_TEST(waiting_clients_are_served_in_the_order_in_which_they_came) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    connect_clients(&server_fixture, 0, 3);
    server_fixture_bring_link(&server_fixture, &a);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 0);
    for (uint64_t number = 1; number <= 3; number++)
        expect_served(number);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(client_that_comes_back_unserved_is_first_again) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    struct link_ref link = server_fixture_bring_link(&server_fixture, &a);
    close(server_fixture_client(&server_fixture, 0, &order));
    server_fixture_lose_link(&server_fixture, &a, link, 0, false);
    connect_clients(&server_fixture, 0, 2);
    fake_give_back(&order, CLIENT_NOT_STARTED);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 3);
    server_fixture_bring_link(&server_fixture, &a);
    for (uint64_t number = 1; number <= 3; number++)
        expect_served(number);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(client_that_waits_for_another_agent_does_not_hold_up_those_behind_it) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", ""),
                                b = server_fixture_join(&server_fixture, "b", "");
    struct link_ref link = server_fixture_bring_link(&server_fixture, &a);
    close(server_fixture_client(&server_fixture, 0, &order));
    server_fixture_lose_link(&server_fixture, &a, link, 0, false);
    order.client->refusal = REFUSAL_REFUSED;
    fake_give_back(&order, CLIENT_REFUSED);
    connect_clients(&server_fixture, 0, 1);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 2);
    server_fixture_bring_link(&server_fixture, &a);
    expect_served(2);
    server_fixture_bring_link(&server_fixture, &b);
    expect_served(1);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(client_whose_time_is_over_leaves_the_queue_alone) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    connect_clients(&server_fixture, 0, 1);
    fake_clock_advance(6000);
    connect_clients(&server_fixture, 0, 2);
    fake_clock_advance(5000);
    dispatch_tick(server_fixture.server->dispatch);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 2);
    server_fixture_bring_link(&server_fixture, &a);
    expect_served(2);
    expect_served(3);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* Otherwise the first service would always have an agent to itself first. */
START_TEST(services_take_turns_in_serving_their_waiting_clients) {
    static const char *const groups[] = {NULL, NULL};
    struct server_fixture server_fixture;
    bool was_first[2] = {false, false};

    server_fixture_set(&server_fixture, groups, 2);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    for (int i = 0; i < 20 && !(was_first[0] && was_first[1]); i++) { /* a tick in between takes a turn too */
        struct fake_order order;
        connect_clients(&server_fixture, 0, 1);
        connect_clients(&server_fixture, 1, 1);
        uint64_t of_second = client_table_total(server_fixture.server->clients);
        struct link_ref link = server_fixture_bring_link(&server_fixture, &a);
        ck_assert_uint_eq(server_fixture.server->services.waiting, 0);
        ck_assert(fake_take(FAKE_SERVE, &order));
        was_first[order.client->number == of_second] = true;
        fake_give_back(&order, CLIENT_ENDED);
        ck_assert(fake_take(FAKE_SERVE, &order));
        fake_give_back(&order, CLIENT_ENDED);
        server_fixture_lose_link(&server_fixture, &a, link, 0, false);
    }
    ck_assert(was_first[0] && was_first[1]);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* It was let in to wait; only a new one is refused at once. */
START_TEST(client_that_waits_goes_on_waiting_when_the_last_agent_leaves) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].no_agent = CONFIG_REFUSE;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    connect_clients(&server_fixture, 0, 1);
    server_fixture_lose(&server_fixture, &a);
    dispatch_tick(server_fixture.server->dispatch);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 1);
    server_fixture_join_ready(&server_fixture, "b");
    expect_served(1);
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *waiting(void) {
    TCase *group = tcase_create("waiting");

    tcase_add_test(group, waiting_clients_are_served_in_the_order_in_which_they_came);
    tcase_add_test(group, client_that_comes_back_unserved_is_first_again);
    tcase_add_test(group, client_that_waits_for_another_agent_does_not_hold_up_those_behind_it);
    tcase_add_test(group, client_whose_time_is_over_leaves_the_queue_alone);
    tcase_add_test(group, services_take_turns_in_serving_their_waiting_clients);
    tcase_add_test(group, client_that_waits_goes_on_waiting_when_the_last_agent_leaves);
    return group;
}

static TCase *without_agents(void) {
    TCase *group = tcase_create("without agents");

    tcase_add_test(group, client_waits_for_an_agent);
    tcase_add_test(group, client_waits_no_longer_than_pending_timeout);
    tcase_add_test(group, client_is_refused_without_an_agent);
    tcase_add_test(group, port_is_closed_without_an_agent);
    tcase_add_test(group, clients_of_a_draining_agent_are_recalled_too);
    tcase_add_test(group, port_that_was_taken_stays_closed_when_the_agent_has_left_again);
    return group;
}

static TCase *limits(void) {
    TCase *group = tcase_create("limits");

    tcase_add_test(group, no_more_than_max_clients);
    return group;
}

UNIT_MAIN("server/service/service", waiting, without_agents, limits)
