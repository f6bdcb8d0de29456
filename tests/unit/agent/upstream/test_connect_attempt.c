/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_connect_attempt: from a server's name to its WELCOME: every address in turn, and proofs on both sides.
 */
#include "config.h"

#include "agent/one_harness.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- addresses ---- */

static bool question_waits(void *context) {
    (void)context;
    return fake_question_waits();
}

static void await_question(void) {
    ck_assert(unit_run_until(loop_base(harness.settings.loop), question_waits, NULL, 5000));
}

START_TEST(every_address_of_a_name_is_tried_in_turn) {
    harness_start(&harness);
    ck_assert_uint_eq(fake_plane()->dial_count, 0);
    fake_answer(ADDRESSES);
    harness_check_address(0, "[2001:db8::1]:10001");
    ck_assert_uint_eq(fake_plane()->dial_count, 1); /* one after the other */
    fake_gone(0, "no route to host");
    harness_check_address(1, "192.0.2.1:10001");
    fake_gone(1, "connection refused");
    harness_check_address(2, "192.0.2.2:10001");
    ck_assert_str_eq(harness_dial(2)->order.server_name, "relay.example");
    fake_welcome(2, NULL);
    ck_assert(harness_dial(2)->accepted);
    ck_assert_uint_eq(fake_plane()->dial_count, 3);
}
END_TEST

START_TEST(the_name_is_resolved_again_at_each_attempt) {
    harness_start(&harness);
    fake_answer((const char *const[]){"192.0.2.1:10001", NULL});
    fake_gone(0, "connection refused");
    await_question();
    fake_answer((const char *const[]){"192.0.2.77:10001", NULL}); /* it has moved */
    harness_check_address(1, "192.0.2.77:10001");
}
END_TEST

START_TEST(a_name_that_is_unknown_is_asked_again) {
    harness_start(&harness);
    fake_no_answer("no such name");
    await_question();
    ck_assert_uint_eq(fake_questions(), 2);
    fake_no_answer("timed out");
    await_question();
    fake_answer(ADDRESSES);
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
}
END_TEST

START_TEST(stopping_cancels_the_question) {
    harness_start(&harness);
    ck_assert(fake_question_waits());
    agent_end(harness.agent);
    ck_assert(!fake_question_waits());
}
END_TEST

START_TEST(a_number_needs_no_resolver) {
    harness_start(&harness);
    ck_assert_uint_eq(fake_questions(), 0);
    harness_check_address(0, "127.0.0.1:10001");
    ck_assert(harness_dial(0)->order.is_control);
    ck_assert_str_eq(harness_dial(0)->order.server_name, "127.0.0.1");
}
END_TEST

/* ---- a proxy ---- */

static struct proxy proxy;

static void go_by(const char *url) {
    ck_assert_int_eq(proxy_parse(&proxy, url, NULL), 0);
    harness.servers[0].proxy = &proxy;
}

static void expect_order(const struct dial_order *order) {
    ck_assert_ptr_eq(order->proxy, &proxy);
    ck_assert_str_eq(order->server->host, "relay.example");
    ck_assert_uint_eq(order->server->port, 10001);
    ck_assert_str_eq(order->server_name, "relay.example");
}

START_TEST(a_proxy_is_connected_to_and_the_server_s_name_is_left_to_it) {
    go_by("http://127.0.0.1:3128");
    harness_start(&harness);
    ck_assert_uint_eq(fake_questions(), 0);
    harness_check_address(0, "127.0.0.1:3128");
    expect_order(&harness_dial(0)->order);
    fake_welcome(0, NULL);
    harness_await_links(&harness, 1);
    expect_order(&fake_plane()->links[0].order);
}
END_TEST

START_TEST(a_proxy_s_name_is_resolved) {
    go_by("socks5://proxy.example");
    harness_start(&harness);
    fake_answer(ADDRESSES);
    harness_check_address(0, "[2001:db8::1]:10001");
    fake_gone(0, "no route to host");
    harness_check_address(1, "192.0.2.1:10001");
    expect_order(&harness_dial(1)->order);
}
END_TEST

/* Each wrong password counts towards the lock of an account. */
START_TEST(what_a_proxy_refuses_is_not_tried_at_its_other_addresses_nor_again_until_the_password_changes) {
    go_by("http://bob:wrong@proxy.example:3128");
    harness_start(&harness);
    fake_answer(ADDRESSES);
    fake_met_proxy(0, PROXY_FAULT_CANNOT_CONNECT, "answered 502"); /* another of them may reach it */
    ck_assert_uint_eq(fake_plane()->dial_count, 2);
    fake_met_proxy(1, PROXY_FAULT_AUTHENTICATION, "answered 407");
    ck_assert_uint_eq(fake_plane()->dial_count, 2);
    ck_assert(
        !unit_run_until(loop_base(harness.settings.loop), question_waits, NULL, 200)); /* its usual wait is 4 ms */
    agent_recheck(harness.agent);
    ck_assert(!fake_question_waits());
    ck_assert_int_eq(proxy_set_password(&proxy, "right", NULL), 0);
    agent_recheck(harness.agent);
    ck_assert(fake_question_waits());
    fake_answer(ADDRESSES);
    ck_assert_uint_eq(fake_plane()->dial_count, 3);
}
END_TEST

/* ---- the token, and the server's proof ---- */

START_TEST(hello_carries_credential_name_and_group) {
    struct hello hello;
    struct error error = {""};
    const char *text;

    harness_take_token(&harness);
    harness.settings.group = "vnc";
    harness_start(&harness);
    text = harness_dial(0)->order.hello;
    ck_assert_msg(hello_parse(&hello, text, strlen(text), &error) == 0, "%s", error.text);
    ck_assert_int_eq(hello.kind, HELLO_KIND_CONTROL);
    ck_assert_uint_eq(hello.protocol, PROTO_VERSION);
    ck_assert_str_eq(hello.credential, "web1");
    ck_assert_str_eq(hello.name, "tester");
    ck_assert_str_eq(hello.group, "vnc");
    ck_assert_uint_eq(strlen(hello.instance), 32);
    hello_done(&hello);
    ck_assert(harness_dial(0)->order.has_key);
    ck_assert_int_eq(harness_dial(0)->order.proof_role, DIAL_PROOF_AGENT);
    ck_assert_mem_eq(harness_dial(0)->order.key, harness.token.key, SECRET_SIZE);
}
END_TEST

START_TEST(without_a_token_there_is_no_key) {
    harness_start(&harness);
    ck_assert(!harness_dial(0)->order.has_key);
    fake_welcome(0, NULL);
    ck_assert(harness_dial(0)->accepted);
}
END_TEST

START_TEST(a_server_that_proves_itself_is_accepted) {
    harness_take_token(&harness);
    harness_start(&harness);
    fake_welcome(0, harness.token.key);
    ck_assert(harness_dial(0)->accepted);
    ck_assert(!harness_dial(0)->rejected);
}
END_TEST

START_TEST(a_server_with_a_wrong_proof_is_rejected) {
    const uint8_t wrong[SECRET_SIZE] = {1};
    char *text;

    harness_take_token(&harness);
    harness_start(&harness);
    fake_welcome(0, wrong);
    ck_assert(!harness_dial(0)->accepted);
    ck_assert(harness_dial(0)->rejected);
    fake_gone(0, "turned away");
    harness_await_dials(&harness, 2);
    text = harness_end(&harness);
    ck_assert_ptr_nonnull(strstr(text, "the server did not prove that it knows the token"));
    free(text);
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(a_server_without_proof_is_rejected) {
    harness_take_token(&harness);
    harness_start(&harness);
    fake_welcome(0, NULL);
    ck_assert(!harness_dial(0)->accepted);
    ck_assert(harness_dial(0)->rejected);
}
END_TEST

START_TEST(a_rotated_token_is_used_from_the_next_attempt) {
    struct auth_token made;
    char text[AUTH_TOKEN_TEXT];

    harness_take_token(&harness);
    snprintf(harness.token.from, sizeof harness.token.from, "%s", unit_path("token"));
    harness_connect(&harness);
    ck_assert_int_eq(auth_token_make(&made, "web2"), 0);
    auth_token_format(&made, text);
    unit_text_file("token", text);
    fake_gone(0, "cut");
    harness_await_dials(&harness, 2);
    ck_assert_ptr_nonnull(strstr(harness_dial(1)->order.hello, "web2"));
    ck_assert_mem_ne(harness_dial(1)->order.key, harness.token.key, SECRET_SIZE);
}
END_TEST

START_TEST(a_malformed_welcome_is_not_taken) {
    harness_start(&harness);
    fake_greet(0, false, "{\"session\":\"short\"}");
    ck_assert(harness_dial(0)->rejected);
    fake_gone(0, "turned away");
    harness_await_dials(&harness, 2);
}
END_TEST

START_TEST(a_welcome_without_session_is_not_taken) {
    harness_start(&harness);
    fake_greet(0, false, "{\"server\":\"" FAKE_SERVER "\"}");
    ck_assert(harness_dial(0)->rejected);
}
END_TEST

static TCase *addresses(void) {
    TCase *group = tcase_create("addresses");

    tcase_add_checked_fixture(group, set_up_named, tear_down);
    tcase_add_test(group, every_address_of_a_name_is_tried_in_turn);
    tcase_add_test(group, the_name_is_resolved_again_at_each_attempt);
    tcase_add_test(group, a_name_that_is_unknown_is_asked_again);
    tcase_add_test(group, stopping_cancels_the_question);
    tcase_add_test(group, a_proxy_is_connected_to_and_the_server_s_name_is_left_to_it);
    tcase_add_test(group, a_proxy_s_name_is_resolved);
    tcase_add_test(group,
                   what_a_proxy_refuses_is_not_tried_at_its_other_addresses_nor_again_until_the_password_changes);
    return group;
}

static TCase *proofs(void) {
    TCase *group = tcase_create("proofs");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, a_number_needs_no_resolver);
    tcase_add_test(group, hello_carries_credential_name_and_group);
    tcase_add_test(group, without_a_token_there_is_no_key);
    tcase_add_test(group, a_server_that_proves_itself_is_accepted);
    tcase_add_test(group, a_server_with_a_wrong_proof_is_rejected);
    tcase_add_test(group, a_server_without_proof_is_rejected);
    tcase_add_test(group, a_rotated_token_is_used_from_the_next_attempt);
    tcase_add_test(group, a_malformed_welcome_is_not_taken);
    tcase_add_test(group, a_welcome_without_session_is_not_taken);
    return group;
}

UNIT_MAIN("agent/upstream/connect_attempt", addresses, proofs)
