/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_bandwidth: limits of both directions, their burst, and references.
 */
#include "config.h"

#include "relay/bandwidth.h"
#include "unit.h"

START_TEST(each_direction_has_its_own_rate_and_the_same_burst) {
    struct bandwidth *bandwidth = bandwidth_new(&(struct bandwidth_limits){1000000, 2000000, 500000});
    ck_assert_uint_eq(token_bucket_rate(&bandwidth->ways[BANDWIDTH_IN]), 1000000);
    ck_assert_uint_eq(token_bucket_rate(&bandwidth->ways[BANDWIDTH_OUT]), 2000000);
    ck_assert_uint_eq(token_bucket_reserve(&bandwidth->ways[BANDWIDTH_IN], 500000, 1000), 1000);
    ck_assert_uint_eq(token_bucket_reserve(&bandwidth->ways[BANDWIDTH_IN], 1000, 1000), 2000);
    ck_assert_uint_eq(token_bucket_reserve(&bandwidth->ways[BANDWIDTH_OUT], 500000, 1000), 1000);
    bandwidth_release(bandwidth);
}
END_TEST

START_TEST(one_direction_with_a_rate_is_a_limit) {
    struct bandwidth *bandwidth = bandwidth_new(&(struct bandwidth_limits){.burst = 1000});
    ck_assert(!bandwidth_is_limited(NULL) && !bandwidth_is_limited(bandwidth));
    bandwidth_set(bandwidth, &(struct bandwidth_limits){.in = 1});
    ck_assert(bandwidth_is_limited(bandwidth));
    bandwidth_set(bandwidth, &(struct bandwidth_limits){.out = 1});
    ck_assert(bandwidth_is_limited(bandwidth));
    bandwidth_set(bandwidth, &(struct bandwidth_limits){0});
    ck_assert(!bandwidth_is_limited(bandwidth));
    bandwidth_release(bandwidth);
}
END_TEST

START_TEST(it_lives_until_the_last_reference_is_released) {
    struct bandwidth *bandwidth = bandwidth_new(&(struct bandwidth_limits){.in = 7});
    ck_assert_ptr_eq(bandwidth_hold(bandwidth), bandwidth);
    bandwidth_release(bandwidth);
    ck_assert(bandwidth_is_limited(bandwidth));
    bandwidth_release(bandwidth);
    ck_assert_ptr_null(bandwidth_hold(NULL));
    bandwidth_release(NULL);
}
END_TEST

START_TEST(labels_are_those_of_metrics) {
    ck_assert_str_eq(bandwidth_scope_label(BANDWIDTH_SERVICE), "service");
    ck_assert_str_eq(bandwidth_scope_label(BANDWIDTH_SOURCE), "source");
    ck_assert_str_eq(bandwidth_scope_label(BANDWIDTH_AGENT), "agent");
    ck_assert_str_eq(bandwidth_way_label(BANDWIDTH_IN), "in");
    ck_assert_str_eq(bandwidth_way_label(BANDWIDTH_OUT), "out");
}
END_TEST

static TCase *bandwidths(void) {
    TCase *group = tcase_create("bandwidths");
    tcase_add_test(group, each_direction_has_its_own_rate_and_the_same_burst);
    tcase_add_test(group, one_direction_with_a_rate_is_a_limit);
    tcase_add_test(group, it_lives_until_the_last_reference_is_released);
    tcase_add_test(group, labels_are_those_of_metrics);
    return group;
}

UNIT_MAIN("relay/bandwidth", bandwidths)
