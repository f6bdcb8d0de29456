/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_token_bucket: a limit is met to the byte whoever shares it, however late they come, and a burst is what it is
 * said to be. The time is the test's.
 */
#include "config.h"

#include "lib/base/token_bucket.h"
#include "unit.h"

#include <pthread.h>

enum { SECOND = 1000000, RATE = 1000000, BURST = RATE / TOKEN_BUCKET_BURSTS, THREADS = 4, EACH = 20000 };

static const uint64_t start_us = 5000ull * SECOND;

/* So much passes until then to one that takes what it may, `late_us` after it may. */
static uint64_t drain(struct token_bucket *bucket, uint64_t from_us, uint64_t until_us, unsigned late_us) {
    uint64_t passed = 0, at_us = from_us;
    for (;;) {
        size_t slice = token_bucket_slice(bucket, at_us);
        uint64_t due_us = token_bucket_reserve(bucket, slice, at_us);
        if (due_us > at_us)
            at_us = due_us + late_us;
        if (at_us > until_us) {
            token_bucket_give_back(bucket, slice);
            return passed;
        }
        passed += slice;
    }
}

/* ---- the rate ---- */

START_TEST(without_a_rate_there_is_no_limit) {
    struct token_bucket bucket = {0};
    ck_assert_uint_eq(token_bucket_slice(&bucket, start_us), SIZE_MAX);
    ck_assert_uint_eq(token_bucket_reserve(&bucket, SIZE_MAX, start_us), start_us);
    ck_assert_uint_eq(token_bucket_reserve(&bucket, SIZE_MAX, start_us), start_us);
}
END_TEST

START_TEST(ten_seconds_have_ten_times_the_rate_and_one_burst) {
    struct token_bucket bucket = {0};
    token_bucket_set(&bucket, RATE, 0);
    size_t slice = token_bucket_slice(&bucket, start_us);
    uint64_t passed = drain(&bucket, start_us, start_us + 10 * SECOND, 0);
    ck_assert_uint_le(passed, 10 * RATE + BURST);
    ck_assert_uint_ge(passed, 10 * RATE + BURST - slice);
}
END_TEST

START_TEST(timers_that_are_late_lose_nothing) {
    struct token_bucket bucket = {0};
    token_bucket_set(&bucket, RATE, 0);
    size_t slice = token_bucket_slice(&bucket, start_us);
    uint64_t passed = drain(&bucket, start_us, start_us + 10 * SECOND, 3000);
    ck_assert_uint_le(passed, 10 * RATE + BURST);
    ck_assert_uint_ge(passed, 10 * RATE + BURST - 2 * slice);
}
END_TEST

START_TEST(each_rate_is_met) {
    static const uint64_t rates[] = {1, 100, 5000, 123457, 99999999, 4294967295};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct token_bucket bucket = {0};
        uint64_t seconds = rates[i] < 1000 ? 1000000 : 100;
        token_bucket_set(&bucket, rates[i], 0);
        size_t slice = token_bucket_slice(&bucket, start_us);
        uint64_t passed = drain(&bucket, start_us, start_us + seconds * SECOND, 0);
        uint64_t wanted = rates[i] * seconds, most = wanted + rates[i] / 10 + 2 * slice;
        ck_assert_uint_ge(passed + slice + wanted / 1000, wanted);
        ck_assert_uint_le(passed, most + wanted / 1000);
    }
}
END_TEST

START_TEST(what_was_given_back_may_pass) {
    struct token_bucket bucket = {0};
    token_bucket_set(&bucket, RATE, 0);
    for (int i = 0; i < 1000; i++) {
        ck_assert_uint_eq(token_bucket_reserve(&bucket, 20000, start_us), start_us);
        token_bucket_give_back(&bucket, 20000);
    }
    ck_assert_uint_eq(token_bucket_reserve(&bucket, BURST, start_us), start_us);
    ck_assert_uint_gt(token_bucket_reserve(&bucket, 1, start_us), start_us);
}
END_TEST

static TCase *rate(void) {
    TCase *group = tcase_create("rate");
    tcase_add_test(group, without_a_rate_there_is_no_limit);
    tcase_add_test(group, ten_seconds_have_ten_times_the_rate_and_one_burst);
    tcase_add_test(group, timers_that_are_late_lose_nothing);
    tcase_add_test(group, each_rate_is_met);
    tcase_add_test(group, what_was_given_back_may_pass);
    return group;
}

/* ---- the burst ---- */

static uint64_t pass_at_once(struct token_bucket *bucket, uint64_t now_us) {
    uint64_t passed = 0;
    while (token_bucket_reserve(bucket, 1000, now_us) == now_us)
        passed += 1000;
    token_bucket_give_back(bucket, 1000);
    return passed;
}

START_TEST(a_burst_passes_at_once_and_again_after_a_pause) {
    struct token_bucket bucket = {0};
    token_bucket_set(&bucket, RATE, 300000);
    ck_assert_uint_eq(pass_at_once(&bucket, start_us), 300000);
    ck_assert_uint_eq(pass_at_once(&bucket, start_us), 0);
    ck_assert_uint_eq(pass_at_once(&bucket, start_us + SECOND / 10), 100000);
    ck_assert_uint_eq(pass_at_once(&bucket, start_us + 100 * SECOND), 300000);
}
END_TEST

START_TEST(a_burst_of_less_than_two_slices_is_two) {
    struct token_bucket bucket = {0};
    token_bucket_set(&bucket, RATE, 1);
    ck_assert_uint_eq(pass_at_once(&bucket, start_us), RATE / TOKEN_BUCKET_SLICES * 2);
}
END_TEST

static TCase *burst(void) {
    TCase *group = tcase_create("burst");
    tcase_add_test(group, a_burst_passes_at_once_and_again_after_a_pause);
    tcase_add_test(group, a_burst_of_less_than_two_slices_is_two);
    return group;
}

/* ---- a change ---- */

START_TEST(a_slower_rate_holds_from_now_on) {
    struct token_bucket bucket = {0};
    token_bucket_set(&bucket, RATE, 0);
    (void)drain(&bucket, start_us, start_us + SECOND, 0);
    token_bucket_set(&bucket, RATE / 10, 0);
    ck_assert_uint_eq(token_bucket_changes(&bucket), 2);
    uint64_t passed = drain(&bucket, start_us + SECOND, start_us + 11 * SECOND, 0);
    ck_assert_uint_ge(passed, RATE);
    ck_assert_uint_le(passed, RATE + BURST / 10);
}
END_TEST

START_TEST(a_faster_rate_does_not_wait_for_what_was_reserved_at_a_slow_one) {
    struct token_bucket bucket = {0};
    token_bucket_set(&bucket, 1, 0);
    for (int i = 0; i < 100; i++)
        (void)token_bucket_reserve(&bucket, TOKEN_BUCKET_SLICE_MOST, start_us);
    token_bucket_set(&bucket, RATE, 0);
    ck_assert_uint_eq(token_bucket_reserve(&bucket, BURST, start_us), start_us);
    token_bucket_set(&bucket, 0, 0);
    ck_assert_uint_eq(token_bucket_reserve(&bucket, SIZE_MAX, start_us), start_us);
}
END_TEST

START_TEST(giving_back_at_a_slower_rate_takes_no_more_than_there_is) {
    struct token_bucket bucket = {0};
    token_bucket_set(&bucket, RATE, 0);
    (void)token_bucket_reserve(&bucket, TOKEN_BUCKET_SLICE_MOST, SECOND);
    token_bucket_set(&bucket, 1, 0);
    token_bucket_give_back(&bucket, TOKEN_BUCKET_SLICE_MOST);
    ck_assert_uint_eq(token_bucket_reserve(&bucket, 1, SECOND), SECOND);
}
END_TEST

START_TEST(what_has_not_changed_keeps_what_was_reserved) {
    struct token_bucket bucket = {0};
    token_bucket_set(&bucket, RATE, 0);
    (void)pass_at_once(&bucket, start_us);
    token_bucket_set(&bucket, RATE, 0);
    ck_assert_uint_eq(token_bucket_changes(&bucket), 1);
    ck_assert_uint_eq(pass_at_once(&bucket, start_us), 0);
}
END_TEST

static TCase *change(void) {
    TCase *group = tcase_create("change");
    tcase_add_test(group, a_slower_rate_holds_from_now_on);
    tcase_add_test(group, a_faster_rate_does_not_wait_for_what_was_reserved_at_a_slow_one);
    tcase_add_test(group, giving_back_at_a_slower_rate_takes_no_more_than_there_is);
    tcase_add_test(group, what_has_not_changed_keeps_what_was_reserved);
    return group;
}

/* ---- many ---- */

START_TEST(those_who_wait_are_served_in_the_order_in_which_they_came) {
    struct token_bucket bucket = {0};
    uint64_t last_us = 0;
    token_bucket_set(&bucket, RATE, 0);
    (void)pass_at_once(&bucket, start_us);
    for (unsigned i = 1; i <= 50; i++) {
        uint64_t due_us = token_bucket_reserve(&bucket, 20000, start_us);
        ck_assert_uint_gt(due_us, last_us);
        ck_assert_uint_eq(due_us, start_us + i * 20000);
        last_us = due_us;
    }
}
END_TEST

START_TEST(where_many_wait_slices_are_smaller) {
    struct token_bucket bucket = {0};
    token_bucket_set(&bucket, RATE, 0);
    size_t alone = token_bucket_slice(&bucket, start_us);
    (void)token_bucket_reserve(&bucket, BURST, start_us);
    ck_assert_uint_eq(token_bucket_slice(&bucket, start_us), alone);
    for (int i = 0; i < 10; i++)
        (void)token_bucket_reserve(&bucket, alone, start_us);
    ck_assert_uint_eq(token_bucket_slice(&bucket, start_us), TOKEN_BUCKET_SLICE_SHARED);
    ck_assert_uint_eq(token_bucket_slice(&bucket, start_us + SECOND), alone);
}
END_TEST

static void *reserve_many(void *context) {
    for (int i = 0; i < EACH; i++) {
        (void)token_bucket_reserve(context, 1000, start_us);
        if (i % 4 == 0)
            token_bucket_give_back(context, 1000);
    }
    return NULL;
}

START_TEST(threads_that_share_it_lose_no_byte) {
    struct token_bucket bucket = {0};
    pthread_t threads[THREADS];
    const uint64_t kept = (uint64_t)THREADS * EACH * 3 / 4 * 1000;
    token_bucket_set(&bucket, RATE, 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reserve_many, &bucket), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    uint64_t due_us = token_bucket_reserve(&bucket, BURST, start_us);
    ck_assert_uint_eq(due_us, start_us + kept); /* a microsecond a byte */
}
END_TEST

static TCase *many(void) {
    TCase *group = tcase_create("many");
    tcase_add_test(group, those_who_wait_are_served_in_the_order_in_which_they_came);
    tcase_add_test(group, where_many_wait_slices_are_smaller);
    tcase_add_test(group, threads_that_share_it_lose_no_byte);
    return group;
}

UNIT_MAIN("lib/base/token_bucket", rate, burst, change, many)
