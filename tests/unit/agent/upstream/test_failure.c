/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_failure: which failure of an attempt counts, and the waits between attempts. test_upstream_retry.c has what the
 * log gets of it.
 */
#include "config.h"

#include "agent/upstream/failure.h"
#include "unit.h"

#include <string.h>

START_TEST(the_weightiest_failure_of_an_attempt_counts) {
    struct failure failure = {0};

    failure_note(&failure, FAILURE_PASSING, NULL, "first");
    failure_note(&failure, FAILURE_LASTING, NULL, "clock");
    failure_note(&failure, FAILURE_PASSING, NULL, "refused");
    ck_assert_int_eq(failure.weight, FAILURE_LASTING);
    ck_assert_str_eq(failure.detail, "clock");
    failure_note(&failure, FAILURE_LASTING, NULL, "later"); /* of two that weigh the same, the later */
    ck_assert_str_eq(failure.detail, "later");
}
END_TEST

START_TEST(a_long_reason_is_cut) {
    struct failure failure = {0};
    char text[2 * FAILURE_DETAIL];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    failure_note(&failure, FAILURE_PASSING, NULL, "%s", text);
    ck_assert_uint_eq(strlen(failure.detail), FAILURE_DETAIL - 1);
}
END_TEST

START_TEST(how_a_link_ended_decides_how_final_that_is) {
    static const struct {
        bool tls_failed, untrusted;
        enum failure_weight weight;
    } cases[] = {{false, false, FAILURE_PASSING}, {true, false, FAILURE_LASTING}, {true, true, FAILURE_FINAL}};
    struct failure failure = {0};
    struct link_end end = {.tls_failed = cases[_i].tls_failed,
                           .untrusted = cases[_i].untrusted,
                           .received_nothing = true,
                           .detail = "cut"};

    failure_note_end(&failure, &end, NULL);
    ck_assert_int_eq(failure.weight, cases[_i].weight);
    ck_assert(failure.received_nothing);
    ck_assert_ptr_nonnull(strstr(failure.detail, ": cut"));
}
END_TEST

START_TEST(a_proxy_is_named_when_it_is_what_failed) {
    static const struct proxy proxy = {.text = "http://p:3128"};
    struct failure failure = {0};
    struct link_end end = {.proxy_fault = PROXY_FAULT_CANNOT_CONNECT,
                           .received_nothing = true,
                           .detail = "proxy p:3128: answered 502 Bad Gateway"};

    failure_note_end(&failure, &end, &proxy);
    ck_assert_str_eq(failure.detail, end.detail);
    ck_assert_str_eq(failure.remedy, proxy_fault_remedy(PROXY_FAULT_CANNOT_CONNECT));
    ck_assert_int_eq(failure.weight, FAILURE_PASSING);
    ck_assert(!failure.received_nothing); /* the server has nothing to do with it */
    end.proxy_fault = PROXY_FAULT_AUTHENTICATION;
    failure_note_end(&failure, &end, &proxy);
    ck_assert_int_eq(failure.weight, FAILURE_LASTING); /* a wrong password is not sent each second */
    failure = (struct failure){0};
    end = (struct link_end){.tls_failed = true, .detail = "no TLS"};
    failure_note_end(&failure, &end, &proxy);
    ck_assert_str_eq(failure.detail, "by proxy http://p:3128: no TLS");
}
END_TEST

START_TEST(a_reject_names_its_reason_and_its_wait_is_bounded) {
    struct failure failure = {0};
    struct reject reject = {.code = REJECT_BUSY, .reason = "too many agents", .retry_after_s = UINT64_MAX};

    failure_note_reject(&failure, &reject);
    ck_assert_int_eq(failure.weight, FAILURE_PASSING);
    ck_assert_uint_eq(failure.retry_after_ms, 600000);
    ck_assert_ptr_nonnull(strstr(failure.detail, "too many agents"));
    reject.retry_after_s = 1; /* of another address: the longer wait stays */
    failure_note_reject(&failure, &reject);
    ck_assert_uint_eq(failure.retry_after_ms, 600000);
}
END_TEST

/* ---- waits ---- */

enum { NO_JITTER = 0 };

START_TEST(waits_double_up_to_the_longest) {
    struct backoff backoff = {.first_ms = 1000, .longest_ms = 5000};

    ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 1000);
    ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 2000);
    ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 4000);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 5000);
}
END_TEST

START_TEST(first_wait_is_spread_from_nothing_to_a_second) {
    struct backoff backoff = {.first_ms = 1000, .longest_ms = 5000};

    ck_assert_uint_eq(backoff_next(&backoff, UINT32_MAX), 0);
    backoff_reset(&backoff);
    ck_assert_uint_eq(backoff_next(&backoff, UINT32_MAX / 2), 500);
}
END_TEST

START_TEST(jitter_takes_away_a_quarter_and_never_adds) {
    struct backoff backoff = {.first_ms = 1000, .longest_ms = 5000, .failures = 3};

    ck_assert_uint_eq(backoff_next(&backoff, UINT32_MAX), 3750);
    for (uint32_t random = 0; random < UINT32_MAX - 0x1000000; random += 0x1000000)
        ck_assert_uint_le(backoff_next(&backoff, random), 5000);
}
END_TEST

START_TEST(success_begins_again) {
    struct backoff backoff = {.first_ms = 1000, .longest_ms = 5000, .failures = 7};

    backoff_reset(&backoff);
    ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 1000);
}
END_TEST

START_TEST(a_short_longest_bounds_the_first_too) {
    struct backoff backoff = {.first_ms = 1000, .longest_ms = 300};

    ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 300);
    ck_assert_uint_eq(backoff_next(&backoff, NO_JITTER), 300);
}
END_TEST

static TCase *failures(void) {
    TCase *group = tcase_create("failures");

    tcase_add_test(group, the_weightiest_failure_of_an_attempt_counts);
    tcase_add_test(group, a_long_reason_is_cut);
    tcase_add_loop_test(group, how_a_link_ended_decides_how_final_that_is, 0, 3);
    tcase_add_test(group, a_proxy_is_named_when_it_is_what_failed);
    tcase_add_test(group, a_reject_names_its_reason_and_its_wait_is_bounded);
    tcase_add_test(group, waits_double_up_to_the_longest);
    tcase_add_test(group, first_wait_is_spread_from_nothing_to_a_second);
    tcase_add_test(group, jitter_takes_away_a_quarter_and_never_adds);
    tcase_add_test(group, success_begins_again);
    tcase_add_test(group, a_short_longest_bounds_the_first_too);
    return group;
}

UNIT_MAIN("agent/upstream/failure", failures)
