/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_terms: what OPEN has of a service, and how long terms live.
 */
#include "config.h"

#include "relay/service_terms.h"

#include "proto/open.h"
#include "unit.h"

#include <string.h>

static const struct service_terms_plan plan = {
    .service = "echo", .destination = "db:1", .id = 7, .idle_timeout_s = 60, .half_close_timeout_s = 300};

START_TEST(terms_are_copies_of_the_plan) {
    struct service_terms *terms = service_terms_new(&plan);
    ck_assert_ptr_nonnull(terms);
    ck_assert_str_eq(terms->service, "echo");
    ck_assert_str_eq(terms->destination, "db:1");
    ck_assert_uint_eq(terms->id, 7);
    ck_assert_uint_eq(terms->idle_timeout_s, 60);
    ck_assert_uint_eq(terms->half_close_timeout_s, 300);
    service_terms_release(terms);
}
END_TEST

START_TEST(terms_live_as_long_as_their_last_holder) {
    struct service_terms *terms = service_terms_new(&plan);
    ck_assert_ptr_eq(service_terms_hold(terms), terms);
    ck_assert_uint_eq(terms->references, 2);
    service_terms_release(terms);
    ck_assert_str_eq(terms->service, "echo");
    service_terms_release(terms);
    service_terms_release(NULL);
}
END_TEST

static TCase *terms_of_services(void) {
    TCase *group = tcase_create("terms");
    tcase_add_test(group, terms_are_copies_of_the_plan);
    tcase_add_test(group, terms_live_as_long_as_their_last_holder);
    return group;
}

UNIT_MAIN("relay/service_terms", terms_of_services)
