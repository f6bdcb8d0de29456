/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_histogram: times go into the bucket whose bounds they lie between, and sums and quantiles are those of the
 * times.
 */
#include "config.h"

#include "lib/base/histogram.h"
#include "unit.h"

enum { SECOND = 1000000, SAMPLES = 10000 };

/* ---- buckets ---- */

START_TEST(each_bound_belongs_to_its_bucket_and_the_next_microsecond_to_the_next) {
    for (unsigned i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        ck_assert_uint_eq(histogram_bucket(histogram_bound_us(i)), i);
        ck_assert_uint_eq(histogram_bucket(histogram_bound_us(i) + 1), i + 1);
    }
}
END_TEST

START_TEST(bounds_grow_by_half_units_of_their_decade) {
    static const uint64_t bounds[] = {100, 150, 200, 250, 300, 350, 400, 450, 500, 550, 600};
    for (unsigned i = 0; i < sizeof bounds / sizeof *bounds; i++)
        ck_assert_uint_eq(histogram_bound_us(i), bounds[i]);
    ck_assert_uint_eq(histogram_bound_us(18), 1000);
    ck_assert_uint_eq(histogram_bound_us(19), 1500);
    ck_assert_uint_eq(histogram_bound_us(HISTOGRAM_BUCKETS - 2), 100000ull * SECOND);
    ck_assert_uint_eq(histogram_bound_us(HISTOGRAM_BUCKETS - 1), UINT64_MAX);
}
END_TEST

START_TEST(no_time_is_too_short_or_too_long) {
    ck_assert_uint_eq(histogram_bucket(0), 0);
    ck_assert_uint_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
    ck_assert_uint_eq(histogram_bucket(UINT64_MAX / 10), HISTOGRAM_BUCKETS - 1);
}
END_TEST

static TCase *buckets(void) {
    TCase *group = tcase_create("buckets");
    tcase_add_test(group, each_bound_belongs_to_its_bucket_and_the_next_microsecond_to_the_next);
    tcase_add_test(group, bounds_grow_by_half_units_of_their_decade);
    tcase_add_test(group, no_time_is_too_short_or_too_long);
    return group;
}

/* ---- sums ---- */

START_TEST(sum_of_two_has_all_of_both) {
    struct histogram a = {0}, b = {0};
    struct histogram_sum sum = {0};
    histogram_add(&a, 1000);
    histogram_add(&a, 3 * SECOND);
    histogram_add(&b, 1000);
    histogram_sum_add(&sum, &a);
    histogram_sum_add(&sum, &b);
    ck_assert_uint_eq(sum.count, 3);
    ck_assert_uint_eq(sum.sum_us, 3 * SECOND + 2000);
    ck_assert_uint_eq(sum.buckets[histogram_bucket(1000)], 2);
    ck_assert_uint_eq(sum.buckets[histogram_bucket(3 * SECOND)], 1);
}
END_TEST

START_TEST(what_came_since_is_the_difference) {
    struct histogram histogram = {0};
    struct histogram_sum before = {0}, now = {0};
    histogram_add(&histogram, 1000);
    histogram_sum_add(&before, &histogram);
    histogram_add(&histogram, 2000);
    histogram_sum_add(&now, &histogram);
    struct histogram_sum since = histogram_sum_since(&now, &before);
    ck_assert_uint_eq(since.count, 1);
    ck_assert_uint_eq(since.sum_us, 2000);
    ck_assert_uint_eq(since.buckets[histogram_bucket(1000)], 0);
    ck_assert_uint_eq(since.buckets[histogram_bucket(2000)], 1);
}
END_TEST

static TCase *sums(void) {
    TCase *group = tcase_create("sums");
    tcase_add_test(group, sum_of_two_has_all_of_both);
    tcase_add_test(group, what_came_since_is_the_difference);
    return group;
}

/* ---- quantiles ---- */

START_TEST(quantile_of_nothing_is_zero) {
    struct histogram_sum sum = {0};
    ck_assert_uint_eq(histogram_quantile(&sum, 0.99), 0);
}
END_TEST

START_TEST(quantile_of_equal_times_lies_in_their_bucket) {
    struct histogram histogram = {0};
    struct histogram_sum sum = {0};
    for (int i = 0; i < 10; i++)
        histogram_add(&histogram, 7200);
    histogram_sum_add(&sum, &histogram);
    for (int q = 0; q <= 100; q++) {
        uint64_t us = histogram_quantile(&sum, q / 100.0);
        ck_assert_uint_ge(us, 7000);
        ck_assert_uint_le(us, 7500);
    }
}
END_TEST

START_TEST(quantiles_of_evenly_spread_times_are_right_to_a_bucket) {
    struct histogram histogram = {0};
    struct histogram_sum sum = {0};
    for (uint64_t i = 1; i <= SAMPLES; i++)
        histogram_add(&histogram, i * 100);
    histogram_sum_add(&sum, &histogram);
    for (int q = 1; q <= 99; q++) {
        uint64_t right = SAMPLES * (uint64_t)q, us = histogram_quantile(&sum, q / 100.0);
        ck_assert_uint_ge(us, right - right / 20);
        ck_assert_uint_le(us, right + right / 20);
    }
}
END_TEST

START_TEST(quantile_beyond_the_last_bound_is_that_bound) {
    struct histogram histogram = {0};
    struct histogram_sum sum = {0};
    histogram_add(&histogram, UINT64_MAX / 2);
    histogram_sum_add(&sum, &histogram);
    ck_assert_uint_eq(histogram_quantile(&sum, 0.5), 100000ull * SECOND);
}
END_TEST

static TCase *quantiles(void) {
    TCase *group = tcase_create("quantiles");
    tcase_add_test(group, quantile_of_nothing_is_zero);
    tcase_add_test(group, quantile_of_equal_times_lies_in_their_bucket);
    tcase_add_test(group, quantiles_of_evenly_spread_times_are_right_to_a_bucket);
    tcase_add_test(group, quantile_beyond_the_last_bound_is_that_bound);
    return group;
}

UNIT_MAIN("lib/base/histogram", buckets, sums, quantiles)
