/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_session: what a server tells an agent, and upstream.c leads to its session: links, goaway, bye, and what it
 * should not.
 */
#include "config.h"

#include "agent/one_harness.h"
#include "unit.h"

#include <string.h>

START_TEST(data_links_are_dialled_to_the_same_address_with_the_sessions_key) {
    const struct dial_order *order;
    char address[ADDR_TEXT];
    struct hello hello;
    struct error error = {""};

    harness_start(&harness);
    fake_answer(ADDRESSES);
    fake_gone(0, "no route to host");
    fake_welcome(1, NULL);
    fake_order_links(1, 3, 0, true);
    ck_assert_uint_eq(fake_plane()->link_count, 1 + 3);
    order = &fake_plane()->links[3].order;
    ck_assert_str_eq(addr_format(&order->address, address, sizeof address), "192.0.2.1:10001");
    ck_assert_str_eq(order->server_name, "relay.example");
    ck_assert_mem_eq(order->key, FAKE_SESSION_KEY, SECRET_SIZE);
    ck_assert_uint_eq(order->resume_ms, 30000);
    ck_assert_msg(hello_parse(&hello, order->hello, strlen(order->hello), &error) == 0, "%s", error.text);
    ck_assert_int_eq(hello.kind, HELLO_KIND_DATA);
    ck_assert_str_eq(hello.session, fake_session(1));
    ck_assert_str_eq(hello.name, "tester");
    ck_assert(hello.is_exclusive);
    hello_done(&hello);
}
END_TEST

START_TEST(each_relay_thread_of_the_server_gets_a_data_link) {
    fake_plane()->threads = 3;
    harness_connect(&harness);
    for (unsigned i = 0; i < 2; i++)
        fake_link_up(i);
    ck_assert_uint_eq(fake_plane()->link_count, 3);
    ck_assert_uint_eq(fake_plane()->links[2].order.role.server_thread, 2);
}
END_TEST

START_TEST(a_lost_control_link_is_made_again) {
    harness_connect(&harness);
    fake_gone(0, "cut");
    harness_await_dials(&harness, 2);
    fake_welcome(1, NULL);
    ck_assert(harness_dial(1)->accepted);
    ck_assert_uint_ne(harness_dial(0)->order.tag, harness_dial(1)->order.tag);
}
END_TEST

START_TEST(a_goaway_makes_a_session_beside_the_old_one) {
    harness_connect(&harness);
    fake_control(0, CONTROL_OP_GOAWAY);
    harness_await_dials(&harness, 2);
    ck_assert(!harness_dial(0)->closed);
    ck_assert_ptr_null(strstr(harness_dial(1)->order.hello, "resume"));
    fake_order_links(0, 1, 0, true); /* the old one is served to its end */
    ck_assert_uint_eq(fake_plane()->link_count, 2);
    fake_welcome(1, NULL);
    ck_assert(harness_dial(1)->accepted);
    ck_assert_uint_eq(fake_plane()->link_count, 3);
    ck_assert_uint_eq(fake_plane()->retired_count, 0);
    fake_gone(0, "the server is done"); /* which is no loss */
    ck_assert_uint_eq(fake_plane()->retired, harness_dial(0)->order.tag);
    harness_await_dials(&harness, 2);
}
END_TEST

/* The next server listens once it has started; each attempt before that is refused. */
START_TEST(after_a_goaway_waits_do_not_grow) {
    harness.settings.times.upstream.longest_ms = 60000;
    harness_connect(&harness);
    fake_control(0, CONTROL_OP_GOAWAY);
    for (unsigned i = 1; i < 20; i++) { /* doubled each time it would be longer than the test may take */
        harness_await_dials(&harness, i + 1);
        fake_gone(i, "connection refused");
    }
    harness_await_dials(&harness, 21);
    fake_welcome(20, NULL);
    ck_assert(harness_dial(20)->accepted);
}
END_TEST

START_TEST(a_second_goaway_of_the_same_session_changes_nothing) {
    harness_connect(&harness);
    fake_control(0, CONTROL_OP_GOAWAY);
    fake_control(0, CONTROL_OP_GOAWAY);
    harness_await_dials(&harness, 2);
    fake_control(0, CONTROL_OP_GOAWAY);
    fake_welcome(1, NULL);
    fake_control(0, CONTROL_OP_GOAWAY);
    harness_await_dials(&harness, 2);
}
END_TEST

START_TEST(the_old_session_may_end_while_the_new_one_is_sought) {
    harness_connect(&harness);
    fake_control(0, CONTROL_OP_GOAWAY);
    harness_await_dials(&harness, 2);
    fake_gone(0, "bye");
    harness_await_dials(&harness, 2);
    fake_gone(1, "connection refused");
    harness_await_dials(&harness, 3);
}
END_TEST

START_TEST(a_bye_ends_the_session_with_its_data_links) {
    harness_connect(&harness);
    fake_link_up(0);
    fake_control_text(0, "{\"op\":\"bye\",\"reason\":\"revoked\"}");
    ck_assert(harness_dial(0)->closed);
    ck_assert_uint_eq(fake_plane()->disconnected, harness_dial(0)->order.tag);
    fake_link_gone(0, "the server ended the session");
    fake_control(0, CONTROL_OP_GOAWAY); /* was on its way */
    fake_gone(0, "the server ended the session");
    harness_await_dials(&harness, 2);
    ck_assert_ptr_null(strstr(harness_dial(1)->order.hello, "resume"));
    ck_assert_uint_eq(fake_plane()->link_count, 1);
    ck_assert_uint_eq(fake_plane()->retired_count, 0);
}
END_TEST

START_TEST(without_memory_a_session_is_disconnected_later) {
    harness_connect(&harness);
    fake_plane()->is_full = true;
    fake_control(0, CONTROL_OP_BYE);
    fake_gone(0, "the server ended the session");
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->disconnected_count, 2);
    fake_plane()->is_full = false;
    agent_recheck(harness.agent);
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->disconnected_count, 3);
}
END_TEST

START_TEST(an_unknown_op_is_answered_by_an_error_and_not_for_ever) {
    harness_connect(&harness);
    fake_control_text(0, "{\"op\":\"dance\"}");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_ERROR), 1);
    for (int i = 0; i < 50; i++)
        fake_control_text(0, "{\"op\":\"dance\"}");
    ck_assert_uint_le(fake_sent(0, CONTROL_OP_ERROR), 12); /* 6 a minute, and a minute may have ended meanwhile */
    ck_assert(!harness_dial(0)->closed);
}
END_TEST

static const char *const nonsense[] = {"{\"op\":\"dance\"}", "{\"op\":\"error\"}", "{\"op\":\"notice\"}", "[]"};

START_TEST(protocol_errors_without_end_end_the_session) {
    int sent = 0;
    harness_connect(&harness);
    while (sent < 1000 && !harness_dial(0)->closed) {
        fake_control_text(0, nonsense[_i]);
        sent++;
    }
    ck_assert(harness_dial(0)->closed);
    ck_assert_int_gt(sent, 50);
    ck_assert_int_le(sent, 250); /* 106 in one minute, and a minute may have ended meanwhile */
    ck_assert_uint_eq(fake_plane()->disconnected, harness_dial(0)->order.tag);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BYE), 1);
}
END_TEST

START_TEST(a_notice_is_never_answered) {
    harness_connect(&harness);
    fake_control_text(0, "{\"op\":\"notice\",\"reason\":\"look here\"}");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_ERROR), 0);
    ck_assert(!harness_dial(0)->closed);
}
END_TEST

START_TEST(an_error_is_never_answered) {
    harness_connect(&harness);
    fake_control_text(0, "{\"op\":\"error\",\"reason\":\"what?\"}");
    ck_assert_uint_eq(fake_plane()->sent_count, 0);
}
END_TEST

START_TEST(a_malformed_message_ends_nothing) {
    harness_connect(&harness);
    fake_control_text(0, "[1,2]");
    fake_control_text(0, "{\"op\":7}");
    fake_order_links(0, 1, 0, true);
    ck_assert_uint_eq(fake_plane()->link_count, 2);
}
END_TEST

START_TEST(a_greeting_of_a_cancelled_dial_is_rejected) {
    harness_start(&harness);
    agent_end(harness.agent);
    fake_welcome(0, NULL);
    ck_assert(harness_dial(0)->rejected);
    ck_assert(!harness_dial(0)->accepted);
}
END_TEST

static TCase *orders(void) {
    TCase *group = tcase_create("orders");

    tcase_add_checked_fixture(group, set_up_named, tear_down);
    tcase_add_test(group, data_links_are_dialled_to_the_same_address_with_the_sessions_key);
    return group;
}

static TCase *sessions(void) {
    TCase *group = tcase_create("sessions");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, each_relay_thread_of_the_server_gets_a_data_link);
    tcase_add_test(group, a_lost_control_link_is_made_again);
    tcase_add_test(group, a_goaway_makes_a_session_beside_the_old_one);
    tcase_add_test(group, after_a_goaway_waits_do_not_grow);
    tcase_add_test(group, a_second_goaway_of_the_same_session_changes_nothing);
    tcase_add_test(group, the_old_session_may_end_while_the_new_one_is_sought);
    tcase_add_test(group, a_bye_ends_the_session_with_its_data_links);
    tcase_add_test(group, without_memory_a_session_is_disconnected_later);
    tcase_add_test(group, an_unknown_op_is_answered_by_an_error_and_not_for_ever);
    tcase_add_test(group, an_error_is_never_answered);
    tcase_add_loop_test(group, protocol_errors_without_end_end_the_session, 0, sizeof nonsense / sizeof nonsense[0]);
    tcase_add_test(group, a_notice_is_never_answered);
    tcase_add_test(group, a_malformed_message_ends_nothing);
    tcase_add_test(group, a_greeting_of_a_cancelled_dial_is_rejected);
    return group;
}

UNIT_MAIN("agent/upstream/session", orders, sessions)
