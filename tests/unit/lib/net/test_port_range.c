/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_port_range: ranges of ports and ports relative to the client's, right and wrong.
 */
#include "config.h"

#include "lib/net/port_range.h"
#include "unit.h"

#include <string.h>

static const struct right {
    const char *text, *host;
    unsigned first, last;
} right[] = {
    {"0.0.0.0:20000-20099", "0.0.0.0", 20000, 20099},
    {"[::]:20000-20099", "::", 20000, 20099},
    {"*:1-65535", "", 1, 65535},
    {"my-host:7-7", "my-host", 7, 7},
    {"my-host:7", "my-host", 7, 7},
    {"unix:/run/a-b:1-2", "/run/a-b:1-2", 0, 0},
};

START_TEST(right_ranges_are_taken_apart) {
    struct port_range range;
    struct error error = {""};
    ck_assert_msg(port_range_parse(&range, right[_i].text, &error) == 0, "%s: %s", right[_i].text, error.text);
    ck_assert_str_eq(range.endpoint.host, right[_i].host);
    ck_assert_uint_eq(range.endpoint.port, right[_i].first);
    ck_assert_uint_eq(range.last, right[_i].last);
    ck_assert_uint_eq(port_range_count(&range), right[_i].last - right[_i].first + 1);
}
END_TEST

static const struct wrong {
    const char *text, *says;
} wrong[] = {
    {"0.0.0.0:20099-20000", "\"0.0.0.0:20099-20000\" ends before it begins; write the lower port first"},
    {"0.0.0.0:20000-", "\"0.0.0.0:20000-\" ends at the port \"\"; write a range as in *:20000-20099"},
    {"0.0.0.0:1-65536", "\"0.0.0.0:1-65536\" ends at the port \"65536\"; write a range as in *:20000-20099"},
    {"0.0.0.0:1-2-3", "\"0.0.0.0:1-2-3\" ends at the port \"2-3\"; write a range as in *:20000-20099"},
    {"0.0.0.0:1-99999999999999999999", "ends at the port \"99999999999999999999\""},
    {"0.0.0.0:0-9", "\"0.0.0.0:0\" has \"0\" for a port; a port is a number from 1 to 65535"},
    {"0.0.0.0:-9", "\"0.0.0.0:-9\" has \"-9\" for a port; a port is a number from 1 to 65535"},
    {"1-2", "\"1-2\" lacks a port"},
};

START_TEST(wrong_ranges_are_refused_with_what_would_be_right) {
    struct port_range range;
    struct error error = {""};
    ck_assert_int_eq(port_range_parse(&range, wrong[_i].text, &error), -1);
    ck_assert_msg(strstr(error.text, wrong[_i].says), "%s", error.text);
}
END_TEST

START_TEST(range_longer_than_any_address_is_refused) {
    char text[600];
    struct port_range range;
    struct endpoint endpoint;
    struct error error = {""};
    memset(text, 'a', sizeof text);
    memcpy(text + sizeof text - 5, ":1-2", 5);
    ck_assert_int_eq(port_range_parse(&range, text, &error), -1);
    memcpy(text + sizeof text - 5, "a:+2", 5);
    ck_assert_int_eq(relative_endpoint_parse(&endpoint, text, 1, &error), -1);
}
END_TEST

START_TEST(ranges_share_ports_where_they_overlap) {
    struct port_range a, b, c;
    ck_assert_int_eq(port_range_parse(&a, "*:10-20", NULL), 0);
    ck_assert_int_eq(port_range_parse(&b, "*:20", NULL), 0);
    ck_assert_int_eq(port_range_parse(&c, "*:21-30", NULL), 0);
    ck_assert(port_range_shares_port(&a, &b) && port_range_shares_port(&b, &a));
    ck_assert(!port_range_shares_port(&a, &c) && !port_range_shares_port(&c, &a));
}
END_TEST

static const struct relative {
    const char *text;
    unsigned port, result;
} relative[] = {
    {"localhost:+0", 20007, 20007}, {"localhost:+100", 20007, 20107}, {"[::1]:-20000", 20007, 7},
    {"localhost:80", 20007, 80},    {"localhost:+65534", 1, 65535},
};

START_TEST(offset_is_added_to_the_clients_port) {
    struct endpoint endpoint;
    struct error error = {""};
    const struct relative *row = &relative[_i];
    ck_assert_msg(relative_endpoint_parse(&endpoint, row->text, (uint16_t)row->port, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(endpoint.port, row->result);
    ck_assert_int_eq(relative_endpoint_is(row->text), !!strpbrk(row->text, "+-"));
}
END_TEST

static const struct wrong_offset {
    const char *text, *says;
    unsigned port;
} wrong_offsets[] = {
    {"h:+", "\"h:+\" has \"+\" for an offset; write one as in localhost:+0", 1},
    {"h:+1x", "\"h:+1x\" has \"+1x\" for an offset", 1},
    {"h:+1-2", "has \"+1-2\" for an offset", 1},
    {"h:--1", "has \"--1\" for an offset", 5},
    {"h:+1", "\"h:+1\" makes the port 65536 of 65535; a port is a number from 1 to 65535", 65535},
    {"h:-1", "\"h:-1\" makes the port 0 of 1", 1},
    {"h:-99999", "makes the port -99998 of 1", 1},
    {"[::1:+0", "lacks the closing bracket", 1},
};

START_TEST(wrong_offset_is_refused) {
    struct endpoint endpoint;
    struct error error = {""};
    const struct wrong_offset *row = &wrong_offsets[_i];
    ck_assert_int_eq(relative_endpoint_parse(&endpoint, row->text, (uint16_t)row->port, &error), -1);
    ck_assert_msg(strstr(error.text, row->says), "%s", error.text);
}
END_TEST

static TCase *port_range(void) {
    TCase *group = tcase_create("port_range");
    tcase_add_loop_test(group, right_ranges_are_taken_apart, 0, sizeof right / sizeof right[0]);
    tcase_add_loop_test(group, wrong_ranges_are_refused_with_what_would_be_right, 0, sizeof wrong / sizeof wrong[0]);
    tcase_add_test(group, range_longer_than_any_address_is_refused);
    tcase_add_test(group, ranges_share_ports_where_they_overlap);
    tcase_add_loop_test(group, offset_is_added_to_the_clients_port, 0, sizeof relative / sizeof relative[0]);
    tcase_add_loop_test(group, wrong_offset_is_refused, 0, sizeof wrong_offsets / sizeof wrong_offsets[0]);
    return group;
}

UNIT_MAIN("lib/net/port_range", port_range)
