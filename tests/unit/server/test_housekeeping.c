/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_housekeeping: how long a stop takes, how often the tick comes, and the line on what is live.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"
#include "unit_log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(stop_lets_relays_finish) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int fd = server_fixture_client(&server_fixture, 0, &order);
    housekeeping_stop(server_fixture.server);
    ck_assert_int_eq(server_fixture_connect(&server_fixture, 0), -1);
    ck_assert_uint_eq(client_table_live(server_fixture.server->clients), 1);
    fake_give_back(&order, CLIENT_ENDED);
    ck_assert_int_eq(loop_run(server_fixture.server->loop), 0); /* comes back by itself */
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(stop_cuts_relays_after_thirty_seconds) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int fd = server_fixture_client(&server_fixture, 0, &order);
    housekeeping_stop(server_fixture.server);
    fake_clock_advance(30000);
    ck_assert_int_eq(loop_run(server_fixture.server->loop), 0);
    ck_assert_uint_eq(client_table_live(server_fixture.server->clients), 1);
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

START_TEST(stop_sends_goaway_to_agents) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a");
    int fd = server_fixture_client(&server_fixture, 0, &order);
    fake_forget(FAKE_CONTROL);
    housekeeping_stop(server_fixture.server);
    struct fake_order goaway;
    ck_assert(fake_take(FAKE_CONTROL, &goaway));
    ck_assert(link_ref_same(goaway.link, a.control));
    ck_assert_ptr_nonnull(strstr(goaway.text, "goaway"));
    ck_assert_uint_eq(client_table_live(server_fixture.server->clients), 1);
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

START_TEST(waiting_client_does_not_hold_a_stop) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    int fd = server_fixture_connect(&server_fixture, 0);
    housekeeping_stop(server_fixture.server);
    fake_clock_advance(1500);
    ck_assert_int_eq(loop_run(server_fixture.server->loop), 0); /* comes back by itself: no client is left */
    ck_assert(server_fixture_is_reset(&server_fixture, fd));
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(second_stop_ends_the_loop_at_once) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int fd = server_fixture_client(&server_fixture, 0, &order);
    housekeeping_stop(server_fixture.server);
    housekeeping_stop(server_fixture.server);
    ck_assert_int_eq(loop_run(server_fixture.server->loop), 0);
    ck_assert_uint_eq(client_table_live(server_fixture.server->clients), 1);
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

static void on_confirmed(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    (void)context;
    fake_counts()->unconfirmed = 0;
}

/* No event reports it: the tick does. */
START_TEST(stop_waits_until_agents_know_how_the_last_streams_ended) {
    static const struct timeval soon = {0, 50000};
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int fd = server_fixture_client(&server_fixture, 0, &order);
    fake_counts()->unconfirmed = 1;
    housekeeping_stop(server_fixture.server);
    fake_give_back(&order, CLIENT_ENDED);
    ck_assert_uint_eq(client_table_live(server_fixture.server->clients), 0);
    struct event *confirmed = evtimer_new(loop_base(server_fixture.server->loop), on_confirmed, NULL);
    ck_assert_int_eq(event_add(confirmed, &soon), 0);
    ck_assert_int_eq(loop_run(server_fixture.server->loop), 0);
    ck_assert_uint_eq(fake_counts()->unconfirmed, 0);
    event_free(confirmed);
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

static void tick(struct server *server) {
    event_active(server->tick, EV_TIMEOUT, 1);
    unit_run_rounds(loop_base(server->loop), 1);
}

START_TEST(tick_is_fast_while_a_client_waits) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server *server = server_fixture.server;
    ck_assert(!server->tick_is_fast);
    int fd = server_fixture_connect(&server_fixture, 0);
    ck_assert_uint_eq(server->services.waiting, 1);
    ck_assert(server->tick_is_fast);
    tick(server);
    ck_assert(server->tick_is_fast);
    server_fixture_join_ready(&server_fixture, "a");
    ck_assert_uint_eq(server->services.waiting, 0);
    tick(server);
    ck_assert(!server->tick_is_fast);
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(tick_ends_a_session_that_was_not_resumed) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    server_fixture_lose(&server_fixture, &a);
    fake_clock_advance(server_fixture.conf->agents.resume_s * 1000);
    tick(server_fixture.server);
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 1);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* In the log, which is complete. */
static void expect_statistics(const char *const *fields, size_t count) {
    char *text = unit_read(unit_path("log"), NULL);
    const char *line = strstr(text, " statistics ");

    ck_assert_msg(line, "%s", text);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(strstr(line, fields[i]), "no %s in %s", fields[i], line);
    free(text);
}

START_TEST(statistics_count_what_there_is) {
    static const char *const fields[] = {
        "links=7",
        "handshakes_done=8",
        "relays=9",
        "relays_ended=10",
        "clients=1",
        "clients_total=1",
        "clients_refused=0",
        "waiting=0",
        "agents=1",
        "data_links=1",
        "unconfirmed=11",
        "unauthenticated=0",
        "unauthenticated_refused=0",
        "greetings_refused=1",
        "descriptors=",
    };
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_set_any(&server_fixture);
    server_fixture.log = unit_log(LOG_LEVEL_INFO);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a");
    server_fixture_greet_data(&server_fixture, &a, 99, false); /* is refused */
    int fd = server_fixture_client(&server_fixture, 0, &order);
    *fake_counts() =
        (struct plane_counts){.links = 7, .handshakes_done = 8, .relays = 9, .relays_ended = 10, .unconfirmed = 11};
    housekeeping_log_statistics(server_fixture.server);
    *fake_counts() = (struct plane_counts){0};
    server_fixture_end(&server_fixture, fd, &order);
    expect_statistics(fields, sizeof fields / sizeof *fields);
}
END_TEST

static TCase *stopping(void) {
    TCase *group = tcase_create("stopping");

    tcase_add_test(group, stop_lets_relays_finish);
    tcase_add_test(group, stop_cuts_relays_after_thirty_seconds);
    tcase_add_test(group, stop_sends_goaway_to_agents);
    tcase_add_test(group, waiting_client_does_not_hold_a_stop);
    tcase_add_test(group, second_stop_ends_the_loop_at_once);
    tcase_add_test(group, stop_waits_until_agents_know_how_the_last_streams_ended);
    return group;
}

static TCase *ticking(void) {
    TCase *group = tcase_create("ticking");

    tcase_add_test(group, tick_is_fast_while_a_client_waits);
    tcase_add_test(group, tick_ends_a_session_that_was_not_resumed);
    tcase_add_test(group, statistics_count_what_there_is);
    return group;
}

UNIT_MAIN("server/housekeeping", stopping, ticking)
