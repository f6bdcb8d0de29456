/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_liveness: an agent that does not answer is the last choice, until it answers.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "server/server_fixture.h"
#include "unit.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LATE_MS = LIVENESS_LEAST_US / 1000 + 50, USUAL_MS = 1 };

static void pong(const struct server_fixture_agent *agent, uint64_t took_ms) {
    uint64_t now_us = clock_us();

    fake_options()->events->on_pong(fake_options()->context, agent->control, agent->tag, now_us - took_ms * 1000);
}

/* The server's timers are real: its clock keeps step with them from here on. */
static bool is_silent(void *context) {
    static uint64_t before_ms;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    if (before_ms)
        fake_clock_advance(now_ms - before_ms);
    before_ms = now_ms;
    return session_is_silent(context);
}

static bool waits_until_silent(struct server_fixture *server_fixture, const struct server_fixture_agent *agent) {
    return unit_run_until(loop_base(server_fixture->server->loop), is_silent,
                          session_table_find(server_fixture->server->sessions, agent->tag), 10000);
}

struct pair { /* two agents of one service */
    struct server_fixture server_fixture;
    struct server_fixture_agent agents[2];
};

static void pair_begin(struct pair *pair) {
    server_fixture_begin(&pair->server_fixture);
    pair->agents[0] = server_fixture_join_ready(&pair->server_fixture, "a");
    pair->agents[1] = server_fixture_join_ready(&pair->server_fixture, "b");
    for (int i = 0; i < 2; i++)
        pong(&pair->agents[i], USUAL_MS);
    fake_clock_advance(1000);
    ck_assert_uint_eq(fake_count(FAKE_PING), 2); /* one for each that has joined */
    fake_forget(FAKE_PING);
}

/* A client comes to the first agent, which does not answer the ping that comes with it. */
static int freeze(struct pair *pair, struct fake_order *served) {
    struct fake_order recall;
    int fd = server_fixture_client(&pair->server_fixture, 0, served);

    ck_assert_str_eq(served->text, "a");
    ck_assert_uint_eq(fake_count(FAKE_PING), 1);
    ck_assert(waits_until_silent(&pair->server_fixture, &pair->agents[0]));
    ck_assert(fake_take(FAKE_RECALL, &recall));
    ck_assert_uint_eq(recall.tag, pair->agents[0].tag);
    return fd;
}

static void serve_one(struct pair *pair, const char *name) {
    struct fake_order order;
    int fd = server_fixture_client(&pair->server_fixture, 0, &order);

    ck_assert_str_eq(order.text, name);
    fake_give_back(&order, CLIENT_ENDED);
    close(fd);
}

START_TEST(silent_agent_gets_no_client_while_another_one_answers) {
    struct pair pair;
    struct fake_order served, again;

    pair_begin(&pair);
    int fd = freeze(&pair, &served);
    for (int i = 0; i < 4; i++)
        serve_one(&pair, "b");
    fake_give_back(&served, CLIENT_UNANSWERED); /* as the recall orders */
    ck_assert(fake_take(FAKE_SERVE, &again));
    ck_assert_str_eq(again.text, "b");
    ck_assert(!again.client->holds_early);
    server_fixture_end(&pair.server_fixture, fd, &again);
}
END_TEST

START_TEST(silent_agent_is_responsive_again_with_its_pong) {
    struct pair pair;
    struct fake_order served;

    pair_begin(&pair);
    int fd = freeze(&pair, &served);
    pong(&pair.agents[0], LATE_MS);
    serve_one(&pair, "b");
    serve_one(&pair, "a");
    server_fixture_end(&pair.server_fixture, fd, &served);
}
END_TEST

START_TEST(silent_agent_is_responsive_again_with_an_opened) {
    struct pair pair;
    struct fake_order served;

    pair_begin(&pair);
    int fd = freeze(&pair, &served);
    served.client->opened_us = clock_us();
    fake_give_back(&served, CLIENT_ENDED);
    close(fd);
    serve_one(&pair, "b");
    serve_one(&pair, "a");
    server_fixture_clear(&pair.server_fixture);
}
END_TEST

START_TEST(only_agent_is_chosen_though_it_is_silent_and_early_bytes_are_held_back) {
    struct pair pair;
    struct fake_order served, second;

    pair_begin(&pair);
    int fd = freeze(&pair, &served);
    server_fixture_lose(&pair.server_fixture, &pair.agents[1]);
    int other = server_fixture_client(&pair.server_fixture, 0, &second);
    ck_assert_str_eq(second.text, "a");
    ck_assert(second.client->holds_early);
    ck_assert(!served.client->holds_early);
    fake_give_back(&second, CLIENT_ENDED);
    close(other);
    server_fixture_end(&pair.server_fixture, fd, &served);
}
END_TEST

START_TEST(clients_are_not_taken_back_from_the_only_agent) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a");
    pong(&a, USUAL_MS);
    int fd = server_fixture_client(&server_fixture, 0, &order);
    ck_assert(waits_until_silent(&server_fixture, &a));
    ck_assert_uint_eq(fake_count(FAKE_RECALL), 0);
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

/* A client of the other service would only lose its link. */
START_TEST(clients_are_taken_back_only_from_services_that_another_agent_serves) {
    static const char *const groups[] = {"mail", "web"};
    struct server_fixture server_fixture;
    struct fake_order order, recall;

    server_fixture_set(&server_fixture, groups, 2);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a"); /* serves both */
    server_fixture_join(&server_fixture, "b", "web");
    pong(&a, USUAL_MS);
    int fd = server_fixture_client(&server_fixture, 0, &order);
    ck_assert(waits_until_silent(&server_fixture, &a));
    ck_assert(fake_take(FAKE_RECALL, &recall));
    ck_assert_uint_eq(recall.tag, a.tag);
    ck_assert_str_eq(recall.terms->service, "s1");
    ck_assert_uint_eq(fake_count(FAKE_RECALL), 0);
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

START_TEST(late_is_three_times_the_usual_answer) {
    struct liveness_state answers = {0};

    ck_assert_uint_eq(liveness_limit_us(&answers), LIVENESS_UNKNOWN_US);
    liveness_note_rtt(&answers, 400000);
    ck_assert_uint_eq(liveness_limit_us(&answers), 1200000);
    for (int i = 0; i < 100; i++)
        liveness_note_rtt(&answers, 0);
    ck_assert_uint_eq(liveness_limit_us(&answers), LIVENESS_LEAST_US);
}
END_TEST

START_TEST(pings_that_come_with_clients_are_few) {
    struct pair pair;

    pair_begin(&pair);
    for (int i = 0; i < 4; i++) {
        serve_one(&pair, "a");
        pong(&pair.agents[0], USUAL_MS);
        serve_one(&pair, "b");
        pong(&pair.agents[1], USUAL_MS);
    }
    ck_assert_uint_eq(fake_count(FAKE_PING), 2);
    server_fixture_clear(&pair.server_fixture);
}
END_TEST

struct outage {
    struct session *session;
    uint64_t over_us;
};

static bool is_silent_or_over(void *context) {
    const struct outage *outage = context;

    return is_silent(outage->session) || clock_us() >= outage->over_us;
}

static bool has_ping(void *session) {
    return is_silent(session) || fake_count(FAKE_PING) > 0;
}

START_TEST(ping_lost_for_want_of_memory_is_sent_again_and_does_not_count_as_unanswered) {
    struct pair pair;
    struct fake_order served;

    pair_begin(&pair);
    struct event_base *base = loop_base(pair.server_fixture.server->loop);
    struct session *first = session_table_find(pair.server_fixture.server->sessions, pair.agents[0].tag);
    struct outage outage = {first, clock_us() + LATE_MS * 1000};
    fake_fail(FAKE_PING, true);
    int fd = server_fixture_client(&pair.server_fixture, 0, &served);
    ck_assert_str_eq(served.text, "a");
    ck_assert(unit_run_until(base, is_silent_or_over, &outage, 10000));
    ck_assert(!session_is_silent(first));
    fake_fail(FAKE_PING, false);
    ck_assert(unit_run_until(base, has_ping, first, 10000));
    ck_assert(!session_is_silent(first));
    server_fixture_end(&pair.server_fixture, fd, &served);
}
END_TEST

static TCase *silence(void) {
    TCase *group = tcase_create("silence");

    tcase_add_test(group, silent_agent_gets_no_client_while_another_one_answers);
    tcase_add_test(group, silent_agent_is_responsive_again_with_its_pong);
    tcase_add_test(group, silent_agent_is_responsive_again_with_an_opened);
    tcase_add_test(group, only_agent_is_chosen_though_it_is_silent_and_early_bytes_are_held_back);
    tcase_add_test(group, clients_are_not_taken_back_from_the_only_agent);
    tcase_add_test(group, clients_are_taken_back_only_from_services_that_another_agent_serves);
    tcase_add_test(group, late_is_three_times_the_usual_answer);
    tcase_add_test(group, ping_lost_for_want_of_memory_is_sent_again_and_does_not_count_as_unanswered);
    tcase_add_test(group, pings_that_come_with_clients_are_few);
    return group;
}

UNIT_MAIN("server/session/liveness", silence)
