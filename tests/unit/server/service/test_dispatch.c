/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_dispatch: which agent gets a client, in which order, and what becomes of one that no agent serves.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"
#include "unit_log.h"

#include <stdio.h>
#include <stdlib.h>
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

static void refuse(const struct fake_order *order, enum refusal refusal) {
    order->client->refusal = refusal;
    fake_give_back(order, CLIENT_REFUSED);
}

START_TEST(refused_client_goes_to_the_next_agent) {
    struct server_fixture server_fixture;
    struct fake_order first, second;

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    server_fixture_join_ready(&server_fixture, "b");
    int fd = server_fixture_client(&server_fixture, 0, &first);
    ck_assert_uint_eq(first.client->attempt_ms, 5000); /* half of 10 s: another one is untried */
    fake_clock_advance(2000);
    refuse(&first, REFUSAL_REFUSED);
    ck_assert(fake_take(FAKE_SERVE, &second));
    ck_assert_str_ne(first.text, second.text);
    ck_assert_uint_eq(second.client->attempt_ms, 8000);
    refuse(&second, REFUSAL_DNS);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert(server_fixture_is_reset(&server_fixture, fd));
    ck_assert_uint_eq(client_table_live(server_fixture.server->clients), 0);
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* The tick that would have ended it has not come yet. */
START_TEST(agent_that_is_ready_late_does_not_serve_a_client_whose_budget_is_spent) {
    struct server_fixture server_fixture;
    struct fake_order first, second;

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    struct server_fixture_agent b = server_fixture_join(&server_fixture, "b", "");
    int fd = server_fixture_client(&server_fixture, 0, &first);
    fake_clock_advance(2000);
    refuse(&first, REFUSAL_REFUSED);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 1); /* for a link of the other */
    fake_clock_advance(8001);
    server_fixture_bring_link(&server_fixture, &b);
    ck_assert(!fake_take(FAKE_SERVE, &second));
    ck_assert_uint_eq(server_fixture.server->services.waiting, 0);
    ck_assert(server_fixture_is_reset(&server_fixture, fd));
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(unanswered_client_goes_to_the_next_agent) {
    struct server_fixture server_fixture;
    struct fake_order first, second;

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    server_fixture_join_ready(&server_fixture, "b");
    int fd = server_fixture_client(&server_fixture, 0, &first);
    fake_give_back(&first, CLIENT_UNANSWERED);
    ck_assert(fake_take(FAKE_SERVE, &second));
    ck_assert_str_ne(first.text, second.text);
    fake_give_back(&second, CLIENT_UNANSWERED);
    ck_assert(fake_take(FAKE_SERVE, &second)); /* both have failed it, the first one longer ago */
    ck_assert_str_eq(first.text, second.text);
    server_fixture_end(&server_fixture, fd, &second);
}
END_TEST

START_TEST(client_that_was_lost_may_have_the_only_agent_again) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int fd = server_fixture_client(&server_fixture, 0, &order);
    uint64_t deadline_us = order.client->deadline_us;
    fake_clock_advance(4000);
    fake_give_back(&order, CLIENT_UNANSWERED);
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_uint_eq(order.client->deadline_us, deadline_us); /* one budget for both */
    ck_assert_uint_eq(order.client->attempt_ms, 6000);
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

/* An agent that loses each client must not keep this one for ever. */
START_TEST(client_is_not_lost_without_end) {
    enum { ENOUGH = 8 };
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int fd = server_fixture_client(&server_fixture, 0, &order);
    for (int i = 1; i < ENOUGH; i++) {
        fake_give_back(&order, CLIENT_UNANSWERED);
        ck_assert(fake_take(FAKE_SERVE, &order));
    }
    fake_give_back(&order, CLIENT_UNANSWERED);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert(server_fixture_is_reset(&server_fixture, fd));
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

static void fail_client(enum client_outcome outcome, const char *detail) {
    static const char *const groups[] = {"web"};
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_set(&server_fixture, groups, 1);
    strlist_add(&server_fixture.conf->services[0].groups, "mail");
    server_fixture.log = unit_log(LOG_LEVEL_INFO);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "web");
    server_fixture_bring_link(&server_fixture, &a);
    int fd = server_fixture_client(&server_fixture, 0, &order);
    fake_clock_advance(10000);
    order.client->refusal = REFUSAL_REFUSED;
    snprintf(order.client->detail, sizeof order.client->detail, "%s", detail);
    fake_give_back(&order, outcome);
    ck_assert(server_fixture_is_reset(&server_fixture, fd));
    close(fd);
    server_fixture_clear(&server_fixture);
}

START_TEST(record_of_a_refused_client_names_the_groups_and_the_detail) {
    fail_client(CLIENT_REFUSED, "10.0.0.1:80: Connection refused");
    unit_expect_logged("10.0.0.1:80: Connection refused; no other agent of the group web or mail could serve");
}
END_TEST

START_TEST(record_of_an_unanswered_client_names_the_groups_and_the_detail) {
    fail_client(CLIENT_UNANSWERED, "");
    unit_expect_logged("the link to agent a was lost before it answered; no other agent of the group web or mail could "
                       "serve");
}
END_TEST

START_TEST(record_of_a_client_that_waited_in_vain_names_what_was_missing) {
    static const char *const groups[] = {"web"};
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, groups, 1);
    server_fixture.log = unit_log(LOG_LEVEL_INFO);
    server_fixture_open(&server_fixture);
    for (int i = 0; i < 2; i++) {
        int fd = server_fixture_connect(&server_fixture, 0);
        fake_clock_advance(10000);
        ck_assert(server_fixture_is_reset(&server_fixture, fd));
        close(fd);
        server_fixture_join(&server_fixture, "a", "web"); /* without a link, for the second client */
    }
    server_fixture_clear(&server_fixture);
    unit_expect_logged("no agent of the group web is connected; start munnel-agent for it");
    unit_expect_logged("no agent of the group web could take it in time");
}
END_TEST

START_TEST(one_budget_for_all_attempts) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agents[5];
    const char *names[] = {"a", "b", "c", "d", "e"};
    for (int i = 0; i < 5; i++) {
        agents[i] = server_fixture_join(&server_fixture, names[i], "");
        server_fixture_bring_link(&server_fixture, &agents[i]);
    }
    int fd = server_fixture_client(&server_fixture, 0, &order);
    ck_assert_uint_eq(order.client->attempt_ms, 3333); /* a third, though four more are there */
    fake_clock_advance(10000);
    refuse(&order, REFUSAL_TIMEOUT);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert(server_fixture_is_reset(&server_fixture, fd));
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(client_that_met_no_carrier_is_served_by_the_next_thread) {
    struct server_fixture server_fixture;
    struct fake_order first, second;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->threads = 2;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a");
    server_fixture_bring_link_to(&server_fixture, &a, 1, false);
    int fd = server_fixture_client(&server_fixture, 0, &first);
    fake_give_back(&first, CLIENT_NOT_STARTED);
    ck_assert(fake_take(FAKE_SERVE, &second));
    ck_assert_uint_ne(first.thread, second.thread);
    ck_assert_uint_eq(second.client->session, a.tag);
    ck_assert_uint_eq(second.client->attempts, 0);
    server_fixture_end(&server_fixture, fd, &second);
}
END_TEST

/* The event that tells of the loss of the link must come first; else both threads would only exchange the client. */
START_TEST(client_that_met_no_carrier_twice_is_served_a_moment_later) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a");
    int fd = server_fixture_client(&server_fixture, 0, &order);
    fake_give_back(&order, CLIENT_NOT_STARTED);
    ck_assert(fake_take(FAKE_SERVE, &order));
    fake_give_back(&order, CLIENT_NOT_STARTED);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 1);
    ck_assert_uint_eq(session_client_count(session_table_find(server_fixture.server->sessions, a.tag)), 0);
    fake_clock_advance(300);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_SERVE, 1));
    ck_assert(fake_take(FAKE_SERVE, &order));
    server_fixture_end(&server_fixture, fd, &order);
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

START_TEST(busy_agent_gets_the_client_again) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int fd = server_fixture_client(&server_fixture, 0, &order);
    refuse(&order, REFUSAL_BUSY);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 1);
    fake_clock_advance(300);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_SERVE, 1));
    ck_assert(fake_take(FAKE_SERVE, &order));
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

/* Without a backoff the client would be sent to it in a busy loop. */
START_TEST(client_that_met_a_lack_of_memory_is_served_a_moment_later) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int fd = server_fixture_client(&server_fixture, 0, &order);
    order.client->reason = REASON_MEMORY;
    fake_give_back(&order, CLIENT_NOT_STARTED);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 1);
    fake_clock_advance(300);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_SERVE, 1));
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_uint_eq(order.client->attempts, 0);
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

START_TEST(draining_agent_gets_no_more) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", ""),
                                b = server_fixture_join(&server_fixture, "b", "");
    server_fixture_bring_link(&server_fixture, &a);
    int fd = server_fixture_client(&server_fixture, 0, &order);
    refuse(&order, REFUSAL_DRAINING);
    ck_assert_uint_eq(fake_count(FAKE_CLOSE), 0); /* its links stay for its other clients */
    server_fixture_bring_link(&server_fixture, &b);
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_str_eq(order.text, "b");
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

/* Three clients that this agent refuses. */
static void fail_three_times(struct server_fixture *server_fixture, const struct server_fixture_agent *bad) {
    for (int failures = 0; failures < 3;) {
        struct fake_order order;
        int fd = server_fixture_client(server_fixture, 0, &order);
        if (strcmp(order.text, bad->name) == 0) {
            refuse(&order, REFUSAL_REFUSED);
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
    tcase_add_test(group, agent_of_another_group_never_gets_a_client);
    tcase_add_test(group, clients_of_one_agent_are_spread_over_the_threads);
    tcase_add_test(group, least_busy_gets_the_next);
    tcase_add_test(group, one_source_gets_one_agent);
    tcase_add_test(group, agent_without_a_data_link_is_not_waited_for);
    tcase_add_test(group, failing_agent_is_ejected_for_a_while);
    return group;
}

static TCase *failing_over(void) {
    TCase *group = tcase_create("failing over");

    tcase_add_test(group, refused_client_goes_to_the_next_agent);
    tcase_add_test(group, agent_that_is_ready_late_does_not_serve_a_client_whose_budget_is_spent);
    tcase_add_test(group, unanswered_client_goes_to_the_next_agent);
    tcase_add_test(group, client_that_was_lost_may_have_the_only_agent_again);
    tcase_add_test(group, client_is_not_lost_without_end);
    tcase_add_test(group, record_of_a_refused_client_names_the_groups_and_the_detail);
    tcase_add_test(group, record_of_an_unanswered_client_names_the_groups_and_the_detail);
    tcase_add_test(group, record_of_a_client_that_waited_in_vain_names_what_was_missing);
    tcase_add_test(group, one_budget_for_all_attempts);
    tcase_add_test(group, client_that_met_no_carrier_is_served_by_the_next_thread);
    tcase_add_test(group, client_that_met_no_carrier_twice_is_served_a_moment_later);
    tcase_add_test(group, busy_agent_gets_the_client_again);
    tcase_add_test(group, client_that_met_a_lack_of_memory_is_served_a_moment_later);
    tcase_add_test(group, draining_agent_gets_no_more);
    return group;
}

UNIT_MAIN("server/service/dispatch", choosing, failing_over)
