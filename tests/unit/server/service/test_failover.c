/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_failover: what becomes of a client that its agent does not serve (dispatch.c): which agent gets it next, how
 * long that may take, and what its record states when none serves it.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"
#include "unit_log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

UNIT_MAIN("server/service/failover", failing_over)
