/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_dispatch: which agent gets a client, in which order; test_failover has what happens when it does not serve it,
 * test_dispatch_waiting when there is none.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"
#include "unit_log.h"

#include <string.h>
#include <unistd.h>

/* Connects a client, counts it for the agent that serves it, and ends it. */
static void one_client(struct server_fixture *server_fixture, const struct server_fixture_agent *agents, size_t count,
                       unsigned *served) {
    struct fake_order order;
    int fd = server_fixture_client(server_fixture, 0, &order);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(order.text, agents[i].name) != 0)
            continue;
        served[i]++;
        order.client->opened_us = 1;
        fake_give_back(&order, CLIENT_ENDED);
    }
    close(fd);
}

START_TEST(agents_share_clients_one_by_one) {
    static const char *const groups[] = {"web"};
    struct server_fixture server_fixture;
    unsigned served[3] = {0};

    server_fixture_set(&server_fixture, groups, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent agents[3] = {server_fixture_join(&server_fixture, "a", "web"),
                                             server_fixture_join(&server_fixture, "b", "web")};
    server_fixture_bring_link(&server_fixture, &agents[0]);
    server_fixture_bring_link(&server_fixture, &agents[1]);
    for (unsigned i = 1; i <= 3; i++) {
        one_client(&server_fixture, agents, 2, served);
        one_client(&server_fixture, agents, 2, served);
        ck_assert_uint_eq(served[0], i);
        ck_assert_uint_eq(served[1], i);
    }
    agents[2] = server_fixture_join(&server_fixture, "c", "");
    server_fixture_bring_link(&server_fixture, &agents[2]);
    memset(served, 0, sizeof served);
    for (int i = 0; i < 6; i++)
        one_client(&server_fixture, agents, 3, served);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(served[i], 2);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* By the certificate of the agent port. */
static void end_tls_of(struct server_fixture *server_fixture) {
    struct service_config *service = &server_fixture->conf->services[0];

    ck_assert_int_eq(strlist_add(&service->tls.certificates, server_fixture->conf->agents.certificate), 0);
    ck_assert_int_eq(strlist_add(&service->tls.keys, server_fixture->conf->agents.key), 0);
}

START_TEST(a_client_with_tls_is_served_after_its_handshake) {
    struct server_fixture server_fixture;
    struct fake_order accepted, served;
    struct service_numbers numbers;

    server_fixture_set_any(&server_fixture);
    end_tls_of(&server_fixture);
    server_fixture_open(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int fds[2] = {server_fixture_connect(&server_fixture, 0), server_fixture_connect(&server_fixture, 0)};
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert(fake_take(FAKE_ACCEPT_TLS, &accepted));
    ck_assert_ptr_nonnull(accepted.client->tls_context);
    fake_end_tls(&accepted, CLIENT_TLS_VERSION);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert(fake_take(FAKE_ACCEPT_TLS, &accepted));
    fake_end_tls(&accepted, CLIENT_TLS_DONE);
    ck_assert(fake_take(FAKE_SERVE, &served));
    service_read(server_fixture.server->services.items[0], &numbers);
    ck_assert_uint_eq(numbers.handshakes[CLIENT_TLS_DONE], 1);
    ck_assert_uint_eq(numbers.handshakes[CLIENT_TLS_VERSION], 1);
    ck_assert_uint_eq(numbers.clients, 1);
    close(fds[1]);
    server_fixture_end(&server_fixture, fds[0], &served);
}
END_TEST

START_TEST(agent_of_another_group_never_gets_a_client) {
    static const char *const groups[] = {"web"};
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, groups, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent other = server_fixture_join(&server_fixture, "other", "mail");
    server_fixture_bring_link(&server_fixture, &other);
    int fd = server_fixture_connect(&server_fixture, 0);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 1);
    struct server_fixture_agent right = server_fixture_join(&server_fixture, "right", "web");
    server_fixture_bring_link(&server_fixture, &right);
    struct fake_order order;
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_str_eq(order.text, "right");
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

START_TEST(least_busy_gets_the_next) {
    struct server_fixture server_fixture;
    struct fake_order orders[4];
    int fds[4];

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].balance = CONFIG_LEAST_CONNECTIONS;
    server_fixture_open(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    server_fixture_join_ready(&server_fixture, "b");
    for (int i = 0; i < 3; i++)
        fds[i] = server_fixture_client(&server_fixture, 0, &orders[i]);
    ck_assert_str_eq(orders[0].text, orders[2].text); /* two and one */
    fake_give_back(&orders[0], CLIENT_ENDED);
    fake_give_back(&orders[2], CLIENT_ENDED);
    fds[3] = server_fixture_client(&server_fixture, 0, &orders[3]); /* none and one */
    ck_assert_str_eq(orders[3].text, orders[0].text);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    fake_give_back(&orders[1], CLIENT_ENDED);
    fake_give_back(&orders[3], CLIENT_ENDED);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(one_source_gets_one_agent) {
    struct server_fixture server_fixture;
    unsigned served[2] = {0};

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].balance = CONFIG_SOURCE;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent agents[2] = {server_fixture_join_ready(&server_fixture, "a"),
                                             server_fixture_join_ready(&server_fixture, "b")};
    for (int i = 0; i < 6; i++)
        one_client(&server_fixture, agents, 2, served);
    int mine = served[0] ? 0 : 1;
    ck_assert_uint_eq(served[mine], 6);
    server_fixture_lose(&server_fixture, &agents[mine]);
    one_client(&server_fixture, agents, 2, served);
    ck_assert_uint_eq(served[1 - mine], 1);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(agent_without_a_data_link_is_not_waited_for) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    server_fixture_join(&server_fixture, "without", "");
    server_fixture_join_ready(&server_fixture, "with");
    for (int i = 0; i < 2; i++) {
        close(server_fixture_client(&server_fixture, 0, &order));
        ck_assert_str_eq(order.text, "with");
        fake_give_back(&order, CLIENT_ENDED);
    }
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(clients_of_one_agent_are_spread_over_the_threads) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->threads = 3;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a");
    server_fixture_bring_link_to(&server_fixture, &a, 2, false);
    for (unsigned i = 0; i < 6; i++) {
        close(server_fixture_client(&server_fixture, 0, &order));
        ck_assert_uint_eq(order.thread, i % 2 ? 2 : 0);
        ck_assert_uint_eq(order.tag, a.tag);
        fake_give_back(&order, CLIENT_ENDED);
    }
    server_fixture_clear(&server_fixture);
}
END_TEST

/* Three clients that this agent refuses. */
static void fail_three_times(struct server_fixture *server_fixture, const struct server_fixture_agent *bad) {
    for (int failures = 0; failures < 3;) {
        struct fake_order order;
        int fd = server_fixture_client(server_fixture, 0, &order);
        if (strcmp(order.text, bad->name) == 0) {
            order.client->refusal = REFUSAL_REFUSED;
            fake_give_back(&order, CLIENT_REFUSED);
            failures++;
            ck_assert(fake_take(FAKE_SERVE, &order));
        }
        order.client->opened_us = 1;
        fake_give_back(&order, CLIENT_ENDED);
        close(fd);
    }
}

START_TEST(failing_agent_is_ejected_for_a_while) {
    struct server_fixture server_fixture;
    unsigned served[2] = {0};

    server_fixture_set_any(&server_fixture);
    server_fixture.log = unit_log(LOG_LEVEL_INFO);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent agents[2] = {server_fixture_join_ready(&server_fixture, "bad"),
                                             server_fixture_join_ready(&server_fixture, "good")};
    fail_three_times(&server_fixture, &agents[0]);
    for (int i = 0; i < 4; i++)
        one_client(&server_fixture, agents, 2, served);
    ck_assert_uint_eq(served[0], 0);
    fake_clock_advance(10000);
    for (int i = 0; i < 4; i++)
        one_client(&server_fixture, agents, 2, served);
    ck_assert_uint_eq(served[0], 2);
    fail_three_times(&server_fixture, &agents[0]);
    server_fixture_lose(&server_fixture, &agents[1]); /* no other is left */
    one_client(&server_fixture, agents, 2, served);
    ck_assert_uint_eq(served[0], 3);
    server_fixture_clear(&server_fixture);
    unit_expect_logged("ejected: three failures in a row; clients go to other agents first service=s0 seconds=10");
}
END_TEST

static TCase *choosing(void) {
    TCase *group = tcase_create("choosing");

    tcase_add_test(group, agents_share_clients_one_by_one);
    tcase_add_test(group, a_client_with_tls_is_served_after_its_handshake);
    tcase_add_test(group, agent_of_another_group_never_gets_a_client);
    tcase_add_test(group, clients_of_one_agent_are_spread_over_the_threads);
    tcase_add_test(group, least_busy_gets_the_next);
    tcase_add_test(group, one_source_gets_one_agent);
    tcase_add_test(group, agent_without_a_data_link_is_not_waited_for);
    tcase_add_test(group, failing_agent_is_ejected_for_a_while);
    return group;
}

UNIT_MAIN("server/service/dispatch", choosing)
