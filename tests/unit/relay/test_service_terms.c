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

static char first[] = "db:1", second[] = "10.0.0.2:2";
static char *const to[] = {first, second};
static char http[] = "127.0.0.1:80", again[] = "[::1]:80", https[] = "0.0.0.0:443", path[] = "unix:/run/x.sock";
static char *const listen_at[] = {http, again, https, path};
static const struct service_terms_plan plan = {.service = "echo",
                                               .connect = to,
                                               .listen = listen_at,
                                               .connect_count = 2,
                                               .listen_count = 4,
                                               .idle_timeout_s = 60,
                                               .half_close_timeout_s = 300};

START_TEST(an_agent_gets_destinations_and_ports) {
    char json[4096];
    struct open_request open;
    struct error error = {""};
    struct service_terms *terms = service_terms_new(&plan);
    ck_assert_ptr_nonnull(terms);
    size_t length = open_format(json, sizeof json, terms->open_json, "00112233-7", "10.0.0.1:7", 5000);
    ck_assert_uint_gt(length, 0);
    ck_assert_msg(open_parse(&open, json, length, &error) == 0, "%s", error.text);
    ck_assert_str_eq(open.service, "echo");
    ck_assert_int_eq(open.to_count, 2);
    ck_assert_str_eq(open.to[0], "db:1");
    ck_assert_str_eq(open.to[1], "10.0.0.2:2");
    ck_assert_int_eq(open.port_count, 2); /* each once; a path has none */
    ck_assert_uint_eq(open.ports[0], 80);
    ck_assert_uint_eq(open.ports[1], 443);
    open_done(&open);
    service_terms_release(terms);
}
END_TEST

START_TEST(records_name_the_first_destination) {
    struct service_terms_plan none = plan;
    none.connect_count = 0;
    struct service_terms *terms = service_terms_new(_i == 0 ? &plan : &none);
    ck_assert_ptr_nonnull(terms);
    ck_assert_str_eq(terms->service, "echo");
    ck_assert_str_eq(terms->destination, _i == 0 ? "db:1" : "");
    ck_assert_uint_eq(terms->idle_timeout_s, 60);
    ck_assert_uint_eq(terms->half_close_timeout_s, 300);
    service_terms_release(terms);
}
END_TEST

/* A configuration is checked for that earlier (services_check_destinations); OPEN must have room for the rest. */
START_TEST(terms_that_would_not_fit_into_OPEN_are_none) {
    static char longest[3600];
    char *const many[] = {longest};
    struct service_terms_plan wide = plan;
    memset(longest, 'a', sizeof longest - 1);
    wide.connect = many;
    wide.connect_count = 1;
    ck_assert_ptr_null(service_terms_new(&wide));
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
    tcase_add_test(group, an_agent_gets_destinations_and_ports);
    tcase_add_loop_test(group, records_name_the_first_destination, 0, 2);
    tcase_add_test(group, terms_that_would_not_fit_into_OPEN_are_none);
    tcase_add_test(group, terms_live_as_long_as_their_last_holder);
    return group;
}

UNIT_MAIN("relay/service_terms", terms_of_services)
