/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_bans: bans that agents ask for are obeyed for the services that they serve and that let them, and for no
 * others.
 */
#include "config.h"

#include "admin/recent_events.h"
#include "server/server_fixture.h"
#include "server/service/bans.h"
#include "unit.h"
#include "unit_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct server_fixture fixture;

/* Two services, "s0" of group a and "s1" of group b. */
static void begin(bool lets_first, bool lets_second) {
    static const char *const groups[] = {"a", "b"};

    server_fixture_set(&fixture, groups, 2);
    fixture.log = unit_log(LOG_LEVEL_INFO);
    fixture.conf->services[0].agent_bans = lets_first;
    fixture.conf->services[1].agent_bans = lets_second;
    server_fixture_open(&fixture);
}

static void finish(void) {
    server_fixture_clear(&fixture);
}

static void ask(const struct server_fixture_agent *agent, const char *what, size_t service, const char *address) {
    char text[256];
    bool adds = *what == 'a';

    snprintf(text, sizeof text, "{\"op\":\"bans\",\"%s\":[{\"service\":%u,\"address\":\"%s\"%s}]}", what,
             service_id(fixture.server->services.items[service]), address,
             adds ? ",\"for_s\":60,\"reason\":\"4 wrong passwords\"" : "");
    server_fixture_send_control(&fixture, agent, text);
}

static uint64_t ignored(enum ban_ignored why) {
    return bans_ignored(fixture.server->bans, why);
}

static unsigned count_lines(const char *with) {
    char *text = unit_read(unit_path("log"), NULL);
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, with)); at++)
        count++;
    free(text);
    return count;
}

static void expect_refused(size_t service) {
    int fd = server_fixture_connect(&fixture, service);

    ck_assert(server_fixture_is_reset(&fixture, fd));
    close(fd);
}

static void expect_taken(size_t service) {
    struct service_numbers before, after;
    const struct service *of = fixture.server->services.items[service];

    service_read(of, &before);
    int fd = server_fixture_connect(&fixture, service);
    server_fixture_run(&fixture);
    service_read(of, &after);
    ck_assert_uint_eq(after.clients, before.clients + 1);
    close(fd);
}

START_TEST(ban_of_an_agent_is_obeyed_for_its_service_alone_and_lifted_by_it) {
    begin(true, true);
    struct server_fixture_agent agent = server_fixture_join(&fixture, "one", "a");
    server_fixture_join(&fixture, "other", "b");
    ask(&agent, "add", 0, "127.0.0.1");
    ck_assert_uint_eq(bans_count_of_agents(fixture.server->bans), 1);
    const struct ban *ban = bans_first(fixture.server->bans);
    ck_assert_str_eq(ban->service, "s0");
    ck_assert_str_eq(ban->reason, "4 wrong passwords");
    ck_assert_str_eq(ban->by, "agent one");
    expect_refused(0);
    expect_taken(1);
    ask(&agent, "remove", 0, "127.0.0.1");
    ck_assert_uint_eq(bans_count(fixture.server->bans), 0);
    expect_taken(0);
    finish();
}
END_TEST

START_TEST(service_that_does_not_let_its_agents_ban_goes_on) {
    begin(false, false);
    struct server_fixture_agent agent = server_fixture_join(&fixture, "one", "a");
    ask(&agent, "add", 0, "127.0.0.1");
    ck_assert_uint_eq(bans_count(fixture.server->bans), 0);
    ck_assert_uint_eq(ignored(BAN_NOT_ALLOWED), 1);
    finish();
}
END_TEST

/* As a hostile agent would: of another group, of an id that there is not, or before it has answered. */
START_TEST(agent_cannot_ban_by_a_service_that_it_does_not_serve) {
    begin(true, true);
    struct server_fixture_agent agent = server_fixture_join(&fixture, "one", "a");
    ask(&agent, "add", 1, "127.0.0.1");
    server_fixture_send_control(&fixture, &agent,
                                "{\"op\":\"bans\",\"add\":[{\"service\":77,\"address\":\"127.0.0.1\",\"for_s\":60}]}");
    ck_assert_uint_eq(bans_count(fixture.server->bans), 0);
    ck_assert_uint_eq(ignored(BAN_NOT_SERVED), 2);
    finish();
}
END_TEST

START_TEST(agent_that_refuses_a_service_cannot_ban_by_it) {
    begin(true, true);
    struct server_fixture_agent agent = server_fixture_join_unanswered(&fixture, "one");
    char refused[64];

    ask(&agent, "add", 0, "127.0.0.1");
    snprintf(refused, sizeof refused, "[{\"id\":%u,\"reason\":\"no\"}]", service_id(fixture.server->services.items[0]));
    server_fixture_answer(&fixture, &agent, refused);
    ask(&agent, "add", 0, "127.0.0.1");
    ck_assert_uint_eq(bans_count(fixture.server->bans), 0);
    ck_assert_uint_eq(ignored(BAN_NOT_SERVED), 2);
    finish();
}
END_TEST

START_TEST(agent_cannot_lift_what_an_operator_has_banned) {
    struct endpoint endpoint = {.host = "127.0.0.1"};
    struct ban_order order = {.service = "s0", .by = "user 0", .reason = "", .seconds = 60};
    const struct ban *ban;

    begin(true, true);
    struct server_fixture_agent agent = server_fixture_join(&fixture, "one", "a");
    ck_assert(addr_from_endpoint(&order.address, &endpoint));
    bans_add(fixture.server->bans, &order, 0, &ban);
    ask(&agent, "remove", 0, "127.0.0.1");
    ck_assert_uint_eq(bans_count(fixture.server->bans), 1);
    ask(&agent, "add", 0, "127.0.0.1");
    ck_assert_uint_eq(bans_count(fixture.server->bans), 2);
    ask(&agent, "remove", 0, "127.0.0.1");
    ck_assert_uint_eq(bans_count(fixture.server->bans), 1);
    ck_assert_ptr_null(bans_first(fixture.server->bans)->owner);
    finish();
}
END_TEST

START_TEST(malformed_bans_are_answered_by_an_error_and_change_nothing) {
    struct fake_order sent;

    begin(true, true);
    struct server_fixture_agent agent = server_fixture_join(&fixture, "one", "a");
    fake_forget(FAKE_CONTROL);
    server_fixture_send_control(&fixture, &agent, "{\"op\":\"bans\",\"add\":[{\"service\":1}]}");
    ck_assert(fake_take_with(FAKE_CONTROL, "\"error\"", &sent));
    ck_assert_uint_eq(bans_count(fixture.server->bans), 0);
    finish();
}
END_TEST

START_TEST(ban_and_lift_have_a_line_and_an_event_each) {
    begin(true, true);
    struct server_fixture_agent agent = server_fixture_join(&fixture, "one", "a");
    uint64_t events = recent_events_last(fixture.server->events);
    ask(&agent, "add", 0, "192.0.2.1");
    ask(&agent, "add", 0, "192.0.2.1"); /* it is banned already */
    ask(&agent, "remove", 0, "192.0.2.1");
    ask(&agent, "remove", 0, "192.0.2.1");
    ck_assert_uint_eq(recent_events_last(fixture.server->events), events + 2);
    finish();
    unit_expect_logged("192.0.2.1 is banned: service s0, by agent one: 4 wrong passwords\n");
    unit_expect_logged("192.0.2.1 is no longer banned: service s0, by agent one\n");
    ck_assert_uint_eq(count_lines(" is "), 2);
}
END_TEST

/* It fills neither log nor events, and takes no line from another agent. */
START_TEST(flood_of_bans_and_lifts_is_logged_some_times) {
    begin(true, true);
    struct server_fixture_agent flooding = server_fixture_join(&fixture, "one", "a");
    struct server_fixture_agent other = server_fixture_join(&fixture, "other", "b");
    uint64_t events = recent_events_last(fixture.server->events);
    for (int i = 0; i < 500; i++) {
        ask(&flooding, "add", 0, "192.0.2.1");
        ask(&flooding, "remove", 0, "192.0.2.1");
    }
    ask(&flooding, "add", 0, "192.0.2.1");
    ask(&other, "add", 1, "192.0.2.2");
    ck_assert_uint_eq(bans_count(fixture.server->bans), 2);
    ck_assert_uint_le(recent_events_last(fixture.server->events) - events, 2 * 100 + 1);
    finish();
    ck_assert_uint_le(count_lines("192.0.2.1 is "), 2 * 100); /* a minute may have begun meanwhile */
    ck_assert_uint_eq(count_lines("192.0.2.2 is banned"), 1);
}
END_TEST

static TCase *asked(void) {
    TCase *group = tcase_create("asked");

    tcase_add_test(group, ban_of_an_agent_is_obeyed_for_its_service_alone_and_lifted_by_it);
    tcase_add_test(group, service_that_does_not_let_its_agents_ban_goes_on);
    tcase_add_test(group, agent_cannot_ban_by_a_service_that_it_does_not_serve);
    tcase_add_test(group, agent_that_refuses_a_service_cannot_ban_by_it);
    tcase_add_test(group, agent_cannot_lift_what_an_operator_has_banned);
    tcase_add_test(group, malformed_bans_are_answered_by_an_error_and_change_nothing);
    tcase_add_test(group, ban_and_lift_have_a_line_and_an_event_each);
    tcase_add_test(group, flood_of_bans_and_lifts_is_logged_some_times);
    return group;
}

UNIT_MAIN("server/service/agent_bans", asked)
