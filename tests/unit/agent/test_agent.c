/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent: several servers, and the line of live counts.
 */
#include "config.h"

#include "agent/one_harness.h"
#include "lib/base/clock.h"
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

START_TEST(two_names_of_one_server_do_not_replace_each_others_session) {
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

/* Its server has proved nothing but a certificate when it refuses. */
START_TEST(a_refused_data_link_ends_neither_its_session_nor_the_agent) {
    harness_connect(&harness);
    fake_link_reject(0, REJECT_CREDENTIAL, "revoked", 0);
    harness_await_links(&harness, 2);
    ck_assert(!fake_plane()->dials[0].closed);
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
    agent_log_statistics(harness.agent);
    char *text = harness_end(&harness);
    ck_assert_ptr_nonnull(strstr(text, "statistics servers=1"));
    ck_assert_ptr_nonnull(strstr(text, "revoked"));
    free(text);
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(a_change_of_the_network_hastens_data_links) {
    harness.settings.times.data_links = (struct data_links_times){.first_ms = 3600000, .longest_ms = 3600000};
    harness_connect(&harness);
    fake_link_gone(0, "network is unreachable");
    ck_assert_uint_eq(fake_plane()->link_count, 1);
    agent_check_paths(harness.agent, NETWORK_CHANGED);
    ck_assert_uint_eq(fake_plane()->link_count, 2);
}
END_TEST

static void lose_data_link(void) {
    fake_link_gone(0, "reset");
}

static void refuse_data_link(void) {
    fake_welcome(0, NULL);
    fake_link_reject(0, REJECT_BUSY, "no descriptors", 1);
}

START_TEST(a_data_link_whose_timer_was_lost_is_dialled_within_a_second) {
    harness_start(&harness);
    harness_call_without_timers(harness.settings.loop, refuse_data_link);
    for (uint64_t end = clock_ms() + 1010; clock_ms() < end;)
        unit_run_rounds(loop_base(harness.settings.loop), 1);
    ck_assert_uint_eq(fake_plane()->link_count, 1);
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->link_count, 2);
}
END_TEST

START_TEST(a_lost_data_link_is_logged_when_it_is_replaced) {
    harness_connect(&harness);
    fake_link_up(0);
    fake_link_gone(0, "no answer to PING");
    harness_await_links(&harness, 2);
    char *before = unit_read(unit_path("log"), NULL);
    ck_assert_ptr_null(strstr(before, "no answer to PING"));
    free(before);
    fake_link_up(1);
    char *text = harness_end(&harness);
    ck_assert_ptr_nonnull(strstr(text, "data link was lost, and is replaced detail=\"no answer to PING\" after_ms="));
    free(text);
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(streams_that_want_a_link_of_their_own_get_one) {
    harness_connect(&harness);
    fake_want_links(&(struct carrier_role){harness_dial(0)->order.tag, 0, true}, 1);
    ck_assert_uint_eq(fake_plane()->link_count, 2);
    ck_assert(fake_plane()->links[1].order.role.is_exclusive);
}
END_TEST

START_TEST(no_data_link_is_dialled_when_the_agent_ends) {
    harness.settings.times.data_links = (struct data_links_times){0}; /* at once */
    harness_connect(&harness);
    fake_link_up(0);
    fake_plane()->on_free = lose_data_link;
    agent_free(harness.agent);
    ck_assert_uint_eq(fake_plane()->link_count, 1);
    harness.agent = NULL;
}
END_TEST

START_TEST(live_line_has_the_planes_numbers) {
    char *text;

    harness_connect(&harness);
    fake_plane()->counts = (struct plane_counts){.links = 7, .relays = 3, .relays_ended = 41, .unconfirmed = 2};
    agent_log_statistics(harness.agent);
    text = harness_end(&harness);
    ck_assert_ptr_nonnull(strstr(text, "statistics servers=1 links=7"));
    ck_assert_ptr_nonnull(strstr(text, "relays=3 relays_ended=41 unconfirmed=2"));
    free(text);
    harness_make(&harness, NUMERIC);
}
END_TEST

static TCase *several(void) {
    TCase *group = tcase_create("several");

    tcase_add_checked_fixture(group, set_up_two, tear_down);
    tcase_add_test(group, every_server_gets_a_session);
    tcase_add_test(group, two_names_of_one_server_do_not_replace_each_others_session);
    tcase_add_test(group, the_other_name_is_used_when_the_first_fails);
    tcase_add_test(group, one_that_refuses_for_good_does_not_end_the_other);
    tcase_add_test(group, the_agent_ends_when_all_have_refused_for_good);
    return group;
}

static TCase *one_server(void) {
    TCase *group = tcase_create("one_server");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, a_refused_data_link_ends_neither_its_session_nor_the_agent);
    tcase_add_test(group, a_change_of_the_network_hastens_data_links);
    tcase_add_test(group, a_data_link_whose_timer_was_lost_is_dialled_within_a_second);
    tcase_add_test(group, a_lost_data_link_is_logged_when_it_is_replaced);
    tcase_add_test(group, streams_that_want_a_link_of_their_own_get_one);
    tcase_add_test(group, no_data_link_is_dialled_when_the_agent_ends);
    tcase_add_test(group, live_line_has_the_planes_numbers);
    return group;
}

UNIT_MAIN("agent/agent", several, one_server)
