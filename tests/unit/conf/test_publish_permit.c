/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_publish_permit: which ports and hosts a permit has, and which it only seems to have.
 */
#include "config.h"

#include "conf/publish_permit.h"
#include "unit.h"

#include <string.h>

static struct publish_permit make(const char *ports, const char *hosts) {
    struct publish_permit permit = {.ports = {NULL, 0}};

    ck_assert(!ports || strlist_add(&permit.ports, ports) == 0);
    ck_assert(!hosts || strlist_add(&permit.hosts, hosts) == 0);
    return permit;
}

START_TEST(ports_are_one_or_a_range) {
    struct publish_permit permit = make("20000-20002", NULL);

    ck_assert_int_eq(strlist_add(&permit.ports, "80"), 0);
    ck_assert_uint_eq(publish_permit_port_count(&permit), 4);
    ck_assert_uint_eq(publish_permit_port(&permit, 0), 20000);
    ck_assert_uint_eq(publish_permit_port(&permit, 2), 20002);
    ck_assert_uint_eq(publish_permit_port(&permit, 3), 80);
    ck_assert(publish_permit_has_port(&permit, 20000) && publish_permit_has_port(&permit, 20002) &&
              publish_permit_has_port(&permit, 80));
    ck_assert(!publish_permit_has_port(&permit, 19999) && !publish_permit_has_port(&permit, 20003) &&
              !publish_permit_has_port(&permit, 0));
    publish_permit_done(&permit);
    ck_assert(publish_permit_is_empty(&permit));
}
END_TEST

static const char *const no_ports[] = {"",    "0",   "-1",     "80-",  "-80",   "90-80",     "65536", "1-65536",
                                       "80 ", " 80", "80-90-", "http", "80,90", "000000080", "0-5",   "20000--20001"};

START_TEST(what_is_no_port_is_refused) {
    struct error error = {""};

    ck_assert_msg(publish_ports_check(no_ports[_i], &error) == -1, "%s", no_ports[_i]);
    ck_assert(strstr(error.text, "20000-20099"));
}
END_TEST

START_TEST(wildcard_has_all_names_below_it_and_no_others) {
    struct publish_permit permit = make(NULL, "*.Dev.example.org");

    ck_assert(publish_permit_has_host(&permit, "web.dev.example.org"));
    ck_assert(publish_permit_has_host(&permit, "a.b.dev.example.org"));
    ck_assert(!publish_permit_has_host(&permit, "dev.example.org"));
    ck_assert(!publish_permit_has_host(&permit, ".dev.example.org"));
    ck_assert(!publish_permit_has_host(&permit, "evildev.example.org"));
    ck_assert(!publish_permit_has_host(&permit, "web.dev.example.org.evil.net"));
    ck_assert(!publish_permit_has_host(&permit, "example.org"));
    ck_assert(!publish_permit_has_host(&permit, ""));
    publish_permit_done(&permit);
}
END_TEST

START_TEST(service_is_named_below_a_wildcard) {
    struct publish_permit permit = make(NULL, "*.dev.example.org");
    char host[PUBLISH_HOST_SIZE];

    ck_assert_int_eq(strlist_add(&permit.hosts, "Web.example.org"), 0);
    ck_assert(publish_permit_name(&permit, 0, "My-Web", host));
    ck_assert_str_eq(host, "my-web.dev.example.org");
    ck_assert(publish_permit_name(&permit, 1, "other", host));
    ck_assert_str_eq(host, "web.example.org");
    ck_assert(!publish_permit_name(&permit, 0, "-", host));
    ck_assert(!publish_permit_name(&permit, 0, "a..b", host));
    ck_assert(!publish_permit_name(&permit, 0, "a.", host));
    ck_assert(publish_permit_has_host(&permit, "web.example.org"));
    publish_permit_done(&permit);
}
END_TEST

START_TEST(copy_is_a_permit_of_its_own) {
    struct publish_permit permit = make("80", "a.example"), copy;

    ck_assert_int_eq(publish_permit_copy(&copy, &permit), 0);
    publish_permit_done(&permit);
    ck_assert(publish_permit_has_port(&copy, 80) && publish_permit_has_host(&copy, "a.example"));
    publish_permit_done(&copy);
}
END_TEST

static TCase *permits(void) {
    TCase *group = tcase_create("permits");

    tcase_add_test(group, ports_are_one_or_a_range);
    tcase_add_loop_test(group, what_is_no_port_is_refused, 0, sizeof no_ports / sizeof *no_ports);
    tcase_add_test(group, wildcard_has_all_names_below_it_and_no_others);
    tcase_add_test(group, service_is_named_below_a_wildcard);
    tcase_add_test(group, copy_is_a_permit_of_its_own);
    return group;
}

UNIT_MAIN("conf/publish_permit", permits)
