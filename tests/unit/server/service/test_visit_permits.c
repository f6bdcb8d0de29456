/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_visit_permits: who may visit what, and that who may not learns nothing of it.
 */
#include "config.h"

#include "server/service/visit_world.h"
#include "unit.h"

#include <string.h>

static struct visit_world world;

#define S0 "{\"id\":1,\"name\":\"s0\"}"

static bool permits(const char *a, const char *b, const struct server_fixture_agent *agent) {
    struct service_config conf = {.name = NULL};

    for (const char *const *group = (const char *const[]){a, b, NULL}; *group; group++)
        ck_assert_int_eq(strlist_add(&conf.visitors, *group), 0);
    bool result = visits_permit(&conf, visit_world_session(&world, agent));
    strlist_done(&conf.visitors);
    return result;
}

START_TEST(agents_of_a_group_that_is_named_may_visit_and_no_others) {
    visit_world_begin(&world);
    ck_assert(permits("laptops", NULL, &world.laptop));
    ck_assert(permits("others", "laptops", &world.laptop));
    ck_assert(permits("*", NULL, &world.laptop));
    ck_assert(!permits("others", NULL, &world.laptop));
    ck_assert(!permits("laptop", NULL, &world.laptop));
    ck_assert(!permits("laptops", NULL, &world.office));
    ck_assert(permits("*", NULL, &world.office));
    visit_world_end(&world);
}
END_TEST

/* Not even an agent of any group. */
START_TEST(service_that_names_none_is_visited_by_none) {
    visit_world_begin(&world);
    const struct server_fixture_agent any = server_fixture_join_ready(&world.fixture, "any");
    ck_assert(!permits(NULL, NULL, &world.laptop));
    ck_assert(!permits(NULL, NULL, &any));
    ck_assert(permits("laptops", NULL, &any));
    visit_world_end(&world);
}
END_TEST

static void expect_state(const char *visits, const char *wanted) {
    visit_world_ask(&world, &world.laptop, visits);
    const char *told = visit_world_told(&world, &world.laptop, "visit_state");
    ck_assert_ptr_nonnull(told);
    ck_assert_msg(strstr(told, wanted), "\"%s\" is not in %s", wanted, told);
}

START_TEST(services_that_are_unknown_and_forbidden_are_answered_alike) {
    char forbidden[512], unknown[512];

    visit_world_begin(&world);
    visit_world_ask(&world, &world.laptop, "{\"id\":1,\"name\":\"s1\"}");
    snprintf(forbidden, sizeof forbidden, "%s", visit_world_told(&world, &world.laptop, "visit_state"));
    visit_world_open(&world, &world.laptop, 1, 7, 1);
    const char *refused = visit_world_told(&world, &world.laptop, "visit_refused");
    ck_assert_ptr_nonnull(strstr(refused, "there is no such service, or this agent may not visit it"));
    char first[512];
    snprintf(first, sizeof first, "%s", refused);
    visit_world_ask(&world, &world.laptop, "{\"id\":1,\"name\":\"nothing\"}");
    snprintf(unknown, sizeof unknown, "%s", visit_world_told(&world, &world.laptop, "visit_state"));
    visit_world_open(&world, &world.laptop, 1, 7, 1);
    ck_assert_str_eq(forbidden, unknown);
    ck_assert_str_eq(first, visit_world_told(&world, &world.laptop, "visit_refused"));
    visit_world_open(&world, &world.laptop, 99, 7, 1); /* of a visit that it has not named */
    ck_assert_str_eq(first, visit_world_told(&world, &world.laptop, "visit_refused"));
    ck_assert_uint_eq(visits_count(visit_world_visits(&world), VISIT_NOT_PERMITTED), 3);
    visit_world_end(&world);
}
END_TEST

/* Also while it is paused, or has no agent: who may not visit it does not learn that. */
START_TEST(what_a_service_lacks_is_told_to_those_alone_that_may_visit_it) {
    visit_world_begin(&world);
    struct service *service = world.fixture.server->services.items[0];
    expect_state(S0, "\"end_to_end\":false");
    ck_assert(service_pause(service, "operator"));
    expect_state(S0, "the service is paused");
    visit_world_permit(&world, "others");
    fake_forget(FAKE_CONTROL);
    expect_state(S0, "there is no such service");
    service->is_paused = false;
    visit_world_permit(&world, "laptops");
    fake_forget(FAKE_CONTROL);
    server_fixture_lose(&world.fixture, &world.office);
    fake_forget(FAKE_CONTROL);
    expect_state(S0, "no agent serves it now");
    visit_world_permit(&world, "others");
    fake_forget(FAKE_CONTROL);
    expect_state(S0, "there is no such service");
    visit_world_end(&world);
}
END_TEST

START_TEST(agent_that_drains_is_refused) {
    visit_world_begin(&world);
    session_drain(visit_world_session(&world, &world.laptop));
    expect_state(S0, "this agent drains");
    visit_world_end(&world);
}
END_TEST

START_TEST(clients_that_are_refused_together_share_a_message) {
    struct visits *visits;

    visit_world_begin(&world);
    visits = visit_world_visits(&world);
    const struct session *session = visit_world_session(&world, &world.laptop);
    for (uint32_t i = 1; i <= VISIT_CLIENTS_MAX + 1; i++)
        visits_refuse(visits, session, i, VISIT_NO_AGENT, NULL);
    visits_refuse(visits, session, 100, VISIT_NO_AGENT, "for another reason");
    visits_refuse(visits, visit_world_session(&world, &world.office), 7, VISIT_NO_AGENT, "for another reason");
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 3);
    ck_assert_ptr_nonnull(strstr(visit_world_told(&world, &world.laptop, "visit_refused"), ",63,64],"));
    ck_assert_ptr_nonnull(strstr(visit_world_told(&world, &world.laptop, "visit_refused"), "[65],"));
    ck_assert_ptr_nonnull(strstr(visit_world_told(&world, &world.laptop, "visit_refused"), "[100],"));
    visits_send_refusals(visits);
    ck_assert_ptr_nonnull(strstr(visit_world_told(&world, &world.office, "visit_refused"), "[7],"));
    visits_send_refusals(visits);
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    visit_world_end(&world);
}
END_TEST

START_TEST(refusals_of_a_session_that_has_gone_are_dropped) {
    visit_world_begin(&world);
    server_fixture_lose(&world.fixture, &world.laptop);
    const struct session *session = session_table_find_any(world.fixture.server->sessions, world.laptop.tag);
    ck_assert_ptr_nonnull(session);
    visits_refuse(visit_world_visits(&world), session, 7, VISIT_NO_AGENT, NULL);
    visits_send_refusals(visit_world_visits(&world));
    ck_assert_ptr_null(visit_world_told(&world, &world.laptop, "visit_refused"));
    visits_refuse(visit_world_visits(&world), NULL, 7, VISIT_NO_AGENT, NULL);
    visits_send_refusals(visit_world_visits(&world));
    ck_assert_ptr_null(visit_world_told(&world, &world.laptop, "visit_refused"));
    ck_assert_uint_eq(visits_count(visit_world_visits(&world), VISIT_NO_AGENT), 2); /* and are counted */
    visit_world_end(&world);
}
END_TEST

static TCase *permits_group(void) {
    TCase *group = tcase_create("permits");

    tcase_add_test(group, agents_of_a_group_that_is_named_may_visit_and_no_others);
    tcase_add_test(group, service_that_names_none_is_visited_by_none);
    tcase_add_test(group, services_that_are_unknown_and_forbidden_are_answered_alike);
    tcase_add_test(group, what_a_service_lacks_is_told_to_those_alone_that_may_visit_it);
    tcase_add_test(group, agent_that_drains_is_refused);
    return group;
}

static TCase *refusals(void) {
    TCase *group = tcase_create("refusals");

    tcase_add_test(group, clients_that_are_refused_together_share_a_message);
    tcase_add_test(group, refusals_of_a_session_that_has_gone_are_dropped);
    return group;
}

UNIT_MAIN("server/service/visit_permits", permits_group, refusals)
