/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_visit_clients: clients of a visited service are taken, go to the next server, or are reset, and as many come as
 * may.
 */
#include "config.h"

#include "agent/visits_fixture.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

enum { WAITING_MOST = VISIT_TICKETS_MAX / 2, BURST = 200 };

static struct visits_fixture fixture;

static void begin(void) {
    visits_fixture_begin(&fixture, false);
    visits_fixture_permit(&fixture, 1);
}

static int connect_one(void) {
    int fd = visits_fixture_connect(&fixture, ECHO);

    ck_assert_int_ge(fd, 0);
    return fd;
}

static const struct visit_open *sent(size_t index) {
    return &fixture.sent[index].open;
}

static uint32_t ticket_of(size_t index) {
    return sent(index)->arrivals[0].ticket;
}

START_TEST(client_is_told_to_the_server_and_taken_by_its_ticket) {
    begin();
    int fd = connect_one();
    visits_fixture_await_sent(&fixture, 1);
    ck_assert_uint_eq(fixture.sent[0].session, 1);
    ck_assert_uint_eq(sent(0)->visit, ECHO + 1);
    ck_assert_uint_eq(sent(0)->count, 1);
    ck_assert_uint_eq(sent(0)->local.port, fixture.ports[ECHO]);
    ck_assert_uint_eq(visits_fixture_view(&fixture, ECHO).waiting, 1);
    ck_assert(!visits_fixture_take(&fixture, 2, ticket_of(0)));
    ck_assert(visits_fixture_take(&fixture, 1, ticket_of(0)));
    ck_assert_uint_eq(visits_fixture_view(&fixture, ECHO).waiting, 0);
    visits_fixture_refuse(&fixture, 1, ticket_of(0), "too late");
    ck_assert_uint_eq(visits_fixture_view(&fixture, ECHO).clients, 1);
    ck_assert_uint_eq(visits_fixture_view(&fixture, ECHO).refused, 0);
    close(fd);
    visits_fixture_end(&fixture);
}
END_TEST

START_TEST(clients_that_have_come_together_share_a_message) {
    int fds[VISIT_CLIENTS_MAX + 3];

    begin();
    for (size_t i = 0; i < VISIT_CLIENTS_MAX + 3; i++)
        fds[i] = connect_one();
    visits_fixture_await_sent(&fixture, 2);
    ck_assert_uint_eq(sent(0)->count, VISIT_CLIENTS_MAX);
    ck_assert_uint_eq(sent(1)->count, 3);
    for (size_t i = 1; i < VISIT_CLIENTS_MAX; i++)
        ck_assert_uint_ne(sent(0)->arrivals[i].ticket, sent(0)->arrivals[i - 1].ticket);
    for (size_t i = 0; i < VISIT_CLIENTS_MAX + 3; i++)
        close(fds[i]);
    visits_fixture_end(&fixture);
}
END_TEST

START_TEST(client_that_is_refused_goes_to_the_next_server_and_is_reset_at_last) {
    begin();
    visits_fixture_permit(&fixture, 2);
    int fd = connect_one();
    visits_fixture_await_sent(&fixture, 1);
    uint64_t first = fixture.sent[0].session;
    visits_fixture_refuse(&fixture, 3 - first, ticket_of(0), "of the other session"); /* is not its */
    visits_fixture_refuse(&fixture, first, ticket_of(0) + 1, "of another ticket");
    ck_assert_uint_eq(fixture.sent_count, 1);
    visits_fixture_refuse(&fixture, first, ticket_of(0), "no agent");
    ck_assert_uint_eq(fixture.sent_count, 2);
    ck_assert_uint_eq(fixture.sent[1].session, 3 - first);
    ck_assert_uint_ne(ticket_of(1), ticket_of(0));
    ck_assert(visits_fixture_waits(fd));
    visits_fixture_refuse(&fixture, 3 - first, ticket_of(1), "no agent");
    ck_assert(visits_fixture_is_reset(&fixture, fd));
    ck_assert_uint_eq(fixture.sent_count, 2);
    ck_assert_uint_eq(visits_fixture_view(&fixture, ECHO).refused, 1);
    visits_fixture_end(&fixture);
}
END_TEST

START_TEST(clients_of_a_server_that_is_lost_go_to_the_next_one_together) {
    int fds[3];

    begin();
    for (size_t i = 0; i < 3; i++)
        fds[i] = connect_one();
    visits_fixture_await_sent(&fixture, 1);
    visits_fixture_permit(&fixture, 2);
    visits_fixture_lost(&fixture, 1);
    ck_assert_uint_eq(fixture.sent_count, 2);
    ck_assert_uint_eq(fixture.sent[1].session, 2);
    ck_assert_uint_eq(sent(1)->count, 3);
    ck_assert(visits_fixture_take(&fixture, 2, ticket_of(1)));
    visits_fixture_lost(&fixture, 2);
    ck_assert(visits_fixture_is_reset(&fixture, fds[1]) && visits_fixture_is_reset(&fixture, fds[2]));
    ck_assert_uint_eq(visits_fixture_view(&fixture, ECHO).refused, 2);
    close(fds[0]);
    visits_fixture_end(&fixture);
}
END_TEST

START_TEST(clients_that_a_server_cannot_be_told_of_go_to_the_next_one) {
    begin();
    visits_fixture_permit(&fixture, 2);
    fixture.dead = 2; /* the one that is asked first */
    int fd = connect_one(), other = connect_one();
    visits_fixture_await_sent(&fixture, 1);
    ck_assert_uint_eq(fixture.sent[0].session, 1);
    ck_assert_uint_eq(sent(0)->count, 2);
    fixture.dead = 1;
    visits_fixture_lost(&fixture, 2);
    int third = connect_one();
    ck_assert(visits_fixture_is_reset(&fixture, third));
    ck_assert(visits_fixture_waits(fd) && visits_fixture_waits(other));
    close(fd);
    close(other);
    visits_fixture_end(&fixture);
}
END_TEST

START_TEST(server_that_does_not_answer_has_ten_seconds) {
    begin();
    int fd = connect_one();
    visits_fixture_await_sent(&fixture, 1);
    visits_fixture_advance(9999 * 1000);
    visits_recheck(fixture.visits);
    ck_assert(visits_fixture_waits(fd));
    visits_fixture_advance(1000);
    visits_recheck(fixture.visits);
    ck_assert(visits_fixture_is_reset(&fixture, fd));
    ck_assert(!visits_fixture_take(&fixture, 1, ticket_of(0)));
    visits_fixture_end(&fixture);
}
END_TEST

START_TEST(clients_that_wait_are_reset_when_the_agent_stops) {
    begin();
    visits_fixture_permit(&fixture, 2);
    int fd = connect_one();
    visits_fixture_await_sent(&fixture, 1);
    visits_stop(fixture.visits);
    ck_assert(visits_fixture_is_reset(&fixture, fd));
    ck_assert_uint_eq(fixture.sent_count, 1);
    visits_fixture_end(&fixture);
}
END_TEST

/* ---- as many as may ---- */

static size_t clients_sent(void) {
    size_t count = 0;

    for (size_t i = 0; i < fixture.sent_count; i++)
        count += sent(i)->count;
    return count;
}

static bool has_come(void *context) {
    return clients_sent() >= *(const size_t *)context;
}

START_TEST(clients_beyond_those_that_may_wait_stay_in_the_backlog) {
    int fds[WAITING_MOST + 2];
    size_t all = WAITING_MOST + 1;

    begin();
    for (size_t i = 0; i < WAITING_MOST + 2; i++)
        fds[i] = connect_one();
    visits_fixture_await_sent(&fixture, 2);
    visits_fixture_run(&fixture);
    ck_assert_uint_eq(clients_sent(), WAITING_MOST);
    ck_assert(visits_fixture_take(&fixture, 1, ticket_of(0)));
    ck_assert(unit_run_until(loop_base(fixture.loop), has_come, &all, 3000));
    visits_fixture_run(&fixture);
    ck_assert_uint_eq(clients_sent(), all);
    ck_assert(visits_fixture_waits(fds[WAITING_MOST + 1]));
    for (size_t i = 0; i < WAITING_MOST + 2; i++)
        close(fds[i]);
    visits_fixture_end(&fixture);
}
END_TEST

/* So many messages after a pause, then 600 a second: what comes meanwhile shares the next one. */
START_TEST(clients_share_a_message_once_the_pace_of_messages_is_reached) {
    int fds[3];

    begin();
    for (size_t i = 0; i < BURST; i++) {
        int fd = connect_one();
        visits_fixture_await_sent(&fixture, i + 1);
        ck_assert(visits_fixture_take(&fixture, 1, ticket_of(i)));
        close(fd);
    }
    for (size_t i = 0; i < 3; i++)
        fds[i] = connect_one();
    for (unsigned i = 0; i < 10; i++)
        visits_fixture_run(&fixture);
    ck_assert_uint_eq(fixture.sent_count, BURST);
    visits_fixture_advance(1000000 / 600);
    visits_fixture_await_sent(&fixture, BURST + 1);
    ck_assert_uint_eq(sent(BURST)->count, 3);
    for (size_t i = 0; i < 3; i++)
        close(fds[i]);
    visits_fixture_end(&fixture);
}
END_TEST

static TCase *clients(void) {
    TCase *group = tcase_create("clients");

    tcase_add_test(group, client_is_told_to_the_server_and_taken_by_its_ticket);
    tcase_add_test(group, clients_that_have_come_together_share_a_message);
    tcase_add_test(group, client_that_is_refused_goes_to_the_next_server_and_is_reset_at_last);
    tcase_add_test(group, clients_of_a_server_that_is_lost_go_to_the_next_one_together);
    tcase_add_test(group, clients_that_a_server_cannot_be_told_of_go_to_the_next_one);
    tcase_add_test(group, server_that_does_not_answer_has_ten_seconds);
    tcase_add_test(group, clients_that_wait_are_reset_when_the_agent_stops);
    return group;
}

static TCase *limits(void) {
    TCase *group = tcase_create("limits");

    tcase_add_test(group, clients_beyond_those_that_may_wait_stay_in_the_backlog);
    tcase_add_test(group, clients_share_a_message_once_the_pace_of_messages_is_reached);
    return group;
}

UNIT_MAIN("agent/visit_clients", clients, limits)
