/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_visits: what agents are told of the services that they want to visit, and when; what they may ask for.
 */
#include "config.h"

#include "server/service/visit_world.h"
#include "unit.h"

#include <string.h>

static struct visit_world world;

#define S0    "{\"id\":1,\"name\":\"s0\"}"
#define OTHER "{\"id\":2,\"name\":\"other\"}"

static const char *told(const char *op) {
    return visit_world_told(&world, &world.laptop, op);
}

static void expect_told(const char *op, const char *wanted) {
    const char *text = told(op);

    ck_assert_msg(text, "no %s was sent", op);
    ck_assert_msg(strstr(text, wanted), "\"%s\" is not in %s", wanted, text);
}

START_TEST(each_is_answered_and_again_only_when_the_answer_changes) {
    visit_world_begin(&world);
    visit_world_ask(&world, &world.laptop, S0 "," OTHER);
    const char *text = told("visit_state");
    ck_assert(strstr(text, "{\"id\":1,\"end_to_end\":false}") && strstr(text, "{\"id\":2,\"reason\":"));
    visits_update(visit_world_visits(&world));
    ck_assert_ptr_null(told("visit_state"));
    visit_world_permit(&world, "others");
    text = told("visit_state");
    ck_assert(strstr(text, "{\"id\":1,\"reason\":") && !strstr(text, "\"id\":2"));
    visit_world_permit(&world, "laptops");
    expect_told("visit_state", "{\"id\":1,\"end_to_end\":false}");
    visit_world_end(&world);
}
END_TEST

START_TEST(service_without_an_agent_is_told_and_again_when_one_comes) {
    visit_world_begin(&world);
    visit_world_ask(&world, &world.laptop, S0);
    expect_told("visit_state", "{\"id\":1,\"end_to_end\":false}");
    server_fixture_lose(&world.fixture, &world.office);
    visits_update(visit_world_visits(&world));
    expect_told("visit_state", "no agent serves it now");
    const struct server_fixture_agent again = server_fixture_resume(&world.fixture, &world.office, "office");
    server_fixture_bring_link(&world.fixture, &again);
    visits_update(visit_world_visits(&world));
    expect_told("visit_state", "{\"id\":1,\"end_to_end\":false}");
    visit_world_end(&world);
}
END_TEST

/* Its port would open and close at each start of the agent. */
START_TEST(nothing_is_told_before_the_data_links_have_come) {
    visit_world_begin(&world);
    world.laptop = server_fixture_join(&world.fixture, "second", "laptops");
    fake_forget(FAKE_CONTROL);
    visit_world_ask(&world, &world.laptop, S0);
    expect_told("visit_state", "\"visits\":[]");
    server_fixture_bring_link(&world.fixture, &world.laptop);
    visits_update(visit_world_visits(&world));
    expect_told("visit_state", "{\"id\":1,\"end_to_end\":false}");
    visit_world_end(&world);
}
END_TEST

START_TEST(end_to_end_is_a_part_of_the_answer) {
    visit_world_begin(&world);
    visit_world_ask(&world, &world.laptop, S0);
    expect_told("visit_state", "\"end_to_end\":false");
    world.fixture.conf->services[0].end_to_end = true;
    visits_update(visit_world_visits(&world));
    expect_told("visit_state", "\"end_to_end\":true");
    visit_world_end(&world);
}
END_TEST

START_TEST(next_list_takes_the_place_of_the_one_before) {
    visit_world_begin(&world);
    visit_world_ask(&world, &world.laptop, OTHER);
    fake_forget(FAKE_CONTROL);
    visit_world_ask(&world, &world.laptop, "{\"id\":5,\"name\":\"s0\"}");
    expect_told("visit_state", "\"visits\":[{\"id\":5,\"end_to_end\":false}]");
    visit_world_open(&world, &world.laptop, 2, 7, 1);
    expect_told("visit_refused", "there is no such service");
    visit_world_ask(&world, &world.laptop, "");
    expect_told("visit_state", "\"visits\":[]");
    visit_world_open(&world, &world.laptop, 5, 7, 1);
    expect_told("visit_refused", "there is no such service");
    visit_world_end(&world);
}
END_TEST

/* A client of the laptop has a relay to it. */
static void begin_visit(void) {
    visit_world_begin(&world);
    visit_world_ask(&world, &world.laptop, S0);
    visit_world_open(&world, &world.laptop, 1, 7, 1);
    ck_assert(server_fixture_wait_for(&world.fixture, FAKE_SERVE, 2));
    fake_forget(FAKE_CONTROL);
}

START_TEST(withdrawn_permission_ends_what_runs_also_while_the_agent_is_away) {
    struct fake_order order;

    begin_visit();
    server_fixture_lose(&world.fixture, &world.laptop);
    visit_world_permit(&world, "others");
    ck_assert(fake_take_with(FAKE_END_RELAYS, "no longer permits this visitor", &order));
    ck_assert_uint_eq(order.tag, world.laptop.tag);
    visits_update(visit_world_visits(&world));
    ck_assert_uint_eq(fake_count(FAKE_END_RELAYS), 0);
    visit_world_end(&world);
}
END_TEST

START_TEST(relays_go_on_by_the_entry_of_a_new_list_and_end_without_one) {
    begin_visit();
    visit_world_ask(&world, &world.laptop, OTHER ",{\"id\":3,\"name\":\"s0\"}");
    ck_assert_uint_eq(fake_count(FAKE_END_RELAYS), 0);
    visit_world_ask(&world, &world.laptop, OTHER);
    struct fake_order order;
    ck_assert(fake_take_with(FAKE_END_RELAYS, "does not visit the service any more", &order));
    ck_assert_uint_eq(order.tag, world.laptop.tag);
    visit_world_end(&world);
}
END_TEST

/* 62 messages of 64 clients are 3968. The next second is another. */
START_TEST(more_clients_in_a_second_than_a_server_takes_are_an_error) {
    visit_world_begin(&world);
    fake_clock_advance(1000);
    for (unsigned i = 0; i < 62; i++)
        visit_world_open(&world, &world.laptop, 1, 1, VISIT_CLIENTS_MAX);
    ck_assert_ptr_null(told("error"));
    visit_world_open(&world, &world.laptop, 1, 1, 33);
    expect_told("error", "more visits in a second");
    visit_world_ask(&world, &world.laptop, S0);
    expect_told("error", "more visits in a second");
    fake_clock_advance(1000);
    fake_forget(FAKE_CONTROL);
    for (unsigned i = 0; i < 15; i++) /* lists count for 256 each */
        visit_world_ask(&world, &world.laptop, S0);
    ck_assert_ptr_null(told("error"));
    visit_world_ask(&world, &world.laptop, S0);
    expect_told("error", "more visits in a second");
    visit_world_end(&world);
}
END_TEST

START_TEST(malformed_list_changes_nothing) {
    visit_world_begin(&world);
    visit_world_ask(&world, &world.laptop, S0);
    fake_forget(FAKE_CONTROL);
    visit_world_ask(&world, &world.laptop, "{\"id\":9,\"name\":\"other\"},{\"id\":9,\"name\":\"s0\"}");
    expect_told("error", "the ids of visits do not grow");
    ck_assert_ptr_null(told("visit_state"));
    ck_assert_ptr_nonnull(visits_find_entry(visit_world_session(&world, &world.laptop), 1));
    ck_assert_ptr_null(visits_find_entry(visit_world_session(&world, &world.laptop), 9));
    visit_world_end(&world);
}
END_TEST

static TCase *answers(void) {
    TCase *group = tcase_create("answers");

    tcase_add_test(group, each_is_answered_and_again_only_when_the_answer_changes);
    tcase_add_test(group, service_without_an_agent_is_told_and_again_when_one_comes);
    tcase_add_test(group, nothing_is_told_before_the_data_links_have_come);
    tcase_add_test(group, end_to_end_is_a_part_of_the_answer);
    tcase_add_test(group, next_list_takes_the_place_of_the_one_before);
    return group;
}

static TCase *withdrawal(void) {
    TCase *group = tcase_create("withdrawal");

    tcase_add_test(group, withdrawn_permission_ends_what_runs_also_while_the_agent_is_away);
    tcase_add_test(group, relays_go_on_by_the_entry_of_a_new_list_and_end_without_one);
    return group;
}

static TCase *messages(void) {
    TCase *group = tcase_create("messages");

    tcase_add_test(group, more_clients_in_a_second_than_a_server_takes_are_an_error);
    tcase_add_test(group, malformed_list_changes_nothing);
    return group;
}

UNIT_MAIN("server/service/visits", answers, withdrawal, messages)
