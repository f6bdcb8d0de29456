/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_health: what the checks of destinations find, and when the server is told.
 */
#include "config.h"

#include "agent/one_harness.h"
#include "agent/upstream/health.h"
#include "lib/base/clock.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK "\"check\":{\"type\":\"tcp\",\"interval\":10,\"timeout\":5,\"rise\":2,\"fall\":3}"

enum { SERVICES = 100 };

/* Services 1 to `count`, all with a check, by the server of the dial `index`. */
static void announce(unsigned index, unsigned count) {
    static char text[SERVICES * 160];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"op\":\"services\",\"version\":1,\"add\":[");

    for (unsigned id = 1; id <= count; id++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "%s{\"id\":%u,\"name\":\"s%u\",\"to\":[\"10.0.0.1:80\"]," CHECK "}", id > 1 ? "," : "",
                                 id, id);
    snprintf(text + used, sizeof text - used, "]}");
    fake_control_text(index, text);
}

static void connect_with(unsigned services) {
    harness_connect(&harness);
    announce(0, services);
    fake_services_set();
}

static void resume(unsigned services) {
    fake_gone(0, "cut");
    harness_await_dials(&harness, 2);
    fake_welcome(1, NULL);
    announce(1, services);
    fake_services_set();
}

static const char *last_sent(void) {
    ck_assert_uint_gt(fake_plane()->sent_count, 0);
    return fake_plane()->sent[fake_plane()->sent_count - 1].json;
}

/* The time between two messages has passed. */
static void wait_interval(void) {
    for (uint64_t end = clock_ms() + HEALTH_INTERVAL_MS + 10; clock_ms() < end;)
        harness_run_for(&harness, 10);
}

static const struct served_verdict *verdict_of(uint32_t id) {
    return service_table_find(fake_plane()->services, id)->verdict;
}

START_TEST(change_is_told_at_once) {
    connect_with(2);
    fake_health(2, false, "10.0.0.1:80: Connection refused; 3 failures in a row");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_HEALTH), 1);
    ck_assert_str_eq(last_sent(), "{\"op\":\"health\",\"reports\":[{\"id\":2,\"healthy\":false,\"detail\":"
                                  "\"10.0.0.1:80: Connection refused; 3 failures in a row\"}]}");
    ck_assert_int_eq(verdict_of(2)->state, HEALTH_UNHEALTHY);
    ck_assert_int_eq(verdict_of(1)->state, HEALTH_UNKNOWN);
}
END_TEST

START_TEST(changes_within_a_moment_go_together_and_only_the_last_of_a_service_counts) {
    connect_with(3);
    fake_health(1, true, "");
    fake_health(2, true, "");
    fake_health(3, false, "a");
    fake_health(3, true, "");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_HEALTH), 1);
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_HEALTH), 1);
    wait_interval();
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_HEALTH), 2);
    ck_assert_str_eq(last_sent(),
                     "{\"op\":\"health\",\"reports\":[{\"id\":2,\"healthy\":true},{\"id\":3,\"healthy\":true}]}");
    wait_interval();
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_HEALTH), 2);
}
END_TEST

START_TEST(many_changes_are_told_in_parts) {
    struct health_reports reports;
    size_t told = 0;

    connect_with(SERVICES);
    fake_health(SERVICES, true, "");
    size_t first = fake_plane()->sent_count;
    for (uint32_t id = 1; id < SERVICES; id++)
        fake_health(id, false, "no");
    ck_assert_uint_eq(fake_plane()->sent_count, first);
    wait_interval();
    agent_recheck(harness.agent);
    for (size_t i = first; i < fake_plane()->sent_count; i++) {
        json_t *json = json_loads(fake_plane()->sent[i].json, 0, NULL);
        ck_assert_int_eq(health_reports_take(&reports, json, NULL), 0);
        told += reports.count;
        json_decref(json);
    }
    ck_assert_uint_eq(told, SERVICES - 1);
    ck_assert_uint_eq(fake_plane()->sent_count - first, 2);
}
END_TEST

START_TEST(resumed_session_answers_with_what_is_known) {
    connect_with(3);
    fake_health(1, false, "no");
    fake_health(3, true, "");
    resume(3);
    ck_assert_uint_eq(fake_sent(1, CONTROL_OP_SERVICES_ACK), 1);
    ck_assert_str_eq(last_sent(), "{\"op\":\"services_ack\",\"version\":1,\"refused\":[],\"reports\":["
                                  "{\"id\":1,\"healthy\":false,\"detail\":\"no\"},{\"id\":3,\"healthy\":true}]}");
    ck_assert_int_eq(verdict_of(1)->before, HEALTH_UNHEALTHY); /* where its checks go on */
    ck_assert_int_eq(verdict_of(2)->before, HEALTH_UNKNOWN);
}
END_TEST

START_TEST(change_while_the_control_link_is_away_is_in_the_answer) {
    connect_with(1);
    fake_gone(0, "cut");
    fake_health(1, false, "no");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_HEALTH), 0);
    harness_await_dials(&harness, 2);
    fake_welcome(1, NULL);
    fake_health(1, false, "still no");
    announce(1, 1);
    fake_services_set();
    ck_assert_ptr_nonnull(strstr(last_sent(), "\"healthy\":false,\"detail\":\"still no\""));
}
END_TEST

START_TEST(change_before_the_answer_is_told_behind_it) {
    harness_connect(&harness);
    announce(0, 1);
    fake_health(1, false, "no");
    ck_assert_uint_eq(fake_plane()->sent_count, 0);
    fake_services_set();
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_SERVICES_ACK), 1);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_HEALTH), 1);
    ck_assert_ptr_nonnull(strstr(last_sent(), "\"op\":\"health\""));
}
END_TEST

/* Its report would be waited for without an end, and messages without reports be sent meanwhile. */
START_TEST(change_of_a_service_that_is_removed_is_not_told) {
    connect_with(3);
    fake_health(1, false, "a");
    fake_health(2, false, "b"); /* within the interval */
    fake_health(3, false, "c");
    fake_control_text(0, "{\"op\":\"services\",\"version\":2,\"add\":[],\"remove\":[2]}");
    fake_services_set();
    wait_interval();
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_HEALTH), 2);
    ck_assert_str_eq(last_sent(), "{\"op\":\"health\",\"reports\":[{\"id\":3,\"healthy\":false,\"detail\":\"c\"}]}");
    wait_interval();
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_HEALTH), 2);
}
END_TEST

/* More than the answer has room for: the rest is told behind it. */
START_TEST(what_has_no_room_in_the_answer_of_a_resumed_session_is_told_behind_it) {
    connect_with(SERVICES);
    for (uint32_t id = 1; id <= SERVICES; id++)
        fake_health(id, false, "no");
    wait_interval();
    agent_recheck(harness.agent);
    resume(SERVICES);
    wait_interval();
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_sent(1, CONTROL_OP_HEALTH), 1);
    ck_assert_ptr_nonnull(strstr(last_sent(), "\"id\":100,"));
    ck_assert_ptr_null(strstr(last_sent(), "\"id\":1,"));
}
END_TEST

START_TEST(what_is_not_in_the_table_is_ignored) {
    connect_with(1);
    fake_health(7, false, "no");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_HEALTH), 0);
}
END_TEST

static TCase *reporting(void) {
    TCase *group = tcase_create("reports");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, change_is_told_at_once);
    tcase_add_test(group, changes_within_a_moment_go_together_and_only_the_last_of_a_service_counts);
    tcase_add_test(group, many_changes_are_told_in_parts);
    tcase_add_test(group, resumed_session_answers_with_what_is_known);
    tcase_add_test(group, change_while_the_control_link_is_away_is_in_the_answer);
    tcase_add_test(group, change_before_the_answer_is_told_behind_it);
    tcase_add_test(group, change_of_a_service_that_is_removed_is_not_told);
    tcase_add_test(group, what_has_no_room_in_the_answer_of_a_resumed_session_is_told_behind_it);
    tcase_add_test(group, what_is_not_in_the_table_is_ignored);
    return group;
}

UNIT_MAIN("agent/upstream/health", reporting)
