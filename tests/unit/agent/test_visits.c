/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_visits: which ports an agent has open for its visits, by what its servers say.
 */
#include "config.h"

#include "agent/visits_fixture.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

static struct visits_fixture fixture;

static bool is_open(size_t index) {
    int fd = visits_fixture_connect(&fixture, index);
    bool result = fd >= 0;

    if (result)
        close(fd);
    ck_assert_int_eq(visits_fixture_view(&fixture, index).is_open, result);
    return result;
}

static void expect_closed(size_t index, const char *because) {
    ck_assert(!is_open(index));
    ck_assert_ptr_nonnull(strstr(visits_fixture_view(&fixture, index).because, because));
}

START_TEST(port_is_open_while_a_server_permits_it) {
    visits_fixture_begin(&fixture, false);
    expect_closed(ECHO, "no server is connected");
    visits_fixture_connected(&fixture, 1, true);
    expect_closed(ECHO, "the server has not answered yet");
    visits_fixture_state(&fixture, 1, 1, NULL, false);
    ck_assert(is_open(ECHO) && !is_open(INNER));
    ck_assert_str_eq(visits_fixture_view(&fixture, ECHO).server, "server 1");
    visits_fixture_state(&fixture, 1, 1, "not now", false);
    expect_closed(ECHO, "not now");
    visits_fixture_state(&fixture, 1, 1, NULL, false);
    ck_assert(is_open(ECHO));
    visits_fixture_lost(&fixture, 1);
    expect_closed(ECHO, "no server is connected");
    visits_fixture_end(&fixture);
}
END_TEST

START_TEST(one_server_that_permits_it_is_enough) {
    visits_fixture_begin(&fixture, false);
    visits_fixture_permit(&fixture, 1);
    visits_fixture_permit(&fixture, 2);
    visits_fixture_state(&fixture, 2, 1, "not here", false);
    ck_assert(is_open(ECHO));
    visits_fixture_lost(&fixture, 1);
    expect_closed(ECHO, "not here");
    visits_fixture_end(&fixture);
}
END_TEST

/* What it said before may have changed while it was away. */
START_TEST(server_that_comes_again_has_to_answer_again) {
    visits_fixture_begin(&fixture, false);
    visits_fixture_permit(&fixture, 1);
    visits_fixture_lost(&fixture, 1);
    visits_fixture_connected(&fixture, 1, true);
    visits_recheck(fixture.visits);
    expect_closed(ECHO, "the server has not answered yet");
    visits_fixture_end(&fixture);
}
END_TEST

START_TEST(server_that_does_not_know_visits_is_named) {
    visits_fixture_begin(&fixture, false);
    visits_fixture_connected(&fixture, 1, false);
    expect_closed(ECHO, "the server is too old for visits");
    visits_fixture_end(&fixture);
}
END_TEST

START_TEST(answers_for_what_was_not_asked_and_of_sessions_that_are_gone_are_ignored) {
    visits_fixture_begin(&fixture, false);
    visits_fixture_connected(&fixture, 1, true);
    visits_fixture_state(&fixture, 1, 3, NULL, false);
    visits_fixture_state(&fixture, 1, UINT32_MAX, NULL, false);
    visits_fixture_state(&fixture, 9, 1, NULL, false);
    visits_fixture_lost(&fixture, 9);
    ck_assert(!is_open(ECHO) && !is_open(INNER));
    visits_fixture_end(&fixture);
}
END_TEST

/* A server decides neither that a service with a key is readable for it, nor that one without is open. */
START_TEST(key_and_end_to_end_go_together_or_the_port_stays_closed) {
    visits_fixture_begin(&fixture, true);
    visits_fixture_connected(&fixture, 1, true);
    visits_fixture_state(&fixture, 1, INNER + 1, NULL, false);
    expect_closed(INNER, "offers it without end_to_end");
    visits_fixture_state(&fixture, 1, INNER + 1, NULL, true);
    ck_assert(is_open(INNER));
    ck_assert(visits_fixture_view(&fixture, INNER).end_to_end);
    visits_fixture_state(&fixture, 1, INNER + 1, NULL, false);
    expect_closed(INNER, "offers it without end_to_end");
    visits_fixture_state(&fixture, 1, ECHO + 1, NULL, true);
    expect_closed(ECHO, "this agent has no key for it");
    visits_fixture_end(&fixture);
}
END_TEST

START_TEST(port_of_another_program_is_tried_again) {
    visits_fixture_begin(&fixture, false);
    visits_fixture_permit(&fixture, 1);
    ck_assert(is_open(ECHO));
    struct visits_fixture other = fixture; /* visits the same port */
    struct error error;
    other.visits =
        visits_new(&(struct visits_options){.loop = fixture.loop, .who = "other", .specs = &fixture.specs}, &error);
    visits_fixture_permit(&other, 1);
    ck_assert(!visits_fixture_view(&other, ECHO).is_open);
    ck_assert_ptr_nonnull(strstr(visits_fixture_view(&other, ECHO).because, "in use by another program"));
    visits_fixture_lost(&fixture, 1);
    visits_recheck(other.visits);
    ck_assert(visits_fixture_view(&other, ECHO).is_open);
    visits_free(other.visits);
    visits_fixture_end(&fixture);
}
END_TEST

START_TEST(agent_that_stops_closes_its_ports_for_good) {
    visits_fixture_begin(&fixture, false);
    visits_fixture_permit(&fixture, 1);
    ck_assert(is_open(ECHO));
    visits_stop(fixture.visits);
    ck_assert(!is_open(ECHO));
    visits_fixture_permit(&fixture, 2);
    visits_recheck(fixture.visits);
    ck_assert(!is_open(ECHO));
    visits_fixture_end(&fixture);
}
END_TEST

START_TEST(servers_are_asked_for_all_of_them) {
    struct visit_name names[VISITS_MAX];
    size_t count = 0;

    visits_fixture_begin(&fixture, false);
    json_t *json = json_loads(visits_user(fixture.visits)->names, 0, NULL);
    ck_assert_int_eq(visit_names_parse(names, &count, json, NULL), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(names[0].name, "echo");
    ck_assert_str_eq(names[1].name, "inner");
    json_decref(json);
    visits_fixture_end(&fixture);
}
END_TEST

static TCase *ports(void) {
    TCase *group = tcase_create("ports");

    tcase_add_test(group, port_is_open_while_a_server_permits_it);
    tcase_add_test(group, one_server_that_permits_it_is_enough);
    tcase_add_test(group, server_that_comes_again_has_to_answer_again);
    tcase_add_test(group, server_that_does_not_know_visits_is_named);
    tcase_add_test(group, answers_for_what_was_not_asked_and_of_sessions_that_are_gone_are_ignored);
    tcase_add_test(group, key_and_end_to_end_go_together_or_the_port_stays_closed);
    tcase_add_test(group, port_of_another_program_is_tried_again);
    tcase_add_test(group, agent_that_stops_closes_its_ports_for_good);
    tcase_add_test(group, servers_are_asked_for_all_of_them);
    return group;
}

UNIT_MAIN("agent/visits", ports)
