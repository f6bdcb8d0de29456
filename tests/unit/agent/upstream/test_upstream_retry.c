/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_upstream_retry: what refuses for good and what is tried again, when, and what is logged.
 */
#include "config.h"

#include "agent/one_harness.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* Ends the harness and looks for words in its log. */
static void ck_assert_logged(const char *words) {
    char *text = harness_end(&harness);

    ck_assert_msg(strstr(text, words), "not logged: %s\nbut:\n%s", words, text);
    free(text);
}

static unsigned count_of(const char *text, const char *words) {
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, words)); at++)
        count++;
    return count;
}

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

START_TEST(repeated_silent_closes_are_logged_as_a_probable_block) {
    char *text;

    harness_start(&harness);
    for (unsigned i = 0; i < 7; i++) {
        harness_await_dials(&harness, i + 1);
        if (i == 2)
            fake_gone(i, "cut"); /* after some bytes: so the next is the first again */
        else
            fake_closed_silently(i);
    }
    text = harness_end(&harness);
    ck_assert_uint_eq(count_of(text, "may have blocked this address for a while"), 1);
    ck_assert_uint_le(count_of(text, "cannot connect"), 3);
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
    char detail[256];

    harness_start(&harness);
    fake_reject(0, REJECT_CREDENTIAL, "unknown credential", 0);
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_REJECTED);
    agent_result(harness.agent, detail, sizeof detail);
    ck_assert_ptr_nonnull(strstr(detail, "127.0.0.1:10001"));
    ck_assert_ptr_nonnull(strstr(detail, "unknown credential"));
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
}
END_TEST

START_TEST(a_passing_reject_is_tried_again) {
    harness_start(&harness);
    fake_reject(0, REJECT_BUSY, "too many agents", 0);
    harness_await_dials(&harness, 2);
    fake_reject(1, REJECT_STOPPING, "on its way down", 0);
    harness_await_dials(&harness, 3);
}
END_TEST

START_TEST(retry_after_is_honoured) {
    harness_start(&harness);
    fake_reject(0, REJECT_BUSY, "too many agents", 7);
    ck_assert_logged("retry_ms=7000");
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(retry_after_is_bounded) {
    harness_start(&harness);
    fake_reject(0, REJECT_BUSY, "too many agents", 80000);
    ck_assert_logged("retry_ms=600000");
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(once_accepted_a_final_reject_is_tried_again_after_a_minute) {
    harness_connect(&harness);
    fake_gone(0, "cut");
    harness_await_dials(&harness, 2);
    fake_reject(1, REJECT_CREDENTIAL, "revoked", 0);
    ck_assert_logged("retry_ms=60000");
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(a_handshake_that_is_cut_is_tried_again) {
    harness_start(&harness);
    fake_gone(0, "the connection was cut during the TLS handshake");
    harness_await_dials(&harness, 2);
    fake_gone(1, "not ready in time: still connecting");
    harness_await_dials(&harness, 3);
}
END_TEST

/* A board without a battery for its clock has a date of 1970 until NTP has answered. */
START_TEST(a_wrong_clock_does_not_end_the_agent) {
    harness_start(&harness);
    for (unsigned i = 0; i < 5; i++) {
        harness_await_dials(&harness, i + 1);
        fake_tls_failed(i, "the certificate is not yet valid");
    }
    harness_await_dials(&harness, 6);
    fake_welcome(5, NULL);
    ck_assert(harness_dial(5)->accepted);
}
END_TEST

/* What passes is tried again after 4 ms at most here; what needs a person or a clock, after up to a minute. */
START_TEST(what_needs_a_person_is_tried_ever_more_slowly) {
    static const char *const reasons[] = {"HTTP", "SSH", "VNC", "RDP", "SMTP", "IMAP"}; /* each is logged */
    enum { REASONS = sizeof reasons / sizeof reasons[0] };
    char *text, *last = NULL;

    harness_start(&harness);
    for (unsigned i = 0; i < REASONS; i++) {
        harness_await_dials(&harness, i + 1);
        fake_tls_failed(i, reasons[i]);
    }
    text = harness_end(&harness);
    for (char *at = text; (at = strstr(at, "retry_ms=")); at++)
        last = at;
    ck_assert_ptr_nonnull(last);
    ck_assert_int_ge(strtol(last + strlen("retry_ms="), NULL, 10), 24); /* 1 ms doubled five times, less a quarter */
    free(text);
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(a_final_reject_counts_for_all_addresses) {
    harness_start(&harness);
    fake_answer(ADDRESSES);
    fake_reject(0, REJECT_GROUP, "no such group", 0);
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_REJECTED);
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
}
END_TEST

START_TEST(a_bad_certificate_ends_the_agent_after_all_addresses) {
    harness_start(&harness);
    fake_answer(ADDRESSES);
    fake_untrusted(0, "the certificate is signed by an unknown authority");
    fake_gone(1, "connection refused"); /* does not hide the certificate */
    fake_gone(2, "connection refused");
    ck_assert_int_eq(harness_run(&harness), AGENT_EXIT_REJECTED);
}
END_TEST

START_TEST(a_bad_certificate_on_one_address_does_not_matter_if_another_is_right) {
    harness_start(&harness);
    fake_answer(ADDRESSES);
    fake_untrusted(0, "wrong name: the certificate is for other.example");
    fake_welcome(1, NULL);
    ck_assert(harness_dial(1)->accepted);
}
END_TEST

/* ---- no memory for the timer of the next attempt ---- */

static void refuse_first(void) {
    fake_gone(0, "connection refused");
}

START_TEST(a_timer_that_cannot_be_set_does_not_end_the_attempts) {
    harness_start(&harness);
    harness_await_dials(&harness, 1);
    agent_recheck(harness.agent); /* changes nothing while an attempt is under way */
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
    harness_call_without_timers(harness.settings.loop, refuse_first);
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_plane()->dial_count, 2);
    fake_gone(1, "connection refused");
    agent_recheck(harness.agent); /* does not get ahead of a timer that is set */
    ck_assert_uint_eq(fake_plane()->dial_count, 2);
    harness_await_dials(&harness, 3);
}
END_TEST

/* ---- the network is another ---- */

static void check_paths(void) {
    agent_check_paths(harness.agent, NETWORK_CHANGED);
}

/* A wait is a random part of an hour, so that no attempt of a test comes by itself. */
static void set_up_patient(void) {
    set_up_numeric();
    harness.settings.times.upstream.first_ms = harness.settings.times.upstream.longest_ms = 3600000;
    harness.settings.times.upstream.settled_ms = harness.settings.times.upstream.hurry_ms = 0;
}

START_TEST(after_a_lost_path_the_server_is_dialled_at_once) {
    harness_connect(&harness);
    fake_path_lost(0, "network changed: address 192.0.2.7 is gone");
    harness_await_dials(&harness, 2);
    ck_assert_logged("retry_ms=0");
    harness_make(&harness, NUMERIC);
}
END_TEST

START_TEST(a_session_that_was_lost_as_soon_as_it_was_made_waits) {
    harness.settings.times.upstream.settled_ms = 60000;
    harness_connect(&harness);
    fake_path_lost(0, "network changed: address 192.0.2.7 is gone");
    harness_await_dials(&harness, 1);
}
END_TEST

START_TEST(a_change_of_the_network_ends_the_wait_after_a_failure) {
    harness_start(&harness);
    harness_await_dials(&harness, 1);
    fake_gone(0, "network is unreachable");
    harness_await_dials(&harness, 1);
    check_paths();
    ck_assert_uint_eq(fake_plane()->path_checks, 1);
    ck_assert_uint_eq(fake_plane()->dial_count, 2);
    ck_assert_logged("network changed: connecting again");
    harness_make(&harness, NUMERIC);
}
END_TEST

static void on_time(evutil_socket_t fd, short what, void *has_passed) {
    (void)fd, (void)what;
    *(bool *)has_passed = true;
}

static bool is_set(void *flag) {
    return *(bool *)flag;
}

/* Longer than the agent waits: timers come in order. */
static void let_time_pass(void) {
    struct event_base *base = loop_base(harness.settings.loop);
    const struct timeval time = {.tv_usec = 20000};
    bool has_passed = false;

    ck_assert_int_eq(event_base_once(base, -1, EV_TIMEOUT, on_time, &has_passed, &time), 0);
    ck_assert(unit_run_until(base, is_set, &has_passed, 10000));
}

START_TEST(the_time_of_an_attempt_that_came_sooner_brings_no_second_one) {
    harness.settings.times.upstream.first_ms = harness.settings.times.upstream.longest_ms = 4;
    harness_start(&harness);
    fake_gone(0, "network is unreachable");
    check_paths();
    ck_assert_uint_eq(fake_plane()->dial_count, 2);
    let_time_pass();
    ck_assert_uint_eq(fake_plane()->dial_count, 2);
}
END_TEST

START_TEST(changes_of_the_network_bring_no_more_than_an_attempt_a_second) {
    harness.settings.times.upstream.hurry_ms = 60000;
    harness_start(&harness);
    fake_gone(0, "network is unreachable");
    for (int i = 0; i < 10; i++)
        check_paths();
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
}
END_TEST

START_TEST(a_change_of_the_network_does_not_shorten_the_wait_that_a_server_asked_for) {
    harness_start(&harness);
    fake_reject(0, REJECT_BUSY, "too many agents", 7);
    check_paths();
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
}
END_TEST

START_TEST(a_change_of_the_network_changes_nothing_for_a_session) {
    harness_connect(&harness);
    check_paths();
    harness_await_dials(&harness, 1);
    ck_assert(!harness_dial(0)->closed);
}
END_TEST

static TCase *network(void) {
    TCase *group = tcase_create("network");

    tcase_add_checked_fixture(group, set_up_patient, tear_down);
    tcase_add_test(group, after_a_lost_path_the_server_is_dialled_at_once);
    tcase_add_test(group, a_session_that_was_lost_as_soon_as_it_was_made_waits);
    tcase_add_test(group, a_change_of_the_network_ends_the_wait_after_a_failure);
    tcase_add_test(group, the_time_of_an_attempt_that_came_sooner_brings_no_second_one);
    tcase_add_test(group, changes_of_the_network_bring_no_more_than_an_attempt_a_second);
    tcase_add_test(group, a_change_of_the_network_does_not_shorten_the_wait_that_a_server_asked_for);
    tcase_add_test(group, a_change_of_the_network_changes_nothing_for_a_session);
    return group;
}

static TCase *refusals(void) {
    TCase *group = tcase_create("refusals");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, a_refused_connection_is_tried_for_ever);
    tcase_add_test(group, repeated_silent_closes_are_logged_as_a_probable_block);
    tcase_add_test(group, a_new_reason_is_logged_at_once);
    tcase_add_test(group, a_final_reject_before_any_session_ends_the_agent);
    tcase_add_test(group, a_passing_reject_is_tried_again);
    tcase_add_test(group, retry_after_is_honoured);
    tcase_add_test(group, retry_after_is_bounded);
    tcase_add_test(group, once_accepted_a_final_reject_is_tried_again_after_a_minute);
    tcase_add_test(group, a_handshake_that_is_cut_is_tried_again);
    tcase_add_test(group, a_wrong_clock_does_not_end_the_agent);
    tcase_add_test(group, what_needs_a_person_is_tried_ever_more_slowly);
    tcase_add_test(group, a_timer_that_cannot_be_set_does_not_end_the_attempts);
    return group;
}

static TCase *refusals_of_names(void) {
    TCase *group = tcase_create("refusals_of_names");

    tcase_add_checked_fixture(group, set_up_named, tear_down);
    tcase_add_test(group, a_final_reject_counts_for_all_addresses);
    tcase_add_test(group, a_bad_certificate_ends_the_agent_after_all_addresses);
    tcase_add_test(group, a_bad_certificate_on_one_address_does_not_matter_if_another_is_right);
    return group;
}

UNIT_MAIN("agent/upstream/upstream_retry", refusals, refusals_of_names, network)
