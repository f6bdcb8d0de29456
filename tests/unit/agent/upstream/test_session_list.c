/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_session_list: which session goes on when a control link is lost, and which is retired.
 */
#include "config.h"

#include "agent/one_harness.h"
#include "lib/base/clock.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* Of the session that the first WELCOME made. */
static uint64_t first_tag(void) {
    return harness_dial(0)->order.tag;
}

static bool asks_for(unsigned index, const char *session) {
    const char *text = harness_dial(index)->order.hello;
    struct hello hello;
    struct error error = {""};

    ck_assert_msg(hello_parse(&hello, text, strlen(text), &error) == 0, "%s", error.text);
    bool asks = strcmp(hello.resume, session) == 0;
    hello_done(&hello);
    return asks;
}

static bool question_waits(void *context) {
    (void)context;
    return fake_question_waits();
}

static void lose_and_dial(void) {
    harness_connect(&harness);
    ck_assert(asks_for(0, ""));
    fake_link_up(0);
    fake_gone(0, "cut");
    harness_await_dials(&harness, 2);
}

START_TEST(a_session_is_resumed_by_the_next_control_link) {
    lose_and_dial();
    ck_assert(asks_for(1, fake_session(0)));
    ck_assert_uint_eq(agent_working(harness.agent), 0);
    fake_welcome(1, NULL);
    ck_assert(harness_dial(1)->accepted);
    ck_assert_uint_eq(agent_working(harness.agent), 1);
    ck_assert_uint_eq(fake_plane()->retired_count, 0);
    ck_assert_uint_eq(fake_plane()->link_count, 1); /* it has not lost its data link */
    fake_order_links(1, 1, 0, true);
    ck_assert_uint_eq(fake_plane()->link_count, 2);
    ck_assert_uint_eq(fake_plane()->links[1].order.role.session, first_tag());
}
END_TEST

START_TEST(a_session_is_resumed_again_and_again) {
    harness_connect(&harness);
    for (unsigned i = 0; i < 5; i++) {
        fake_gone(i, "cut");
        harness_await_dials(&harness, i + 2);
        ck_assert(asks_for(i + 1, fake_session(0)));
        fake_welcome(i + 1, NULL);
    }
    fake_control(5, CONTROL_OP_BYE);
    ck_assert(harness_dial(5)->closed);
    ck_assert_uint_eq(fake_plane()->disconnected, first_tag());
}
END_TEST

static void want_shared_link(void) {
    fake_want_links(&(struct carrier_role){first_tag(), 0, false}, 1);
}

START_TEST(data_links_that_streams_wait_for_are_dialled_while_the_session_is_suspended) {
    lose_and_dial();
    fake_link_gone(0, "cut too");
    harness_run_for(&harness, 20);
    ck_assert_uint_eq(fake_plane()->link_count, 1);
    want_shared_link();
    harness_await_links(&harness, 2);
    ck_assert_uint_eq(fake_plane()->links[1].order.role.session, first_tag());
}
END_TEST

START_TEST(a_data_link_that_was_refused_meanwhile_is_dialled_when_the_session_is_resumed) {
    lose_and_dial();
    fake_link_gone(0, "cut too");
    want_shared_link();
    harness_await_links(&harness, 2);
    fake_link_reject(1, REJECT_SESSION, "no such session", 0);
    harness_run_for(&harness, 20);
    ck_assert_uint_eq(fake_plane()->link_count, 2);
    fake_welcome(1, NULL);
    ck_assert_uint_eq(fake_plane()->link_count, 3);
}
END_TEST

START_TEST(a_resumed_session_is_dialled_where_its_server_is_now) {
    harness_start(&harness);
    fake_answer((const char *const[]){"192.0.2.1:10001", NULL});
    fake_welcome(0, NULL);
    fake_gone(0, "cut");
    ck_assert(unit_run_until(loop_base(harness.settings.loop), question_waits, NULL, 5000));
    fake_answer((const char *const[]){"192.0.2.77:10001", NULL});
    fake_welcome(1, NULL);
    fake_order_links(1, 1, 0, true);
    char address[ADDR_TEXT];
    ck_assert_str_eq(addr_format(&fake_plane()->links[1].order.address, address, sizeof address), "192.0.2.77:10001");
}
END_TEST

START_TEST(a_session_that_the_server_does_not_resume_is_retired) {
    fake_plane()->forgets_sessions = true;
    lose_and_dial();
    fake_welcome(1, NULL);
    ck_assert(harness_dial(1)->accepted);
    ck_assert_uint_eq(fake_plane()->retired, first_tag());
    ck_assert_uint_eq(fake_plane()->link_count, 2);
    ck_assert_uint_eq(fake_plane()->links[1].order.role.session, harness_dial(1)->order.tag);
    fake_link_gone(0, "retired"); /* its last stream is over */
    harness_run_for(&harness, 20);
    ck_assert_uint_eq(fake_plane()->link_count, 2);
    fake_session_over(first_tag());
    fake_gone(1, "cut");
    harness_await_dials(&harness, 3);
    ck_assert(asks_for(2, fake_session(1)));
}
END_TEST

/* ---- its server has forgotten it ---- */

/* Its streams lack a link, and one is dialled for them: link 2. */
static void retire_and_dial_for_streams(void) {
    fake_plane()->forgets_sessions = true;
    lose_and_dial();
    fake_welcome(1, NULL);
    fake_link_gone(0, "cut");
    const struct carrier_role role = {.session = first_tag()};
    for (unsigned i = 0; i < 500 && fake_plane()->link_count < 3; i++) {
        fake_want_links(&role, 1);
        harness_run_for(&harness, 10);
    }
    ck_assert_uint_eq(fake_plane()->links[2].order.role.session, first_tag());
}

START_TEST(relays_do_not_outlive_a_server_that_was_restarted) {
    retire_and_dial_for_streams();
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->disconnected_count, 0);
    fake_link_reject(2, REJECT_SESSION, "no such session", 0);
    fake_plane()->is_full = true;
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->disconnected_count, 1);
    fake_plane()->is_full = false; /* once more, since the plane had no memory */
    agent_recheck(harness.agent);
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->disconnected_count, 2);
    ck_assert_uint_eq(fake_plane()->disconnected, first_tag());
    ck_assert(harness_dial(1)->accepted && !harness_dial(1)->closed);
    fake_session_over(first_tag());
}
END_TEST

/* Another server behind the same name has the agent now. */
START_TEST(relays_of_a_server_that_cannot_be_reached_keep_their_time) {
    retire_and_dial_for_streams();
    fake_link_gone(2, "connection refused");
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->disconnected_count, 0);
    fake_session_over(first_tag());
}
END_TEST

START_TEST(relays_that_have_a_link_go_on_though_a_server_does_not_know_their_session) {
    retire_and_dial_for_streams();
    fake_link_up(2);
    const struct carrier_role role = {.session = first_tag(), .is_exclusive = true};
    fake_want_links(&role, 1);
    ck_assert_uint_eq(fake_plane()->link_count, 4);
    fake_link_reject(3, REJECT_SESSION, "no such session", 0);
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->disconnected_count, 0);
    fake_link_gone(2, "cut");
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->disconnected_count, 1);
    fake_session_over(first_tag());
}
END_TEST

/* ---- its time is over ---- */

static void recheck_after_a_second(void) {
    for (uint64_t end = clock_ms() + 1010; clock_ms() < end;)
        unit_run_rounds(loop_base(harness.settings.loop), 1);
    agent_recheck(harness.agent);
}

START_TEST(a_session_is_resumed_no_more_when_its_time_is_over) {
    fake_plane()->resume_s = 1;
    lose_and_dial();
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->retired_count, 0);
    fake_gone(1, "connection refused");
    recheck_after_a_second(); /* though it is not retired while an attempt is under way that asks for it */
    ck_assert_uint_eq(fake_plane()->retired_count, 0);
    fake_gone(2, "connection refused");
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->retired, first_tag());
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->retired_count, 1);
    harness_await_dials(&harness, 4);
    ck_assert(asks_for(3, ""));
    fake_session_over(first_tag());
}
END_TEST

START_TEST(without_resumption_a_lost_session_is_retired_at_once) {
    fake_plane()->resume_s = 0;
    lose_and_dial();
    ck_assert_uint_eq(fake_plane()->retired, first_tag());
    ck_assert(asks_for(1, ""));
    fake_session_over(first_tag());
}
END_TEST

START_TEST(without_memory_a_session_is_retired_later) {
    fake_plane()->resume_s = 0;
    fake_plane()->is_full = true;
    lose_and_dial();
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->retired_count, 2);
    fake_plane()->is_full = false;
    agent_recheck(harness.agent);
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->retired_count, 3);
}
END_TEST

/* ---- sessions that another has replaced ---- */

START_TEST(a_session_that_was_left_is_not_resumed) {
    harness_connect(&harness);
    fake_control(0, CONTROL_OP_GOAWAY);
    harness_await_dials(&harness, 2);
    fake_gone(0, "the server has stopped");
    ck_assert_uint_eq(fake_plane()->retired, first_tag());
    fake_gone(1, "connection refused");
    harness_await_dials(&harness, 3);
    ck_assert(asks_for(2, ""));
}
END_TEST

START_TEST(an_id_of_a_session_that_goes_on_is_not_taken) {
    harness_connect(&harness);
    fake_control(0, CONTROL_OP_GOAWAY);
    harness_await_dials(&harness, 2);
    char text[512];
    snprintf(text, sizeof text,
             "{\"session\":\"%s\",\"server\":\"" FAKE_SERVER "\",\"threads\":1,\"ping\":10,\"dead_after\":30,"
             "\"session_key\":\"0101010101010101010101010101010101010101010101010101010101010101\","
             "\"features\":[\"services\"]}",
             fake_session(0));
    fake_greet(1, false, text);
    ck_assert(harness_dial(1)->rejected && !harness_dial(1)->accepted);
    ck_assert(!harness_dial(0)->closed);
    fake_gone(1, "turned away");
    harness_await_dials(&harness, 3);
}
END_TEST

START_TEST(a_session_whose_server_has_other_threads_is_not_resumed) {
    lose_and_dial();
    fake_plane()->threads = 2; /* links to threads that are no more would be counted for ever */
    fake_welcome(1, NULL);
    ck_assert(harness_dial(1)->rejected && !harness_dial(1)->accepted);
    ck_assert_uint_eq(fake_plane()->link_count, 1);
}
END_TEST

/* ---- the end of the agent ---- */

START_TEST(an_agent_that_has_said_bye_dials_no_data_links) {
    harness_connect(&harness);
    fake_link_up(0);
    agent_end(harness.agent);
    fake_control(0, CONTROL_OP_DRAINED);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BYE), 1);
    fake_link_gone(0, "the agent has ended the session");
    harness_run_for(&harness, 20);
    ck_assert_uint_eq(fake_plane()->link_count, 1);
    fake_gone(0, "closed by the other side");
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK);
    ck_assert_uint_eq(fake_plane()->retired_count, 0);
}
END_TEST

START_TEST(an_agent_that_stops_does_not_resume_but_keeps_data_links_for_its_relays) {
    harness_connect(&harness);
    fake_link_up(0);
    fake_plane()->counts.relays = 1;
    agent_end(harness.agent);
    fake_gone(0, "cut");
    fake_link_gone(0, "cut");
    want_shared_link();
    harness_await_links(&harness, 2);
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
    ck_assert_uint_eq(fake_plane()->retired_count, 0);
    fake_plane()->counts.relays = 0;
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_OK);
}
END_TEST

static TCase *resumption(void) {
    TCase *group = tcase_create("resumption");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, a_session_is_resumed_by_the_next_control_link);
    tcase_add_test(group, a_session_is_resumed_again_and_again);
    tcase_add_test(group, data_links_that_streams_wait_for_are_dialled_while_the_session_is_suspended);
    tcase_add_test(group, a_data_link_that_was_refused_meanwhile_is_dialled_when_the_session_is_resumed);
    tcase_add_test(group, a_session_that_the_server_does_not_resume_is_retired);
    tcase_add_test(group, relays_do_not_outlive_a_server_that_was_restarted);
    tcase_add_test(group, relays_of_a_server_that_cannot_be_reached_keep_their_time);
    tcase_add_test(group, relays_that_have_a_link_go_on_though_a_server_does_not_know_their_session);
    tcase_add_test(group, a_session_is_resumed_no_more_when_its_time_is_over);
    tcase_add_test(group, without_resumption_a_lost_session_is_retired_at_once);
    tcase_add_test(group, without_memory_a_session_is_retired_later);
    return group;
}

static TCase *names(void) {
    TCase *group = tcase_create("names");

    tcase_add_checked_fixture(group, set_up_named, tear_down);
    tcase_add_test(group, a_resumed_session_is_dialled_where_its_server_is_now);
    return group;
}

static TCase *replaced(void) {
    TCase *group = tcase_create("replaced");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, a_session_that_was_left_is_not_resumed);
    tcase_add_test(group, an_id_of_a_session_that_goes_on_is_not_taken);
    tcase_add_test(group, a_session_whose_server_has_other_threads_is_not_resumed);
    return group;
}

static TCase *ends(void) {
    TCase *group = tcase_create("ends");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, an_agent_that_has_said_bye_dials_no_data_links);
    tcase_add_test(group, an_agent_that_stops_does_not_resume_but_keeps_data_links_for_its_relays);
    return group;
}

UNIT_MAIN("agent/upstream/session_list", resumption, names, replaced, ends)
