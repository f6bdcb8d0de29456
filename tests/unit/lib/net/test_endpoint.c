/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_endpoint: addresses as people write them, right and wrong.
 */
#include "config.h"

#include "net_fixture.h"

#include "lib/net/interface_names.h"

#include <string.h>

static const struct right {
    const char *text, *host, *formatted;
    unsigned port;
    int is_unix, is_numeric;
} right[] = {
    {"localhost:80", "localhost", "localhost:80", 80, 0, 0},
    {"1.2.3.4:65535", "1.2.3.4", "1.2.3.4:65535", 65535, 0, 1},
    {"[::1]:1", "::1", "[::1]:1", 1, 0, 1},
    {"[2001:db8::7]:443", "2001:db8::7", "[2001:db8::7]:443", 443, 0, 1},
    {"[::ffff:1.2.3.4]:80", "::ffff:1.2.3.4", "[::ffff:1.2.3.4]:80", 80, 0, 1},
    {"[fe80::1%1]:22", "fe80::1%1", "[fe80::1%1]:22", 22, 0, 1},
    {":8080", "", "*:8080", 8080, 0, 1},
    {"*:8080", "", "*:8080", 8080, 0, 1},
    {"a_b-c.example.:7", "a_b-c.example.", "a_b-c.example.:7", 7, 0, 0},
    {"1host:7", "1host", "1host:7", 7, 0, 0},
    {"unix:/run/x.sock", "/run/x.sock", "unix:/run/x.sock", 0, 1, 1},
    {"unix:relative:odd", "relative:odd", "unix:relative:odd", 0, 1, 1},
};

START_TEST(right_endpoints_are_taken_apart_and_written_back) {
    const struct right *row = &right[_i];
    struct endpoint endpoint;
    struct error error = {""};
    struct addr addr;
    char text[ENDPOINT_HOST + 16];
    ck_assert_msg(endpoint_parse(&endpoint, row->text, &error) == 0, "%s: %s", row->text, error.text);
    ck_assert_str_eq(endpoint.host, row->host);
    ck_assert_uint_eq(endpoint.port, row->port);
    ck_assert_int_eq(endpoint.is_unix, row->is_unix);
    ck_assert_str_eq(endpoint_format(&endpoint, text, sizeof text), row->formatted);
    ck_assert_int_eq(addr_from_endpoint(&addr, &endpoint), row->is_numeric);
}
END_TEST

#define LABEL_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static const struct wrong {
    const char *text, *says;
} wrong[] = {
    {"", "an address is empty; write HOST:PORT, as in localhost:80"},
    {"host", "lacks a port; write HOST:PORT, as in host:80"},
    {"192.0.2.1", "lacks a port; write HOST:PORT, as in 192.0.2.1:80"},
    {"8080", "is a port without a host; write HOST:PORT, as in localhost:8080"},
    {"/run/x.sock", "is a path; write unix:/run/x.sock"},
    {"host:", "port is a number"},
    {"host:0", "port is a number"},
    {"host:65536", "port is a number"},
    {"host:4294967376", "port is a number"},
    {"host:80x", "port is a number"},
    {"host:-1", "port is a number"},
    {"host: 80", "port is a number"},
    {"::1:80", "has an IPv6 address without brackets; write [::1]:80"},
    {"2001:db8::7:443", "write [2001:db8::7]:443"},
    {"2001:db8::7", "is an IPv6 address without brackets and port; write [2001:db8::7]:80"},
    {"1:2:3:4:5:6:7:8", "is an IPv6 address without brackets and port; write [1:2:3:4:5:6:7:8]:80"},
    {"a:b:80", "has more than one colon; write HOST:PORT"},
    {"[::1:80", "closing bracket"},
    {"[::1]", "lacks a port"},
    {"[::1]80", "lacks a port"},
    {"[]:80", "not an IPv6 address"},
    {"[1.2.3.4]:80", "has an IPv4 address in brackets; write it without, 1.2.3.4:80"},
    {"[1.2.3.4]", "write it without, 1.2.3.4:80"},
    {"[::g]:80", "not an IPv6 address"},
    {"[fe80::1%]:80", "not an IPv6 address with the name of an interface"},
    {"[fe80::1%a%b]:80", "not an IPv6 address"},
    {"[fe80::1%a b]:80", "not an IPv6 address"},
#if IF_NAMESIZE == 16
    {"[fe80::1%sixteencharacter]:80", "not an IPv6 address"},
#endif
    {"[fe80::1%\"]:80", "not an IPv6 address"},
    {"[eth0%fe80::1]:80", "not an IPv6 address"},
    {"1.2.3:80", "neither an IPv4 address"},
    {"1.2.3.256:80", "neither an IPv4 address"},
    {"...:80", "neither an IPv4 address"},
    {"a..b:80", "not a host's name"},
    {".a:80", "not a host's name"},
    {"a b:80", "has a space"},
    {"http//x:80", "not a host's name"},
    {"https://host.example:8443/path", "is a URL; write HOST:PORT alone, as in host.example:8443"},
    {"https://host.example", "as in host.example:443"},
    {"https://[::1]:443", "as in [::1]:443"},
    {"a:80,b:80", "is more than one address; write one, as in a:80"},
    {"a:80, b:80", "is more than one address"},
    {"my\xe2\x80\x93host:80", "dash"},
    {"my\xe2\x88\x92host:80", "dash"},
    {"**:80", "not a host's name"},
    {LABEL_64 ":80", "too long: 64 characters, at most 63 between dots"},
    {"a." LABEL_64 ".b:80", "64 characters"},
    {LABEL_64 "." LABEL_64 "." LABEL_64 "." LABEL_64 ":80", "too long"},
    {"m\xc3\xbcller.example:80", "xn--"},
    {"unix:", "lacks the path"},
    {"unix:/" LABEL_64 LABEL_64, "too long"},
};

START_TEST(wrong_endpoints_are_refused_in_words) {
    struct endpoint endpoint;
    struct error error = {""};
    ck_assert_int_eq(endpoint_parse(&endpoint, wrong[_i].text, &error), -1);
    ck_assert_msg(strstr(error.text, wrong[_i].says), "\"%s\" says: %s", wrong[_i].text, error.text);
}
END_TEST

START_TEST(a_path_of_this_system_is_no_host) {
    struct endpoint endpoint;
    struct error error = {""};
    ck_assert_int_eq(endpoint_parse(&endpoint, unit_path("x.sock"), &error), -1);
    ck_assert_msg(strstr(error.text, "\" is a path; write unix:"), "%s", error.text);
}
END_TEST

START_TEST(the_zone_of_another_machine_is_read_and_found_missing_only_here) {
    struct endpoint endpoint;
    struct error error = {""};
    struct addr addr;
    char text[ADDR_TEXT];
    ck_assert_msg(endpoint_parse(&endpoint, "[fe80::1%nosuchif]:80", &error) == 0, "%s", error.text);
    ck_assert_str_eq(endpoint_format(&endpoint, text, sizeof text), "[fe80::1%nosuchif]:80");
    ck_assert_str_eq(endpoint_missing_zone(&endpoint), "nosuchif");
    ck_assert(!addr_from_endpoint(&addr, &endpoint));
    ck_assert_int_eq(endpoint_parse(&endpoint, "[fe80::1%1]:80", &error), 0);
    ck_assert_ptr_null(endpoint_missing_zone(&endpoint));
    ck_assert_int_eq(endpoint_parse(&endpoint, "unix:/run/100%x", &error), 0);
    ck_assert_ptr_null(endpoint_missing_zone(&endpoint));
}
END_TEST

static TCase *endpoints(void) {
    TCase *group = tcase_create("endpoints");
    tcase_add_loop_test(group, right_endpoints_are_taken_apart_and_written_back, 0, sizeof right / sizeof *right);
    tcase_add_loop_test(group, wrong_endpoints_are_refused_in_words, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(group, a_path_of_this_system_is_no_host);
    tcase_add_test(group, the_zone_of_another_machine_is_read_and_found_missing_only_here);
    return group;
}

UNIT_MAIN("lib/net/endpoint", endpoints)
