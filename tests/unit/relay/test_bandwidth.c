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

enum { RATE = 1000000, BURST = 100000, DATAGRAM = 1000, SECONDS = 10 };

/* So many datagrams pass that are tried each 100 us, while TCP reserves ahead, or does not. */
static uint64_t passed(struct bandwidth *bandwidth, bool is_shared, bool has_tcp) {
    uint64_t bytes = 0, tcp_at_us = 0;
    for (uint64_t now_us = 1000000; now_us < 1000000 * (SECONDS + 1); now_us += 100) {
        while (has_tcp && tcp_at_us <= now_us)
            tcp_at_us = token_bucket_reserve(&bandwidth->ways[BANDWIDTH_OUT], 20000, now_us);
        bytes += bandwidth_take_datagram(bandwidth, BANDWIDTH_OUT, is_shared, DATAGRAM, now_us) ? DATAGRAM : 0;
    }
    return bytes;
}

START_TEST(datagrams_have_all_of_the_rate_or_half_beside_tcp) {
    for (int has_tcp = 0; has_tcp < 2; has_tcp++) {
        struct bandwidth *bandwidth = bandwidth_new(&(struct bandwidth_limits){.out = RATE, .burst = BURST});
        uint64_t bytes = passed(bandwidth, true, has_tcp), rate = has_tcp ? RATE / 2 : RATE;
        ck_assert_uint_ge(bytes, SECONDS * rate - DATAGRAM);
        ck_assert_uint_le(bytes, SECONDS * rate + 3 * BURST);
        bandwidth_release(bandwidth);
    }
}
END_TEST

START_TEST(what_does_not_pass_takes_nothing) {
    struct bandwidth *bandwidth = bandwidth_new(&(struct bandwidth_limits){.in = RATE, .burst = BURST});
    const struct token_bucket *own = &bandwidth->datagrams[BANDWIDTH_IN];
    ck_assert(bandwidth_take_datagram(bandwidth, BANDWIDTH_IN, false, BURST, 1000));
    ck_assert(!bandwidth_take_datagram(bandwidth, BANDWIDTH_IN, false, DATAGRAM, 1000));
    ck_assert(token_bucket_is_full(own, 0));
    ck_assert(bandwidth_take_datagram(bandwidth, BANDWIDTH_IN, true, BURST, 1000));
    ck_assert(!bandwidth_take_datagram(bandwidth, BANDWIDTH_IN, true, DATAGRAM, 1000));
    bandwidth_give_back(bandwidth, BANDWIDTH_IN, BURST);
    ck_assert(bandwidth_take_datagram(bandwidth, BANDWIDTH_IN, false, DATAGRAM, 1000 + DATAGRAM));
    bandwidth_set(bandwidth, &(struct bandwidth_limits){0});
    ck_assert(bandwidth_take_datagram(bandwidth, BANDWIDTH_IN, true, 10 * BURST, 1000));
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
    tcase_add_test(group, datagrams_have_all_of_the_rate_or_half_beside_tcp);
    tcase_add_test(group, what_does_not_pass_takes_nothing);
    tcase_add_test(group, it_lives_until_the_last_reference_is_released);
    tcase_add_test(group, labels_are_those_of_metrics);
    return group;
}

UNIT_MAIN("relay/bandwidth", bandwidths)
