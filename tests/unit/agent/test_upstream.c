/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_upstream: the way to a server and back to it: addresses, refusals, loss, goaway, the data links it asks for.
 */
#include "config.h"

#include "agent/harness.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct harness harness;

static const char *const NUMERIC[] = {"127.0.0.1:10001", NULL};
static const char *const NAMED[] = {"relay.example:10001", NULL};
static const char *const ADDRESSES[] = {"[2001:db8::1]:10001", "192.0.2.1:10001", "192.0.2.2:10001", NULL};

static const struct fake_dial *dial(unsigned index) {
    ck_assert_uint_lt(index, fake_plane()->dial_count);
    return &fake_plane()->dials[index];
}

static void ck_assert_address(unsigned index, const char *address) {
    char text[ADDR_TEXT];

    ck_assert_str_eq(addr_format(&dial(index)->order.address, text, sizeof text), address);
}

static void set_up_numeric(void) {
    harness_make(&harness, NUMERIC);
}

static void set_up_named(void) {
    harness_make(&harness, NAMED);
}

static void tear_down(void) {
    harness_done(&harness);
}

/* Ends the harness and looks for words in its log. */
static void ck_assert_logged(const char *words) {
    char *text = harness_end(&harness);

    ck_assert_msg(strstr(text, words) != NULL, "not logged: %s\nbut:\n%s", words, text);
    free(text);
}

static unsigned count_of(const char *text, const char *words) {
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
        count++;
    return count;
}

/* ---- addresses ---- */

START_TEST(a_number_needs_no_resolver) {
    harness_start(&harness);
    ck_assert_uint_eq(fake_questions(), 0);
    ck_assert_address(0, "127.0.0.1:10001");
    ck_assert(dial(0)->order.is_control);
    ck_assert_str_eq(dial(0)->order.server_name, "127.0.0.1");
}
END_TEST

START_TEST(every_address_of_a_name_is_tried_in_turn) {
    harness_start(&harness);
    ck_assert_uint_eq(fake_plane()->dial_count, 0);
    fake_answer(ADDRESSES);
    ck_assert_address(0, "[2001:db8::1]:10001");
    ck_assert_uint_eq(fake_plane()->dial_count, 1); /* one after the other */
    fake_gone(0, "no route to host");
    ck_assert_address(1, "192.0.2.1:10001");
    fake_gone(1, "connection refused");
    ck_assert_address(2, "192.0.2.2:10001");
    ck_assert_str_eq(dial(2)->order.server_name, "relay.example");
    fake_welcome(2, NULL);
    ck_assert(dial(2)->accepted);
    ck_assert_uint_eq(fake_plane()->dial_count, 3);
}
END_TEST

static bool question_waits(void *context) {
    (void)context;
    return fake_question_waits();
}

static void await_question(void) {
    ck_assert(unit_run_until(loop_base(harness.settings.loop), question_waits, NULL, 5000));
}

START_TEST(the_name_is_resolved_again_at_each_attempt) {
    harness_start(&harness);
    fake_answer((const char *const[]){"192.0.2.1:10001", NULL});
    fake_gone(0, "connection refused");
    await_question();
    fake_answer((const char *const[]){"192.0.2.77:10001", NULL}); /* it has moved */
    ck_assert_address(1, "192.0.2.77:10001");
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

/* ---- refusals ---- */

START_TEST(a_refused_connection_is_tried_for_ever) {
    char *text;

    harness_start(&harness);
    for (unsigned i = 0; i < 20; i++) {
        harness_await_dials(&harness, i + 1);
        fake_gone(i, "connection refused");
    }
    text = harness_end(&harness);
    ck_assert_uint_ge(count_of(text, "cannot connect"), 1);
    ck_assert_uint_le(count_of(text, "cannot connect"), 2); /* a minute may have ended meanwhile: "still cannot" */
    free(text);
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(a_new_reason_is_logged_at_once) {
    char *text;

    harness_start(&harness);
    fake_gone(0, "connection refused");
    harness_await_dials(&harness, 2);
    fake_gone(1, "no route to host");
    text = harness_end(&harness);
    ck_assert_uint_eq(count_of(text, "connection refused"), 1);
    ck_assert_uint_eq(count_of(text, "no route to host"), 1);
    free(text);
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(a_final_reject_before_any_session_ends_the_agent) {
    char why[256];

    harness_start(&harness);
    fake_reject(0, MESSAGE_REJECT_CREDENTIAL, "unknown credential", 0);
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_REJECTED);
    agent_result(harness.agent, why, sizeof why);
    ck_assert_ptr_nonnull(strstr(why, "127.0.0.1:10001"));
    ck_assert_ptr_nonnull(strstr(why, "unknown credential"));
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
}
END_TEST

START_TEST(a_final_reject_counts_for_all_addresses) {
    harness_start(&harness);
    fake_answer(ADDRESSES);
    fake_reject(0, MESSAGE_REJECT_GROUP, "no such group", 0);
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_REJECTED);
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
}
END_TEST

START_TEST(a_passing_reject_is_tried_again) {
    harness_start(&harness);
    fake_reject(0, MESSAGE_REJECT_BUSY, "too many agents", 0);
    harness_await_dials(&harness, 2);
    fake_reject(1, MESSAGE_REJECT_STOPPING, "on its way down", 0);
    harness_await_dials(&harness, 3);
}
END_TEST

START_TEST(retry_after_is_honoured) {
    harness_start(&harness);
    fake_reject(0, MESSAGE_REJECT_BUSY, "too many agents", 7);
    ck_assert_logged("retry_ms=7000");
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(retry_after_is_bounded) {
    harness_start(&harness);
    fake_reject(0, MESSAGE_REJECT_BUSY, "too many agents", 80000);
    ck_assert_logged("retry_ms=600000");
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(once_accepted_a_final_reject_is_tried_again_after_a_minute) {
    harness_connect(&harness);
    fake_gone(0, "cut");
    harness_await_dials(&harness, 2);
    fake_reject(1, MESSAGE_REJECT_CREDENTIAL, "revoked", 0);
    ck_assert_logged("retry_ms=60000");
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(a_bad_certificate_ends_the_agent_after_all_addresses) {
    harness_start(&harness);
    fake_answer(ADDRESSES);
    fake_tls_failed(0, "the certificate is signed by an unknown authority");
    fake_gone(1, "connection refused"); /* does not hide the certificate */
    fake_gone(2, "connection refused");
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_REJECTED);
}
END_TEST

START_TEST(a_bad_certificate_on_one_address_does_not_matter_if_another_is_right) {
    harness_start(&harness);
    fake_answer(ADDRESSES);
    fake_tls_failed(0, "wrong name: the certificate is for other.example");
    fake_welcome(1, NULL);
    ck_assert(dial(1)->accepted);
}
END_TEST

START_TEST(a_handshake_that_is_cut_is_tried_again) {
    harness_start(&harness);
    fake_tls_failed(0, "the connection was cut during the TLS handshake");
    harness_await_dials(&harness, 2);
    fake_tls_failed(1, "not ready in time: still connecting");
    harness_await_dials(&harness, 3);
}
END_TEST

START_TEST(a_malformed_welcome_ends_the_agent) {
    harness_start(&harness);
    fake_say(0, false, "{\"session\":\"short\"}");
    ck_assert(dial(0)->rejected);
    fake_gone(0, "turned away");
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_REJECTED);
}
END_TEST

START_TEST(a_welcome_without_session_ends_the_agent) {
    harness_start(&harness);
    fake_say(0, false, "{\"server\":\"" FAKE_SERVER "\"}");
    ck_assert(dial(0)->rejected);
}
END_TEST

/* ---- the token, and the server's proof ---- */

START_TEST(hello_carries_credential_name_and_group) {
    struct message_hello hello;
    struct error error = {""};
    const char *text;

    harness_take_token(&harness);
    harness.settings.group = "vnc";
    harness_start(&harness);
    text = dial(0)->order.hello;
    ck_assert_msg(message_parse_hello(&hello, text, strlen(text), &error) == 0, "%s", error.text);
    ck_assert_int_eq(hello.kind, MESSAGE_KIND_CONTROL);
    ck_assert_uint_eq(hello.protocol, MESSAGE_PROTOCOL);
    ck_assert_str_eq(hello.credential, "web1");
    ck_assert_str_eq(hello.name, "tester");
    ck_assert_str_eq(hello.group, "vnc");
    ck_assert_uint_eq(strlen(hello.instance), 32);
    message_hello_done(&hello);
    ck_assert(dial(0)->order.has_key);
    ck_assert_int_eq(dial(0)->order.proof_role, DIAL_PROOF_AGENT);
    ck_assert_mem_eq(dial(0)->order.key, harness.token.key, SECRET_SIZE);
}
END_TEST

START_TEST(without_a_token_there_is_no_key) {
    harness_start(&harness);
    ck_assert(!dial(0)->order.has_key);
    fake_welcome(0, NULL);
    ck_assert(dial(0)->accepted);
}
END_TEST

START_TEST(a_server_that_proves_itself_is_accepted) {
    harness_take_token(&harness);
    harness_start(&harness);
    fake_welcome(0, harness.token.key);
    ck_assert(dial(0)->accepted);
    ck_assert(!dial(0)->rejected);
}
END_TEST

START_TEST(a_server_with_a_wrong_proof_is_turned_away) {
    const uint8_t wrong[SECRET_SIZE] = {1};
    char why[512];

    harness_take_token(&harness);
    harness_start(&harness);
    fake_welcome(0, wrong);
    ck_assert(!dial(0)->accepted);
    ck_assert(dial(0)->rejected);
    fake_gone(0, "turned away");
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_REJECTED);
    agent_result(harness.agent, why, sizeof why);
    ck_assert_ptr_nonnull(strstr(why, "the server does not know our token's key"));
}
END_TEST

START_TEST(a_server_without_proof_is_turned_away) {
    harness_take_token(&harness);
    harness_start(&harness);
    fake_welcome(0, NULL);
    ck_assert(!dial(0)->accepted);
    ck_assert(dial(0)->rejected);
}
END_TEST

START_TEST(a_rotated_token_is_used_from_the_next_attempt) {
    struct proof_token made;
    char text[PROOF_TOKEN_TEXT];

    harness_take_token(&harness);
    snprintf(harness.token.from, sizeof harness.token.from, "%s", unit_path("token"));
    harness_connect(&harness);
    ck_assert_int_eq(proof_token_make(&made, "web2"), 0);
    proof_token_format(&made, text);
    unit_text_file("token", text);
    fake_gone(0, "cut");
    harness_await_dials(&harness, 2);
    ck_assert_ptr_nonnull(strstr(dial(1)->order.hello, "web2"));
    ck_assert_mem_ne(dial(1)->order.key, harness.token.key, SECRET_SIZE);
}
END_TEST

/* ---- sessions ---- */

START_TEST(a_lost_session_is_made_again) {
    harness_connect(&harness);
    fake_gone(0, "cut");
    harness_await_dials(&harness, 2);
    fake_welcome(1, NULL);
    ck_assert(dial(1)->accepted);
    ck_assert_uint_ne(dial(0)->order.tag, dial(1)->order.tag);
}
END_TEST

START_TEST(links_are_dialled_to_the_same_address_with_the_sessions_key) {
    struct message_hello hello;
    struct error error = {""};
    const char *text;

    harness_start(&harness);
    fake_answer(ADDRESSES);
    fake_gone(0, "no route to host");
    fake_welcome(1, NULL);
    fake_told(1, MESSAGE_OP_LINKS, 3, 10000);
    ck_assert_uint_eq(fake_plane()->dial_count, 2 + 3);
    ck_assert_address(4, "192.0.2.1:10001");
    ck_assert(!dial(4)->order.is_control);
    ck_assert_mem_eq(dial(4)->order.key, FAKE_SESSION_KEY, SECRET_SIZE);
    text = dial(4)->order.hello;
    ck_assert_msg(message_parse_hello(&hello, text, strlen(text), &error) == 0, "%s", error.text);
    ck_assert_int_eq(hello.kind, MESSAGE_KIND_DATA);
    ck_assert_str_eq(hello.session, FAKE_SESSION);
    ck_assert_str_eq(hello.name, "tester");
    message_hello_done(&hello);
}
END_TEST

START_TEST(a_goaway_makes_a_session_beside_the_old_one) {
    harness_connect(&harness);
    fake_told(0, MESSAGE_OP_GOAWAY, 0, 0);
    harness_await_dials(&harness, 2);
    ck_assert(!dial(0)->closed);
    fake_told(0, MESSAGE_OP_LINKS, 3, 10000); /* the old one gets no new links */
    ck_assert_uint_eq(fake_plane()->dial_count, 2);
    fake_welcome(1, NULL);
    ck_assert(dial(1)->accepted);
    fake_told(1, MESSAGE_OP_LINKS, 1, 10000);
    ck_assert_uint_eq(fake_plane()->dial_count, 3);
    fake_gone(0, "the server is done"); /* which is no loss */
    harness_await_dials(&harness, 3);
}
END_TEST

START_TEST(a_second_goaway_of_the_same_session_changes_nothing) {
    harness_connect(&harness);
    fake_told(0, MESSAGE_OP_GOAWAY, 0, 0);
    fake_told(0, MESSAGE_OP_GOAWAY, 0, 0);
    harness_await_dials(&harness, 2);
    fake_told(0, MESSAGE_OP_GOAWAY, 0, 0);
    fake_welcome(1, NULL);
    fake_told(0, MESSAGE_OP_GOAWAY, 0, 0);
    harness_await_dials(&harness, 2);
}
END_TEST

START_TEST(the_old_session_may_end_while_the_new_one_is_sought) {
    harness_connect(&harness);
    fake_told(0, MESSAGE_OP_GOAWAY, 0, 0);
    harness_await_dials(&harness, 2);
    fake_gone(0, "bye");
    harness_await_dials(&harness, 2);
    fake_gone(1, "connection refused");
    harness_await_dials(&harness, 3);
}
END_TEST

START_TEST(a_bye_closes_the_session) {
    harness_connect(&harness);
    fake_told_text(0, "{\"op\":\"bye\",\"reason\":\"replaced\"}");
    ck_assert(dial(0)->closed);
    fake_gone(0, "the server ended the session");
    harness_await_dials(&harness, 2);
}
END_TEST

START_TEST(an_unknown_op_is_answered_by_an_error_and_not_for_ever) {
    harness_connect(&harness);
    fake_told_text(0, "{\"op\":\"dance\"}");
    ck_assert_uint_eq(fake_heard(0, MESSAGE_OP_ERROR), 1);
    for (int i = 0; i < 1000; i++)
        fake_told_text(0, "{\"op\":\"dance\"}");
    ck_assert_uint_le(fake_heard(0, MESSAGE_OP_ERROR), 12); /* 6 a minute, and a minute may have ended meanwhile */
    ck_assert(!dial(0)->closed);
}
END_TEST

START_TEST(an_error_is_never_answered) {
    harness_connect(&harness);
    fake_told_text(0, "{\"op\":\"error\",\"reason\":\"what?\"}");
    ck_assert_uint_eq(fake_plane()->told_count, 0);
}
END_TEST

START_TEST(a_malformed_message_ends_nothing) {
    harness_connect(&harness);
    fake_told_text(0, "[1,2]");
    fake_told_text(0, "{\"op\":7}");
    fake_told(0, MESSAGE_OP_LINKS, 1, 10000);
    ck_assert_uint_eq(fake_plane()->dial_count, 2);
}
END_TEST

START_TEST(a_greeting_that_nobody_waits_for_is_turned_away) {
    harness_start(&harness);
    agent_end(harness.agent);
    fake_welcome(0, NULL);
    ck_assert(dial(0)->rejected);
    ck_assert(!dial(0)->accepted);
}
END_TEST

static TCase *addresses(void) {
    TCase *group = tcase_create("addresses");

    tcase_add_checked_fixture(group, set_up_named, tear_down);
    tcase_add_test(group, every_address_of_a_name_is_tried_in_turn);
    tcase_add_test(group, the_name_is_resolved_again_at_each_attempt);
    tcase_add_test(group, a_name_that_is_unknown_is_asked_again);
    tcase_add_test(group, stopping_cancels_the_question);
    tcase_add_test(group, a_final_reject_counts_for_all_addresses);
    tcase_add_test(group, a_bad_certificate_ends_the_agent_after_all_addresses);
    tcase_add_test(group, a_bad_certificate_on_one_address_does_not_matter_if_another_is_right);
    tcase_add_test(group, links_are_dialled_to_the_same_address_with_the_sessions_key);
    return group;
}

static TCase *refusals(void) {
    TCase *group = tcase_create("refusals");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, a_number_needs_no_resolver);
    tcase_add_test(group, a_refused_connection_is_tried_for_ever);
    tcase_add_test(group, a_new_reason_is_logged_at_once);
    tcase_add_test(group, a_final_reject_before_any_session_ends_the_agent);
    tcase_add_test(group, a_passing_reject_is_tried_again);
    tcase_add_test(group, retry_after_is_honoured);
    tcase_add_test(group, retry_after_is_bounded);
    tcase_add_test(group, once_accepted_a_final_reject_is_tried_again_after_a_minute);
    tcase_add_test(group, a_handshake_that_is_cut_is_tried_again);
    tcase_add_test(group, a_malformed_welcome_ends_the_agent);
    tcase_add_test(group, a_welcome_without_session_ends_the_agent);
    return group;
}

static TCase *proofs(void) {
    TCase *group = tcase_create("proofs");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, hello_carries_credential_name_and_group);
    tcase_add_test(group, without_a_token_there_is_no_key);
    tcase_add_test(group, a_server_that_proves_itself_is_accepted);
    tcase_add_test(group, a_server_with_a_wrong_proof_is_turned_away);
    tcase_add_test(group, a_server_without_proof_is_turned_away);
    tcase_add_test(group, a_rotated_token_is_used_from_the_next_attempt);
    return group;
}

static TCase *sessions(void) {
    TCase *group = tcase_create("sessions");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, a_lost_session_is_made_again);
    tcase_add_test(group, a_goaway_makes_a_session_beside_the_old_one);
    tcase_add_test(group, a_second_goaway_of_the_same_session_changes_nothing);
    tcase_add_test(group, the_old_session_may_end_while_the_new_one_is_sought);
    tcase_add_test(group, a_bye_closes_the_session);
    tcase_add_test(group, an_unknown_op_is_answered_by_an_error_and_not_for_ever);
    tcase_add_test(group, an_error_is_never_answered);
    tcase_add_test(group, a_malformed_message_ends_nothing);
    tcase_add_test(group, a_greeting_that_nobody_waits_for_is_turned_away);
    return group;
}

UNIT_MAIN("agent/upstream", addresses, refusals, proofs, sessions)
