/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent: several servers, and the ordered end.
 */
#include "config.h"

#include "agent/one_harness.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define OTHER_SERVER "00112233445566778899aabbccddeeff"

/* ---- several servers ---- */

START_TEST(every_server_gets_a_session) {
    harness_start(&harness);
    ck_assert_uint_eq(fake_plane()->dial_count, 2);
    fake_welcome(1, NULL);
    fake_welcome_from(0, NULL, OTHER_SERVER);
    ck_assert(fake_plane()->dials[0].accepted);
    ck_assert(fake_plane()->dials[1].accepted);
}
END_TEST

START_TEST(two_names_of_one_server_do_not_drive_each_other_out) {
    harness_start(&harness);
    fake_welcome(0, NULL);
    fake_welcome(1, NULL); /* the same instance: to the server, the first session is replaced by this one */
    ck_assert(!fake_plane()->dials[1].accepted);
    ck_assert(fake_plane()->dials[1].rejected);
    fake_gone(1, "turned away");
    fake_gone(0, "replaced");
    harness_await_dials(&harness, 3); /* the first comes back, the second stands by */
    ck_assert_str_eq(fake_plane()->dials[2].order.server_name, "127.0.0.1");
    fake_welcome(2, NULL);
    harness_await_dials(&harness, 3);
}
END_TEST

START_TEST(the_other_name_is_used_when_the_first_fails) {
    harness.settings.times.upstream.final_ms = 1;
    harness_start(&harness);
    fake_welcome(0, NULL);
    fake_welcome(1, NULL);
    fake_gone(1, "turned away");
    harness_await_dials(&harness, 2); /* looks again and again, but the first works */
    fake_gone(0, "no route to host");
    harness_await_dials(&harness, 4);
    fake_welcome_from(3, NULL, OTHER_SERVER); /* whichever it is: it gets its session */
    ck_assert(fake_plane()->dials[3].accepted);
}
END_TEST

START_TEST(one_that_refuses_for_good_does_not_end_the_other) {
    harness_start(&harness);
    fake_reject(0, REJECT_CREDENTIAL, "unknown", 0);
    fake_welcome(1, NULL);
    fake_gone(1, "cut");
    harness_await_dials(&harness, 3); /* back to the second, never again to the first */
    ck_assert_str_eq(fake_plane()->dials[2].order.server_name, "127.0.0.2");
}
END_TEST

START_TEST(the_agent_ends_when_all_have_refused_for_good) {
    harness_start(&harness);
    fake_reject(0, REJECT_CREDENTIAL, "unknown", 0);
    fake_gone(1, "connection refused");
    harness_await_dials(&harness, 3);
    fake_reject(2, REJECT_PROTOCOL, "version 2 only", 0);
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_REJECTED);
}
END_TEST

/* ---- the end ---- */

START_TEST(drain_tells_the_server_and_waits_for_drained) {
    harness_connect(&harness);
    agent_end(harness.agent);
    ck_assert_uint_eq(fake_heard(0, CONTROL_OP_DRAIN), 1);
    ck_assert_uint_eq(fake_plane()->drains, 0); /* OPENs on their way are still served */
    fake_told(0, CONTROL_OP_DRAINED, 0, 0);
    ck_assert_uint_eq(fake_plane()->drains, 1);
    ck_assert_uint_eq(fake_heard(0, CONTROL_OP_BYE), 1);
    ck_assert_uint_eq(fake_plane()->told_before_drain, 1); /* bye came behind */
    fake_gone(0, "closed by the other side");
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK);
}
END_TEST

START_TEST(drain_waits_for_running_relays) {
    harness_connect(&harness);
    fake_plane()->counts.relays = 2;
    agent_end(harness.agent);
    fake_told(0, CONTROL_OP_DRAINED, 0, 0);
    ck_assert_uint_eq(fake_plane()->drains, 1);
    ck_assert_uint_eq(fake_heard(0, CONTROL_OP_BYE), 0);
    fake_plane()->counts.relays = 0;
    fake_plane()->counts.lingering = 1; /* a destination is still written to */
    unit_run_rounds(loop_base(harness.settings.loop), 3);
    ck_assert_uint_eq(fake_heard(0, CONTROL_OP_BYE), 0);
    fake_plane()->counts.lingering = 0;
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK); /* bye_ms runs out: nobody closes the link */
    ck_assert_uint_eq(fake_heard(0, CONTROL_OP_BYE), 1);
}
END_TEST

START_TEST(drain_has_time_limits) {
    harness.settings.times.drained_ms = harness.settings.times.finish_ms = harness.settings.times.bye_ms = 10;
    harness.settings.times.look_ms = 5;
    harness_connect(&harness);
    fake_plane()->counts.relays = 1;
    agent_end(harness.agent);
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK);
    ck_assert_uint_eq(fake_plane()->drains, 1);
    ck_assert_uint_eq(fake_heard(0, CONTROL_OP_BYE), 1);
}
END_TEST

START_TEST(a_second_signal_ends_at_once) {
    harness_connect(&harness);
    fake_plane()->counts.relays = 1;
    agent_end(harness.agent);
    agent_end(harness.agent);
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK);
    ck_assert_uint_eq(fake_heard(0, CONTROL_OP_BYE), 0);
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
    fake_told(1, CONTROL_OP_DRAINED, 0, 0);
    ck_assert_uint_eq(fake_plane()->drains, 0);
    fake_told(0, CONTROL_OP_DRAINED, 0, 0);
    ck_assert_uint_eq(fake_plane()->drains, 1);
}
END_TEST

START_TEST(live_line_has_the_planes_numbers) {
    char *text;

    harness_connect(&harness);
    fake_plane()->counts = (struct plane_counts){.links = 7, .relays = 3, .relays_ended = 41, .lingering = 2};
    agent_log_live(harness.agent);
    text = harness_end(&harness);
    ck_assert_ptr_nonnull(strstr(text, "live servers=1 links=7"));
    ck_assert_ptr_nonnull(strstr(text, "relays=3 relays_ended=41 lingering=2"));
    free(text);
    harness_make(&harness, NUMERIC);
}
END_TEST

static TCase *several(void) {
    TCase *group = tcase_create("several");

    tcase_add_checked_fixture(group, set_up_two, tear_down);
    tcase_add_test(group, every_server_gets_a_session);
    tcase_add_test(group, two_names_of_one_server_do_not_drive_each_other_out);
    tcase_add_test(group, the_other_name_is_used_when_the_first_fails);
    tcase_add_test(group, one_that_refuses_for_good_does_not_end_the_other);
    tcase_add_test(group, the_agent_ends_when_all_have_refused_for_good);
    tcase_add_test(group, drain_waits_for_every_server);
    return group;
}

static TCase *ending(void) {
    TCase *group = tcase_create("ending");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, drain_tells_the_server_and_waits_for_drained);
    tcase_add_test(group, drain_waits_for_running_relays);
    tcase_add_test(group, drain_has_time_limits);
    tcase_add_test(group, a_second_signal_ends_at_once);
    tcase_add_test(group, draining_agent_does_not_come_back);
    tcase_add_test(group, an_agent_that_never_connected_ends_at_once);
    tcase_add_test(group, live_line_has_the_planes_numbers);
    return group;
}

UNIT_MAIN("agent/agent", several, ending)
