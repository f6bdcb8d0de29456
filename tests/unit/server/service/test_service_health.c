/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_health: what agents report of destinations, right or wrong, and who gets the clients then.
 */
#include "config.h"

#include "proto/features.h"
#include "server/server_fixture.h"
#include "server/service/announce.h"
#include "server/service/service_priv.h"
#include "unit.h"
#include "unit_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SICK "\"healthy\":false,\"detail\":\"10.0.0.1:80: HTTP 503, expected 200-399; 3 failures in a row\""

static void begin(struct server_fixture *fixture, enum config_no_agent no_agent) {
    server_fixture_set_any(fixture);
    fixture->log = unit_log(LOG_LEVEL_INFO);
    fixture->conf->services[0].check.type = HEALTH_CHECK_TCP;
    fixture->conf->services[0].no_agent = no_agent;
    server_fixture_open(fixture);
}

static struct service *service_of(const struct server_fixture *fixture) {
    return fixture->server->services.items[0];
}

/* `members` of one report, of the only service. */
static void report(struct server_fixture *fixture, const struct server_fixture_agent *agent, const char *members) {
    char text[512];

    snprintf(text, sizeof text, "{\"op\":\"health\",\"reports\":[{\"id\":%u,%s}]}", service_id(service_of(fixture)),
             members);
    server_fixture_send_control(fixture, agent, text);
}

static struct service_numbers numbers_of(const struct server_fixture *fixture) {
    struct service_numbers numbers;

    service_read(service_of(fixture), &numbers);
    return numbers;
}

static unsigned count_lines(const char *with) {
    char *text = unit_read(unit_path("log"), NULL);
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, with)); at++)
        count++;
    free(text);
    return count;
}

/* The next client goes to this agent, and ends there. */
static void expect_served_by(struct server_fixture *fixture, const char *name) {
    struct fake_order served;
    int fd = server_fixture_client(fixture, 0, &served);

    ck_assert_str_eq(served.text, name);
    fake_give_back(&served, CLIENT_ENDED);
    close(fd);
}

START_TEST(unhealthy_agent_gets_no_clients_until_it_reports_the_contrary) {
    struct server_fixture fixture;
    struct service_agent seen;

    begin(&fixture, CONFIG_WAIT);
    struct server_fixture_agent a = server_fixture_join_ready(&fixture, "a");
    server_fixture_join_ready(&fixture, "b");
    report(&fixture, &a, SICK);
    for (int i = 0; i < 4; i++)
        expect_served_by(&fixture, "b");
    ck_assert_uint_eq(numbers_of(&fixture).agents, 1);
    ck_assert_uint_eq(numbers_of(&fixture).unhealthy, 1);
    service_read_agent(service_of(&fixture), session_table_find(fixture.server->sessions, a.tag), &seen);
    ck_assert(seen.is_permitted && seen.is_unhealthy && seen.health_since_us);
    ck_assert_ptr_nonnull(strstr(seen.health_detail, "HTTP 503"));
    report(&fixture, &a, "\"healthy\":true");
    ck_assert_uint_eq(numbers_of(&fixture).unhealthy, 0);
    unsigned by_a = 0;
    for (int i = 0; i < 4; i++) {
        struct fake_order served;
        int fd = server_fixture_client(&fixture, 0, &served);
        by_a += strcmp(served.text, "a") == 0;
        fake_give_back(&served, CLIENT_ENDED);
        close(fd);
    }
    ck_assert_uint_eq(by_a, 2);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(client_waits_while_all_are_unhealthy_and_is_served_at_once_when_one_is_well) {
    struct server_fixture fixture;
    struct fake_order served;

    begin(&fixture, CONFIG_WAIT);
    struct server_fixture_agent a = server_fixture_join_ready(&fixture, "a");
    report(&fixture, &a, SICK);
    int fd = server_fixture_connect(&fixture, 0);
    server_fixture_run(&fixture);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert_uint_eq(numbers_of(&fixture).waiting, 1);
    report(&fixture, &a, "\"healthy\":true");
    ck_assert(fake_take(FAKE_SERVE, &served));
    server_fixture_end(&fixture, fd, &served);
}
END_TEST

START_TEST(client_is_refused_with_the_reason_while_all_are_unhealthy) {
    struct server_fixture fixture;

    begin(&fixture, CONFIG_REFUSE);
    struct server_fixture_agent a = server_fixture_join_ready(&fixture, "a");
    report(&fixture, &a, SICK);
    int fd = server_fixture_connect(&fixture, 0);
    ck_assert(server_fixture_is_reset(&fixture, fd));
    close(fd);
    server_fixture_clear(&fixture); /* writes what is logged still */
    unit_expect_logged("no agent has a healthy destination; of a: 10.0.0.1:80: HTTP 503");
}
END_TEST

/* Agent a, whose destination is unhealthy, and b, which does not permit the service. */
static void join_unhealthy_and_refusing(struct server_fixture *fixture) {
    char refused[64];

    struct server_fixture_agent a = server_fixture_join_ready(fixture, "a");
    struct server_fixture_agent b = server_fixture_join_unanswered(fixture, "b");
    snprintf(refused, sizeof refused, "[{\"id\":%u,\"reason\":\"no\"}]", service_id(service_of(fixture)));
    server_fixture_answer(fixture, &b, refused);
    report(fixture, &a, SICK);
    ck_assert_uint_eq(numbers_of(fixture).unhealthy, 1);
    ck_assert_uint_eq(numbers_of(fixture).refusing, 1);
}

START_TEST(client_waits_for_an_unhealthy_agent_although_another_does_not_permit_the_service) {
    struct server_fixture fixture;

    begin(&fixture, CONFIG_WAIT);
    join_unhealthy_and_refusing(&fixture);
    int fd = server_fixture_connect(&fixture, 0);
    server_fixture_run(&fixture);
    ck_assert_uint_eq(numbers_of(&fixture).waiting, 1);
    close(fd);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(client_is_refused_for_the_unhealthy_agent_and_not_for_the_one_that_does_not_permit_the_service) {
    struct server_fixture fixture;

    begin(&fixture, CONFIG_REFUSE);
    join_unhealthy_and_refusing(&fixture);
    int fd = server_fixture_connect(&fixture, 0);
    ck_assert(server_fixture_is_reset(&fixture, fd));
    close(fd);
    server_fixture_clear(&fixture);
    unit_expect_logged("no agent has a healthy destination; of a: 10.0.0.1:80: HTTP 503");
}
END_TEST

START_TEST(port_is_closed_while_all_are_unhealthy) {
    struct server_fixture fixture;

    begin(&fixture, CONFIG_CLOSE);
    struct server_fixture_agent a = server_fixture_join_ready(&fixture, "a");
    ck_assert(numbers_of(&fixture).is_open);
    report(&fixture, &a, SICK);
    ck_assert(!numbers_of(&fixture).is_open);
    report(&fixture, &a, "\"healthy\":true");
    ck_assert(numbers_of(&fixture).is_open);
    report(&fixture, &a, SICK);
    server_fixture_join_ready(&fixture, "b"); /* which has not reported yet */
    ck_assert(numbers_of(&fixture).is_open);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(answer_for_the_services_has_what_is_known) {
    struct server_fixture fixture;
    char text[256];

    begin(&fixture, CONFIG_WAIT);
    struct server_fixture_agent a = server_fixture_join_unanswered(&fixture, "a");
    server_fixture_bring_link(&fixture, &a);
    int fd = server_fixture_connect(&fixture, 0);
    server_fixture_run(&fixture);
    snprintf(text, sizeof text, "{\"op\":\"services_ack\",\"version\":1,\"reports\":[{\"id\":%u,\"healthy\":false}]}",
             service_id(service_of(&fixture)));
    server_fixture_send_control(&fixture, &a, text);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    ck_assert_uint_eq(numbers_of(&fixture).unhealthy, 1);
    close(fd);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(reports_that_mean_nothing_are_ignored) {
    struct server_fixture fixture;

    begin(&fixture, CONFIG_WAIT);
    struct server_fixture_agent a = server_fixture_join_ready(&fixture, "a");
    server_fixture_send_control(&fixture, &a,
                                "{\"op\":\"health\",\"reports\":[{\"id\":1000,\"healthy\":false},"
                                "{\"id\":4294967295,\"healthy\":false}]}");
    struct server_fixture_agent b = server_fixture_join_unanswered(&fixture, "b");
    report(&fixture, &b, SICK); /* it has not permitted the service */
    ck_assert_uint_eq(numbers_of(&fixture).unhealthy, 0);
    server_fixture_answer(&fixture, &b, "[]");
    ck_assert_uint_eq(numbers_of(&fixture).unhealthy, 0);
    ck_assert_uint_eq(numbers_of(&fixture).agents, 2);
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(report_of_a_service_without_a_check_is_ignored) {
    struct server_fixture fixture;

    server_fixture_begin(&fixture);
    struct server_fixture_agent a = server_fixture_join_ready(&fixture, "a");
    report(&fixture, &a, SICK);
    ck_assert_uint_eq(numbers_of(&fixture).unhealthy, 0);
    expect_served_by(&fixture, "a");
    server_fixture_clear(&fixture);
}
END_TEST

START_TEST(malformed_report_is_answered_by_error_and_changes_nothing) {
    struct server_fixture fixture;
    struct fake_order sent;

    begin(&fixture, CONFIG_WAIT);
    struct server_fixture_agent a = server_fixture_join_ready(&fixture, "a");
    report(&fixture, &a, "\"healthy\":0");
    ck_assert(fake_take_with(FAKE_CONTROL, "\"op\":\"error\"", &sent));
    server_fixture_send_control(&fixture, &a, "{\"op\":\"health\"}");
    ck_assert(fake_take_with(FAKE_CONTROL, "health without \\\"reports\\\"", &sent));
    ck_assert_uint_eq(numbers_of(&fixture).unhealthy, 0);
    server_fixture_clear(&fixture);
}
END_TEST

/* Looking at all services and their clients is for changes that matter to them. */
START_TEST(report_that_changes_nothing_has_no_clients_looked_at) {
    struct server_fixture fixture;

    begin(&fixture, CONFIG_WAIT);
    struct server_fixture_agent a = server_fixture_join_ready(&fixture, "a");
    report(&fixture, &a, SICK);
    int fd = server_fixture_connect(&fixture, 0);
    server_fixture_run(&fixture);
    TAILQ_FIRST(&service_of(&fixture)->queue.clients)->deadline_us = 0; /* it would be failed for that */
    report(&fixture, &a, SICK);
    server_fixture_send_control(&fixture, &a, "{\"op\":\"health\",\"reports\":[]}");
    ck_assert_uint_eq(numbers_of(&fixture).waiting, 1);
    report(&fixture, &a, "\"healthy\":true");
    ck_assert_uint_eq(numbers_of(&fixture).waiting, 0);
    close(fd);
    server_fixture_clear(&fixture);
}
END_TEST

/* An agent that changes its mind all the time is obeyed, and fills neither log nor events. */
START_TEST(flood_of_reports_is_logged_some_times) {
    struct server_fixture fixture;

    begin(&fixture, CONFIG_CLOSE);
    struct server_fixture_agent a = server_fixture_join_ready(&fixture, "a");
    for (int i = 0; i < 1000; i++)
        report(&fixture, &a, i % 2 ? "\"healthy\":true" : SICK);
    ck_assert_uint_eq(numbers_of(&fixture).unhealthy, 0);
    ck_assert(numbers_of(&fixture).is_open);
    server_fixture_clear(&fixture);
    ck_assert_uint_le(count_lines("destination "), 2 * 100); /* a minute may have begun meanwhile */
    ck_assert_uint_le(count_lines("listening"), 2 * 40);
}
END_TEST

START_TEST(agent_that_leaves_takes_what_it_reported_with_it) {
    struct server_fixture fixture;

    begin(&fixture, CONFIG_WAIT);
    struct server_fixture_agent a = server_fixture_join_ready(&fixture, "a");
    report(&fixture, &a, SICK);
    server_fixture_lose(&fixture, &a);
    ck_assert_uint_eq(numbers_of(&fixture).unhealthy, 0);
    ck_assert_uint_eq(numbers_of(&fixture).agents, 0);
    server_fixture_join_again(&fixture, &a, "");
    ck_assert_uint_eq(numbers_of(&fixture).agents, 1);
    ck_assert_uint_eq(numbers_of(&fixture).unhealthy, 0);
    server_fixture_clear(&fixture);
}
END_TEST

/* Clients would be given to it whatever its destination is like. */
START_TEST(agent_that_cannot_check_does_not_serve) {
    struct server_fixture fixture;
    struct service_agent seen;

    begin(&fixture, CONFIG_WAIT);
    struct addr peer = {.length = 0};
    struct session_options options = {.control = fake_link(),
                                      .peer = &peer,
                                      .name = "old",
                                      .instance = "0",
                                      .credential = "",
                                      .serves_all = true,
                                      .features = FEATURES_ALL & ~(1U << FEATURE_HEALTH),
                                      .threads = 1};
    struct session *session = registry_admit(fixture.server->registry, &options);
    ck_assert_ptr_nonnull(session);
    announce_turn(fixture.server->announce);
    struct server_fixture_agent agent = {.control = options.control, .tag = session_tag(session)};
    server_fixture_send_control(&fixture, &agent, "{\"op\":\"services_ack\",\"version\":1}");
    service_read_agent(service_of(&fixture), session, &seen);
    ck_assert(!seen.is_permitted);
    ck_assert_str_eq(seen.refusal, "its munnel-agent is too old: it does not know \"health\"");
    server_fixture_clear(&fixture);
}
END_TEST

static TCase *reporting(void) {
    TCase *group = tcase_create("reports");
    tcase_add_test(group, unhealthy_agent_gets_no_clients_until_it_reports_the_contrary);
    tcase_add_test(group, client_waits_while_all_are_unhealthy_and_is_served_at_once_when_one_is_well);
    tcase_add_test(group, client_is_refused_with_the_reason_while_all_are_unhealthy);
    tcase_add_test(group, client_waits_for_an_unhealthy_agent_although_another_does_not_permit_the_service);
    tcase_add_test(group,
                   client_is_refused_for_the_unhealthy_agent_and_not_for_the_one_that_does_not_permit_the_service);
    tcase_add_test(group, port_is_closed_while_all_are_unhealthy);
    tcase_add_test(group, answer_for_the_services_has_what_is_known);
    tcase_add_test(group, reports_that_mean_nothing_are_ignored);
    tcase_add_test(group, report_of_a_service_without_a_check_is_ignored);
    tcase_add_test(group, malformed_report_is_answered_by_error_and_changes_nothing);
    tcase_add_test(group, report_that_changes_nothing_has_no_clients_looked_at);
    tcase_add_test(group, flood_of_reports_is_logged_some_times);
    tcase_add_test(group, agent_that_leaves_takes_what_it_reported_with_it);
    tcase_add_test(group, agent_that_cannot_check_does_not_serve);
    return group;
}

UNIT_MAIN("server/service/service_health", reporting)
