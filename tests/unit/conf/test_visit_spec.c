/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_visit_spec: what --visit takes, and what its errors say.
 */
#include "config.h"

#include "conf/visit_spec.h"
#include "unit.h"

#include <string.h>

static const struct {
    const char *text, *name, *address;
} good[] = {
    {"vnc=127.0.0.1:5901", "vnc", "127.0.0.1:5901"},
    {"vnc=5901", "vnc", "127.0.0.1:5901"},
    {"a.b-c_1=localhost:22", "a.b-c_1", "127.0.0.1:22"},
    {"x=[::1]:22", "x", "[::1]:22"},
    {"x=0.0.0.0:22", "x", "0.0.0.0:22"},
};

START_TEST(service_and_address_are_read) {
    struct visit_spec spec;
    struct error error = {""};
    char text[ADDR_TEXT];

    ck_assert_msg(visit_spec_parse(&spec, good[_i].text, &error) == 0, "%s", error.text);
    ck_assert_str_eq(spec.name, good[_i].name);
    ck_assert_str_eq(addr_format(&spec.address, text, sizeof text), good[_i].address);
}
END_TEST

static const struct {
    const char *text, *error;
} bad[] = {
    {"vnc", "write NAME=127.0.0.1:5900"},
    {"vnc=", "write NAME=127.0.0.1:5900"},
    {"=127.0.0.1:1", "name"},
    {"vnc=host:22", "not an address of this machine"},
    {"vnc=unix:/x", "not an address of this machine"},
    {"vnc=70000", "70000"},
    {"vnc=127.0.0.1", "127.0.0.1"},
    {"a/b=127.0.0.1:1", "a/b"},
};

START_TEST(what_is_wrong_is_named) {
    struct visit_spec spec;
    struct error error = {""};

    ck_assert_int_eq(visit_spec_parse(&spec, bad[_i].text, &error), -1);
    ck_assert_msg(strstr(error.text, bad[_i].error), "%s: %s", bad[_i].text, error.text);
}
END_TEST

START_TEST(two_services_have_two_ports) {
    static char first[] = "a=17001", same[] = "b=localhost:17001", third[] = "c=17002";
    char *right[] = {first, third}, *wrong[] = {first, third, same};
    struct error error = {""};

    ck_assert_int_eq(visit_spec_check_list(&(struct strlist){right, 2}, &error), 0);
    ck_assert_int_eq(visit_spec_check_list(&(struct strlist){wrong, 3}, &error), -1);
    ck_assert_str_eq(error.text,
                     "\"a=17001\" and \"b=localhost:17001\" have the same port; write another one for one of "
                     "them");
}
END_TEST

static TCase *specs(void) {
    TCase *tests = tcase_create("specs");

    tcase_add_loop_test(tests, service_and_address_are_read, 0, sizeof good / sizeof *good);
    tcase_add_loop_test(tests, what_is_wrong_is_named, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tests, two_services_have_two_ports);
    return tests;
}

UNIT_MAIN("conf/visit_spec", specs)
