/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_access: which addresses a service takes, and how many clients of each.
 */
#include "config.h"

#include "server/service/access.h"
#include "unit.h"

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
    struct access *admission = access_new(conf, &error);

    ck_assert_msg(admission, "%s", error.text);
    return admission;
}

START_TEST(denied_addresses_stay_out_whatever_is_allowed) {
    struct service_config conf = {0};
    struct addr inside = host("10.1.2.3:1"), denied = host("10.9.9.9:1"), outside = host("192.0.2.1:1");
    struct addr mapped = host("[::ffff:10.9.9.9]:1"); /* how a listener on [::] sees an IPv4 client */

    strlist_add(&conf.allow, "10.0.0.0/8");
    strlist_add(&conf.deny, "10.9.0.0/16");
    struct access *admission = make(&conf);
    ck_assert_ptr_null(access_refuses(admission, &inside, 0));
    ck_assert_ptr_nonnull(access_refuses(admission, &denied, 0));
    ck_assert_ptr_nonnull(access_refuses(admission, &mapped, 0));
    ck_assert_ptr_nonnull(access_refuses(admission, &outside, 0));
    ck_assert_uint_eq(access_sources(admission), 0); /* nobody is counted without a limit */
    access_free(admission);
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
    struct access *admission = make(&conf);
    ck_assert_ptr_null(access_refuses(admission, &local, 0));
    access_free(admission);
    strlist_done(&conf.allow);
    strlist_done(&conf.deny);
}
END_TEST

START_TEST(one_network_of_ipv6_is_one_source) {
    struct service_config conf = {.max_per_source = 1};
    struct addr one = host("[2001:db8::1]:1"), same = host("[2001:db8::2]:1"), other = host("[2001:db8:0:1::1]:1");
    struct access *admission = make(&conf);

    ck_assert_ptr_null(access_refuses(admission, &one, 0));
    ck_assert_ptr_nonnull(access_refuses(admission, &same, 0));
    ck_assert_ptr_null(access_refuses(admission, &other, 0));
    access_left(admission, &one);
    ck_assert_ptr_null(access_refuses(admission, &same, 0));
    access_free(admission);
}
END_TEST

START_TEST(bad_pattern_is_said) {
    struct service_config conf = {0};
    struct error error = {""};

    strlist_add(&conf.allow, "10.0.0.0/99");
    ck_assert_ptr_null(access_new(&conf, &error));
    ck_assert_str_ne(error.text, "");
    strlist_done(&conf.allow);
}
END_TEST

START_TEST(one_address_has_no_more_than_its_share) {
    struct service_config conf = {.max_per_source = 2};
    struct addr one = host("10.1.2.3:1"), same = host("10.1.2.3:2"), other = host("10.1.2.4:1");
    struct access *admission = make(&conf);

    ck_assert_ptr_null(access_refuses(admission, &one, 0));
    ck_assert_ptr_null(access_refuses(admission, &same, 0));
    ck_assert_ptr_nonnull(access_refuses(admission, &one, 0));
    ck_assert_ptr_null(access_refuses(admission, &other, 0));
    access_left(admission, &same);
    ck_assert_ptr_null(access_refuses(admission, &one, 0));
    access_free(admission);
}
END_TEST

START_TEST(rate_is_per_second_and_address) {
    struct service_config conf = {.max_rate = 2};
    struct addr one = host("10.1.2.3:1"), other = host("10.1.2.4:1");
    struct access *admission = make(&conf);

    for (uint64_t second = 0; second < 3; second++) {
        ck_assert_ptr_null(access_refuses(admission, &one, second * 1000000));
        ck_assert_ptr_null(access_refuses(admission, &one, second * 1000000 + 500000));
        ck_assert_ptr_nonnull(access_refuses(admission, &one, second * 1000000 + 999999));
        ck_assert_ptr_null(access_refuses(admission, &other, second * 1000000));
    }
    access_free(admission);
}
END_TEST

START_TEST(who_has_left_is_forgotten) {
    struct service_config conf = {.max_rate = 1};
    struct addr gone = host("10.1.2.3:1"), here = host("10.1.2.4:1");
    struct access *admission = make(&conf);

    ck_assert_ptr_null(access_refuses(admission, &gone, 0));
    ck_assert_ptr_null(access_refuses(admission, &here, 0));
    access_left(admission, &gone);
    access_tick(admission, 0); /* its second is not over */
    ck_assert_uint_eq(access_sources(admission), 2);
    access_tick(admission, 1000000);
    ck_assert_uint_eq(access_sources(admission), 1);
    access_free(admission);
}
END_TEST

static TCase *admission(void) {
    TCase *group = tcase_create("admission");

    tcase_add_test(group, denied_addresses_stay_out_whatever_is_allowed);
    tcase_add_test(group, lists_do_not_concern_unix_sockets);
    tcase_add_test(group, one_network_of_ipv6_is_one_source);
    tcase_add_test(group, bad_pattern_is_said);
    tcase_add_test(group, one_address_has_no_more_than_its_share);
    tcase_add_test(group, rate_is_per_second_and_address);
    tcase_add_test(group, who_has_left_is_forgotten);
    return group;
}

UNIT_MAIN("server/admission", admission)
