/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_dispatch_waiting: clients that wait for an agent: who is served first, and for how long they wait.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"
#include "unit_log.h"

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

static bool note_number(void *context, const struct client *client) {
    uint64_t *numbers = context;

    numbers[numbers[0]++ + 1] = client->number;
    return numbers[0] < 2;
}

START_TEST(an_operator_sees_clients_that_wait_and_ends_one) {
    struct server_fixture server_fixture;
    uint64_t numbers[3] = {0}; /* how many, and then these */

    server_fixture_set_any(&server_fixture);
    server_fixture.log = unit_log(LOG_LEVEL_INFO);
    server_fixture_open(&server_fixture);
    int first = server_fixture_connect(&server_fixture, 0);
    server_fixture_connect(&server_fixture, 0);
    server_fixture_connect(&server_fixture, 0);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 3);
    dispatch_view_waiting(server_fixture.server->dispatch, note_number, numbers);
    ck_assert_uint_eq(numbers[0], 2);
    ck_assert_uint_lt(numbers[1], numbers[2]);
    ck_assert(dispatch_end_waiting(server_fixture.server->dispatch, numbers[1]));
    ck_assert(!dispatch_end_waiting(server_fixture.server->dispatch, numbers[1]));
    ck_assert(server_fixture_is_reset(&server_fixture, first));
    ck_assert_uint_eq(server_fixture.server->services.waiting, 2);
    server_fixture_clear(&server_fixture);
    unit_expect_logged("reason=\"ended by operator\" by=operator");
}
END_TEST

/* Else its bytes would go to an agent as a stream of datagrams, which ends the link of all. */
START_TEST(client_is_not_served_as_one_of_another_protocol) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_set_any(&server_fixture);
    server_fixture.log = unit_log(LOG_LEVEL_INFO);
    server_fixture_open(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int refused = server_fixture_client(&server_fixture, 0, &order);
    server_fixture.conf->services[0].protocol = SERVICE_UDP; /* as by a reload */
    order.client->refusal = REFUSAL_BUSY;
    fake_give_back(&order, CLIENT_REFUSED);
    ck_assert(server_fixture_is_reset(&server_fixture, refused));
    server_fixture_connect(&server_fixture, 0); /* was accepted before, and its handshake is done now */
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 0);
    close(refused);
    server_fixture_clear(&server_fixture);
    unit_expect_logged("by=operator detail=\"the protocol of its service was changed\"");
}
END_TEST

static TCase *waiting(void) {
    TCase *group = tcase_create("waiting");

    tcase_add_test(group, client_waits_for_an_agent);
    tcase_add_test(group, client_waits_no_longer_than_pending_timeout);
    tcase_add_test(group, waiting_clients_are_served_in_the_order_in_which_they_came);
    tcase_add_test(group, client_that_comes_back_unserved_is_first_again);
    tcase_add_test(group, client_that_waits_for_another_agent_does_not_hold_up_those_behind_it);
    tcase_add_test(group, client_whose_time_is_over_leaves_the_queue_alone);
    tcase_add_test(group, services_take_turns_in_serving_their_waiting_clients);
    tcase_add_test(group, client_that_waits_goes_on_waiting_when_the_last_agent_leaves);
    tcase_add_test(group, client_is_not_served_as_one_of_another_protocol);
    tcase_add_test(group, an_operator_sees_clients_that_wait_and_ends_one);
    return group;
}

UNIT_MAIN("server/service/dispatch_waiting", waiting)
