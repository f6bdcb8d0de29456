/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_upstream_view: what people see of a server: in which condition it is, and why.
 */
#include "config.h"

#include "agent/one_harness.h"
#include "unit.h"

#include <string.h>

static struct upstream_view view_of(unsigned index) {
    struct upstream_view view;

    upstream_read(agent_upstream(harness.agent, index), &view);
    return view;
}

static void expect_condition(const char *label) {
    ck_assert_str_eq(upstream_condition_label(view_of(0).condition), label);
}

START_TEST(a_server_that_was_not_reached_has_no_peer_and_no_failure) {
    harness_start(&harness);
    struct upstream_view view = view_of(0);
    ck_assert_str_eq(view.address, "127.0.0.1:10001");
    ck_assert_int_eq(view.condition, UPSTREAM_CONNECTING);
    ck_assert_str_eq(view.server, "");
    ck_assert_ptr_null(view.peer);
    ck_assert_ptr_null(view.failure);
    ck_assert_ptr_null(view.services);
}
END_TEST

START_TEST(a_failure_is_shown_with_its_remedy_also_when_it_has_passed) {
    harness_start(&harness);
    fake_gone(0, "connection refused");
    struct upstream_view failed = view_of(0);
    ck_assert_int_eq(failed.condition, UPSTREAM_CONNECTING);
    ck_assert_ptr_nonnull(strstr(failed.failure, "connection refused"));
    ck_assert_str_eq(failed.remedy, FAILURE_REMEDY_NETWORK);
    harness_await_dials(&harness, 2);
    fake_welcome(1, NULL);
    expect_condition("connected");
    ck_assert_uint_eq(view_of(0).failed_us, failed.failed_us);
    ck_assert_uint_gt(failed.failed_us, 0);
}
END_TEST

START_TEST(a_session_shows_its_server_its_links_and_its_round_trip) {
    harness_connect(&harness);
    fake_link_up(0);
    fake_pong(0, 3000);
    struct upstream_view view = view_of(0);
    ck_assert_int_eq(view.condition, UPSTREAM_CONNECTED);
    ck_assert_str_eq(view.server, FAKE_SERVER);
    ck_assert_ptr_nonnull(view.peer);
    ck_assert_uint_ge(view.rtt_us, 3000);
    ck_assert_uint_eq(view.shared, 1);
    ck_assert_uint_eq(view.exclusive, 0);
    ck_assert_ptr_nonnull(view.services);
}
END_TEST

START_TEST(a_lost_connection_is_lost_until_it_is_there_again) {
    harness_connect(&harness);
    uint64_t connected_us = view_of(0).since_us;
    fake_gone(0, "reset by peer");
    struct upstream_view lost = view_of(0);
    ck_assert_int_eq(lost.condition, UPSTREAM_LOST);
    ck_assert_str_eq(lost.failure, "connection lost: reset by peer");
    ck_assert_str_eq(lost.remedy, FAILURE_REMEDY_WAIT);
    ck_assert_ptr_null(lost.peer);
    ck_assert_uint_gt(lost.since_us, connected_us);
    harness_await_dials(&harness, 2);
    fake_gone(1, "connection refused"); /* since when it is lost does not change */
    ck_assert_uint_eq(view_of(0).since_us, lost.since_us);
    harness_await_dials(&harness, 3);
    fake_welcome(2, NULL);
    expect_condition("connected");
}
END_TEST

/* What counts as working is what is shown as connected, at each moment. */
static void expect_down(const char *failure) {
    ck_assert_uint_eq(agent_working(harness.agent), 0);
    ck_assert_int_eq(view_of(0).condition, UPSTREAM_LOST);
    ck_assert_str_eq(view_of(0).failure, failure);
}

START_TEST(a_server_that_stops_is_not_connected_while_none_serves) {
    harness_connect(&harness);
    ck_assert_uint_eq(agent_working(harness.agent), 1);
    fake_control(0, CONTROL_OP_GOAWAY);
    expect_down("the server asks for a new session: reconnecting");
    harness_await_dials(&harness, 2);
    fake_welcome(1, NULL);
    expect_condition("connected");
    ck_assert_uint_eq(agent_working(harness.agent), 1);
    fake_control(1, CONTROL_OP_BYE);
    ck_assert_uint_eq(agent_working(harness.agent), view_of(0).condition == UPSTREAM_CONNECTED);
    fake_gone(1, "closed");
    expect_down("connection lost: closed");
}
END_TEST

START_TEST(a_server_that_refuses_for_good_is_given_up) {
    harness_start(&harness);
    fake_reject(0, REJECT_CREDENTIAL, "unknown token", 0);
    expect_condition("gave_up");
    ck_assert_str_eq(view_of(0).remedy, FAILURE_REMEDY_CREDENTIAL);
    agent_end(harness.agent);
    expect_condition("gave_up");
}
END_TEST

START_TEST(a_name_of_a_server_that_is_connected_stands_by) {
    harness_start(&harness);
    fake_welcome(0, NULL);
    fake_welcome(1, NULL);
    expect_condition("connected");
    ck_assert_int_eq(view_of(1).condition, UPSTREAM_STANDBY);
    agent_end(harness.agent);
    ck_assert_int_eq(view_of(1).condition, UPSTREAM_STOPPING);
}
END_TEST

static TCase *one(void) {
    TCase *group = tcase_create("one");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, a_server_that_was_not_reached_has_no_peer_and_no_failure);
    tcase_add_test(group, a_failure_is_shown_with_its_remedy_also_when_it_has_passed);
    tcase_add_test(group, a_session_shows_its_server_its_links_and_its_round_trip);
    tcase_add_test(group, a_lost_connection_is_lost_until_it_is_there_again);
    tcase_add_test(group, a_server_that_stops_is_not_connected_while_none_serves);
    tcase_add_test(group, a_server_that_refuses_for_good_is_given_up);
    return group;
}

static TCase *two(void) {
    TCase *group = tcase_create("two");

    tcase_add_checked_fixture(group, set_up_two, tear_down);
    tcase_add_test(group, a_name_of_a_server_that_is_connected_stands_by);
    return group;
}

UNIT_MAIN("agent/upstream/upstream_view", one, two)
