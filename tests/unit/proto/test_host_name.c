/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_host_name: what clients call a host has one form, and what a configuration may name is told from what not.
 */
#include "config.h"

#include "unit.h"

#include "proto/host_name.h"

#include <string.h>

static const struct {
    const char *text, *name; /* NULL: it is none */
} names[] = {
    {"web.example.org", "web.example.org"},
    {"WEB.Example.ORG:8443", "web.example.org"},
    {"web.example.org.", "web.example.org"},
    {"web.example.org.:80", "web.example.org"},
    {"a_b.example", "a_b.example"},
    {"192.0.2.1:80", "192.0.2.1"},
    {"[2001:DB8::1]:80", "[2001:db8::1]"},
    {"web.example.org:", "web.example.org"},
    {".", "."},
    {"", NULL},
    {":80", NULL},
    {"web example", NULL},
    {"web.example:80x", NULL},
    {"web.example:123456", NULL},
    {"user@web.example", NULL},
    {"web.example/path", NULL},
    {"b\xc3\xbc"
     "cher.example",
     NULL},
    {"[2001:db8::1", NULL},
    {"[]", NULL},
    {"web\x01", NULL},
};

START_TEST(a_name_of_a_client_has_one_form) {
    char name[HOST_NAME_SIZE];
    bool is_name = host_name_read(names[_i].text, name);

    ck_assert_int_eq(is_name, !!names[_i].name);
    if (is_name)
        ck_assert_str_eq(name, names[_i].name);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_none) {
    char text[HOST_NAME_SIZE + 2], name[HOST_NAME_SIZE];

    memset(text, 'a', sizeof text);
    text[HOST_NAME_SIZE - 1] = '\0';
    ck_assert(host_name_read(text, name));
    text[HOST_NAME_SIZE - 1] = 'a';
    text[HOST_NAME_SIZE] = '\0';
    ck_assert(!host_name_read(text, name));
}
END_TEST

static const char *const right[] = {"web.example.org", "*.example.org", "localhost",  "xn--bcher-kva.example",
                                    "a_b.example",     "1.example",     "EXAMPLE.org"};
static const char *const wrong[] = {"",          "*",       "*example.org",  "web.*.org",       "web..org", ".org",
                                    "org.",      "-a.org",  "a-.org",        "web.example:443", "a b",      "192.0.2.1",
                                    "[2001::1]", "*.*.org", "b\xc3\xbc.org", "http://web.org"};

START_TEST(a_configuration_names_hosts) {
    struct error error;

    ck_assert_int_eq(host_name_check(right[_i], &error), 0);
}
END_TEST

START_TEST(a_configuration_may_not_name_anything_else) {
    struct error error = {""};

    ck_assert_int_eq(host_name_check(wrong[_i], &error), -1);
    ck_assert_uint_gt(strlen(error.text), 10);
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");

    tcase_add_loop_test(group, a_name_of_a_client_has_one_form, 0, sizeof names / sizeof *names);
    tcase_add_test(group, a_name_that_is_too_long_is_none);
    tcase_add_loop_test(group, a_configuration_names_hosts, 0, sizeof right / sizeof *right);
    tcase_add_loop_test(group, a_configuration_may_not_name_anything_else, 0, sizeof wrong / sizeof *wrong);
    return group;
}

UNIT_MAIN("proto/host_name", reading)
