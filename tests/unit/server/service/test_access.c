/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_access: which addresses a service takes, and how many clients of each.
 */
#include "config.h"

#include "relay/plane.h"
#include "server/service/access.h"
#include "unit.h"

#include <stdio.h>

static struct addr host(const char *text) {
    struct endpoint endpoint;
    struct addr addr;
    struct error error;

    ck_assert_int_eq(endpoint_parse(&endpoint, text, &error), 0);
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

static struct access *make(const struct service_config *conf) {
    struct error error;
    struct access *access = access_new(conf, &error);

    ck_assert_msg(access, "%s", error.text);
    return access;
}

START_TEST(denied_addresses_stay_out_whatever_is_allowed) {
    struct service_config conf = {0};
    struct addr inside = host("10.1.2.3:1"), denied = host("10.9.9.9:1"), outside = host("192.0.2.1:1");
    struct addr mapped = host("[::ffff:10.9.9.9]:1"); /* how a listener on [::] sees an IPv4 client */

    strlist_add(&conf.allow, "10.0.0.0/8");
    strlist_add(&conf.deny, "10.9.0.0/16");
    struct access *access = make(&conf);
    ck_assert_int_eq(access_judge(access, &inside, 0), ACCESS_ADMITTED);
    ck_assert_int_ne(access_judge(access, &denied, 0), ACCESS_ADMITTED);
    ck_assert_int_ne(access_judge(access, &mapped, 0), ACCESS_ADMITTED);
    ck_assert_int_ne(access_judge(access, &outside, 0), ACCESS_ADMITTED);
    ck_assert_uint_eq(access_sources(access), 0); /* without a limit none is counted */
    access_free(access);
    strlist_done(&conf.allow);
    strlist_done(&conf.deny);
}
END_TEST

/* They have no address that a list could name; the modes of the socket's folder keep others out. */
START_TEST(lists_do_not_concern_unix_sockets) {
    struct service_config conf = {0};
    struct addr local = host("unix:/tmp/x");

    strlist_add(&conf.allow, "10.0.0.0/8");
    strlist_add(&conf.deny, "*");
    struct access *access = make(&conf);
    ck_assert_int_eq(access_judge(access, &local, 0), ACCESS_ADMITTED);
    access_free(access);
    strlist_done(&conf.allow);
    strlist_done(&conf.deny);
}
END_TEST

START_TEST(ipv6_network_of_64_bits_is_one_source) {
    struct service_config conf = {.max_per_source = 1};
    struct addr one = host("[2001:db8::1]:1"), same = host("[2001:db8::2]:1"), other = host("[2001:db8:0:1::1]:1");
    struct access *access = make(&conf);

    ck_assert_int_eq(access_judge(access, &one, 0), ACCESS_ADMITTED);
    ck_assert_int_ne(access_judge(access, &same, 0), ACCESS_ADMITTED);
    ck_assert_int_eq(access_judge(access, &other, 0), ACCESS_ADMITTED);
    access_left(access, &one);
    ck_assert_int_eq(access_judge(access, &same, 0), ACCESS_ADMITTED);
    access_free(access);
}
END_TEST

START_TEST(malformed_pattern_is_an_error) {
    struct service_config conf = {0};
    struct error error = {""};

    strlist_add(&conf.allow, "10.0.0.0/99");
    ck_assert_ptr_null(access_new(&conf, &error));
    ck_assert_str_ne(error.text, "");
    strlist_done(&conf.allow);
}
END_TEST

START_TEST(clients_of_one_address_are_limited) {
    struct service_config conf = {.max_per_source = 2};
    struct addr one = host("10.1.2.3:1"), same = host("10.1.2.3:2"), other = host("10.1.2.4:1");
    struct access *access = make(&conf);

    ck_assert_int_eq(access_judge(access, &one, 0), ACCESS_ADMITTED);
    ck_assert_int_eq(access_judge(access, &same, 0), ACCESS_ADMITTED);
    ck_assert_int_ne(access_judge(access, &one, 0), ACCESS_ADMITTED);
    ck_assert_int_eq(access_judge(access, &other, 0), ACCESS_ADMITTED);
    access_left(access, &same);
    ck_assert_int_eq(access_judge(access, &one, 0), ACCESS_ADMITTED);
    access_free(access);
}
END_TEST

/* A client that comes again does not find its burst whole. */
START_TEST(bandwidth_of_an_address_is_kept_while_it_is_used_up) {
    const struct service_config conf = {.source_bandwidth = {.in = 1000, .burst = 50000}};
    struct access *access = make(&conf);
    struct addr one = host("10.0.0.1:1");
    const uint64_t now_us = 1000000000;

    ck_assert_int_eq(access_judge(access, &one, now_us), ACCESS_ADMITTED);
    struct bandwidth *used = access_bandwidth(access, &one);
    ck_assert_uint_eq(token_bucket_reserve(&used->ways[BANDWIDTH_IN], 50000, now_us), now_us);
    access_left(access, &one);
    access_tick(access, now_us + 49 * 1000000);
    struct bandwidth *again = access_bandwidth(access, &one);
    ck_assert_ptr_eq(again, used);
    access_tick(access, now_us + 51 * 1000000);
    ck_assert_uint_eq(access_sources(access), 0);
    bandwidth_release(used);
    bandwidth_release(again);
    access_free(access);
}
END_TEST

START_TEST(clients_of_one_address_share_a_bandwidth_that_a_reload_changes) {
    struct service_config conf = {.source_bandwidth = {.in = 1000}}, changed = {.source_bandwidth = {.out = 5}};
    struct addr one = host("10.1.2.3:1"), same = host("10.1.2.3:2"), other = host("10.1.2.4:1");
    struct access *access = make(&conf), *next = make(&changed);

    ck_assert(access_counts(access));
    ck_assert_ptr_null(access_bandwidth(access, &one));
    ck_assert_int_eq(access_judge(access, &one, 0), ACCESS_ADMITTED);
    ck_assert_int_eq(access_judge(access, &other, 0), ACCESS_ADMITTED);
    struct bandwidth *of_one = access_bandwidth(access, &one), *of_same = access_bandwidth(access, &same),
                     *of_other = access_bandwidth(access, &other);
    ck_assert_ptr_eq(of_one, of_same);
    ck_assert_ptr_ne(of_one, of_other);
    ck_assert_uint_eq(token_bucket_rate(&of_one->ways[BANDWIDTH_IN]), 1000);
    access_take_over(next, access);
    ck_assert_uint_eq(token_bucket_rate(&of_one->ways[BANDWIDTH_IN]), 0);
    ck_assert_uint_eq(token_bucket_rate(&of_one->ways[BANDWIDTH_OUT]), 5);
    access_free(access);
    access_free(next);
    ck_assert_uint_eq(token_bucket_rate(&of_other->ways[BANDWIDTH_OUT]), 5); /* a relay has it still */
    bandwidth_release(of_one);
    bandwidth_release(of_same);
    bandwidth_release(of_other);
}
END_TEST

START_TEST(rate_is_per_second_and_address) {
    struct service_config conf = {.max_rate = 2};
    struct addr one = host("10.1.2.3:1"), other = host("10.1.2.4:1");
    struct access *access = make(&conf);

    for (uint64_t second = 0; second < 3; second++) {
        ck_assert_int_eq(access_judge(access, &one, second * 1000000), ACCESS_ADMITTED);
        ck_assert_int_eq(access_judge(access, &one, second * 1000000 + 500000), ACCESS_ADMITTED);
        ck_assert_int_ne(access_judge(access, &one, second * 1000000 + 999999), ACCESS_ADMITTED);
        ck_assert_int_eq(access_judge(access, &other, second * 1000000), ACCESS_ADMITTED);
    }
    access_free(access);
}
END_TEST

START_TEST(sources_without_clients_are_freed_after_their_second) {
    struct service_config conf = {.max_rate = 1};
    struct addr gone = host("10.1.2.3:1"), here = host("10.1.2.4:1");
    struct access *access = make(&conf);

    ck_assert_int_eq(access_judge(access, &gone, 0), ACCESS_ADMITTED);
    ck_assert_int_eq(access_judge(access, &here, 0), ACCESS_ADMITTED);
    access_left(access, &gone);
    access_tick(access, 0); /* its second is not over */
    ck_assert_uint_eq(access_sources(access), 2);
    access_tick(access, 1000000);
    ck_assert_uint_eq(access_sources(access), 1);
    access_free(access);
}
END_TEST

/* The table grows, and another configuration takes it over. */
START_TEST(each_of_many_sources_is_found_again) {
    enum { MANY = 2000 };
    struct service_config conf = {.max_per_source = 1};
    struct access *access = make(&conf), *next = make(&conf);
    char text[24];

    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            snprintf(text, sizeof text, "10.0.%u.%u:1", i >> 8, i & 255);
            struct addr peer = host(text);
            ck_assert_int_eq(access_judge(access, &peer, 0), round ? ACCESS_MAX_PER_SOURCE : ACCESS_ADMITTED);
        }
    }
    access_take_over(next, access);
    access_free(access);
    ck_assert_uint_eq(access_sources(next), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "10.0.%u.%u:1", i >> 8, i & 255);
        struct addr peer = host(text);
        ck_assert_int_eq(access_judge(next, &peer, 0), ACCESS_MAX_PER_SOURCE);
        access_left(next, &peer);
    }
    access_tick(next, 5000000);
    ck_assert_uint_eq(access_sources(next), 0);
    access_free(next);
}
END_TEST

static TCase *rules(void) {
    TCase *group = tcase_create("rules");

    tcase_add_test(group, denied_addresses_stay_out_whatever_is_allowed);
    tcase_add_test(group, lists_do_not_concern_unix_sockets);
    tcase_add_test(group, ipv6_network_of_64_bits_is_one_source);
    tcase_add_test(group, malformed_pattern_is_an_error);
    tcase_add_test(group, clients_of_one_address_are_limited);
    tcase_add_test(group, bandwidth_of_an_address_is_kept_while_it_is_used_up);
    tcase_add_test(group, clients_of_one_address_share_a_bandwidth_that_a_reload_changes);
    tcase_add_test(group, rate_is_per_second_and_address);
    tcase_add_test(group, sources_without_clients_are_freed_after_their_second);
    tcase_add_test(group, each_of_many_sources_is_found_again);
    return group;
}

UNIT_MAIN("server/service/access", rules)
