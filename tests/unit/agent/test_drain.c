/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_drain: the ordered end of an agent: what it waits for, in which order, and for how long.
 */
#include "config.h"

#include "agent/one_harness.h"
#include "unit.h"

#define OTHER_SERVER "00112233445566778899aabbccddeeff"

START_TEST(drain_is_sent_and_drained_is_waited_for) {
    harness_connect(&harness);
    agent_end(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_DRAIN), 1);
    ck_assert_uint_eq(fake_plane()->drains, 0); /* OPENs on their way are still served */
    fake_control(0, CONTROL_OP_DRAINED);
    ck_assert_uint_eq(fake_plane()->drains, 1);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BYE), 1);
    ck_assert_uint_eq(fake_plane()->sent_before_drain, 1); /* bye came after it */
    fake_gone(0, "closed by the other side");
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK);
}
END_TEST

START_TEST(drain_waits_for_running_relays) {
    harness.settings.times.poll_ms = 1;
    harness_connect(&harness);
    fake_plane()->counts.relays = 2;
    agent_end(harness.agent);
    fake_control(0, CONTROL_OP_DRAINED);
    ck_assert_uint_eq(fake_plane()->drains, 1);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BYE), 0);
    fake_plane()->counts.relays = 0;
    fake_plane()->counts.unconfirmed = 1; /* the server may not know yet how the last one ended */
    harness_run_for(&harness, 20);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BYE), 0);
    fake_plane()->counts.unconfirmed = 0;
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK); /* bye_ms runs out: the link is not closed */
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BYE), 1);
}
END_TEST

START_TEST(drain_does_not_wait_long_for_a_server_that_is_gone) {
    harness.settings.times.drained_ms = harness.settings.times.bye_ms = 10;
    harness.settings.times.finish_ms = 600000;
    harness.settings.times.poll_ms = 1;
    harness_connect(&harness);
    fake_plane()->counts.unconfirmed = 1;
    agent_end(harness.agent);
    fake_control(0, CONTROL_OP_DRAINED);
    fake_gone(0, "cut");
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK);
}
END_TEST

START_TEST(drain_has_time_limits) {
    harness.settings.times.drained_ms = harness.settings.times.finish_ms = harness.settings.times.bye_ms = 10;
    harness.settings.times.poll_ms = 5;
    harness_connect(&harness);
    fake_plane()->counts.relays = 1;
    agent_end(harness.agent);
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK);
    ck_assert_uint_eq(fake_plane()->drains, 1);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BYE), 1);
}
END_TEST

START_TEST(a_second_signal_ends_at_once) {
    harness_connect(&harness);
    fake_plane()->counts.relays = 1;
    agent_end(harness.agent);
    agent_end(harness.agent);
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BYE), 0);
}
END_TEST

START_TEST(draining_agent_does_not_come_back) {
    harness_connect(&harness);
    fake_plane()->counts.relays = 1;
    agent_end(harness.agent);
    fake_gone(0, "cut"); /* no session: nothing to wait for but relays */
    ck_assert_uint_eq(fake_plane()->drains, 1);
    harness_await_dials(&harness, 1);
    fake_plane()->counts.relays = 0;
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK);
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
}
END_TEST

START_TEST(an_agent_that_never_connected_ends_at_once) {
    harness_start(&harness);
    fake_gone(0, "connection refused");
    agent_end(harness.agent);
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK);
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
}
END_TEST

START_TEST(drain_waits_for_every_server) {
    harness_start(&harness);
    fake_welcome(0, NULL);
    fake_welcome_from(1, NULL, OTHER_SERVER);
    agent_end(harness.agent);
    fake_control(1, CONTROL_OP_DRAINED);
    ck_assert_uint_eq(fake_plane()->drains, 0);
    fake_control(0, CONTROL_OP_DRAINED);
    ck_assert_uint_eq(fake_plane()->drains, 1);
}
END_TEST

static TCase *one_server(void) {
    TCase *group = tcase_create("one_server");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, drain_is_sent_and_drained_is_waited_for);
    tcase_add_test(group, drain_waits_for_running_relays);
    tcase_add_test(group, drain_does_not_wait_long_for_a_server_that_is_gone);
    tcase_add_test(group, drain_has_time_limits);
    tcase_add_test(group, a_second_signal_ends_at_once);
    tcase_add_test(group, draining_agent_does_not_come_back);
    tcase_add_test(group, an_agent_that_never_connected_ends_at_once);
    return group;
}

static TCase *several(void) {
    TCase *group = tcase_create("several");

    tcase_add_checked_fixture(group, set_up_two, tear_down);
    tcase_add_test(group, drain_waits_for_every_server);
    return group;
}

UNIT_MAIN("agent/drain", one_server, several)
