/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_no_proxy: what curl takes for a host without a proxy, and what it does not.
 */
#include "config.h"

#include "unit.h"

#include "lib/net/no_proxy.h"

START_TEST(a_list_is_read_as_curl_reads_it) {
    static const struct {
        const char *list, *server;
        bool has;
    } cases[] = {
        {"", "example.org:1", false},
        {" ,, ", "example.org:1", false},
        {"*", "example.org:1", true},
        {"a, *", "10.0.0.1:1", true},
        {"*.org", "example.org:1", false},
        {"example.org", "example.org:1", true},
        {"EXAMPLE.org", "Example.ORG:1", true},
        {"example.org", "www.example.org:1", true},
        {".example.org", "www.example.org:1", true},
        {".example.org", "example.org:1", true},
        {"example.org.", "example.org:1", true},
        {"example.org", "example.org.:1", true},
        {"example.org", "notexample.org:1", false},
        {"www.example.org", "example.org:1", false},
        {"org", "example.org:1", true},
        {".", "example.org:1", false},
        {"a,b example.org\tc", "example.org:1", true},
        {"a,b,c", "example.org:1", false},
        {"10.0.0.1", "10.0.0.1:1", true},
        {"10.0.0.1", "10.0.0.2:1", false},
        {"0.0.1", "10.0.0.1:1", false},
        {"10.0.0.0/8", "10.255.0.1:1", true},
        {"10.0.0.0/8", "11.0.0.1:1", false},
        {"10.128.0.0/9", "10.200.0.1:1", true},
        {"10.128.0.0/9", "10.100.0.1:1", false},
        {"0.0.0.0/0", "10.100.0.1:1", true},
        {"10.0.0.1/32", "10.0.0.1:1", true},
        {"10.0.0.1/33", "10.0.0.1:1", false},
        {"10.0.0.1/", "10.0.0.1:1", false},
        {"10.0.0.1/8x", "10.0.0.1:1", false},
        {"10.0.0.0/8", "ten.example.org:1", false},
        {"0.0.0.0/0", "[fd00::1]:1", false},
        {"::/0", "10.0.0.1:1", false},
        {"fd00::1", "[fd00::1]:1", true},
        {"[fd00::1]", "[fd00:0::1]:1", true},
        {"fd00::/8", "[fd12::1]:1", true},
        {"[fd00::]/8", "[fd12::1]:1", true},
        {"fd00::/8", "[fe12::1]:1", false},
        {"localhost", "localhost:1", true},
        {"localhost", "127.0.0.1:1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct endpoint server;
        ck_assert_int_eq(endpoint_parse(&server, cases[i].server, NULL), 0);
        ck_assert_msg(no_proxy_has(cases[i].list, &server) == cases[i].has, "%s: %s", cases[i].list, cases[i].server);
    }
}
END_TEST

static TCase *lists(void) {
    TCase *group = tcase_create("lists");
    tcase_add_test(group, a_list_is_read_as_curl_reads_it);
    return group;
}

UNIT_MAIN("lib/net/no_proxy", lists)
