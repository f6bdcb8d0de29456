/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_listen_addrs: the socket addresses of an address as it is configured, at the start and at a reload.
 */
#include "config.h"

#include "server/service/listen_addrs.h"
#include "unit.h"

#include <string.h>

struct known { /* what a look-up found before */
    const char *text;
    struct addr addr;
    unsigned asked;
};

static bool is_known(const void *context, const char *text, struct listen_addrs *addrs) {
    struct known *known = (struct known *)(uintptr_t)context;

    known->asked++;
    if (!known->text || strcmp(known->text, text) != 0)
        return false;
    listen_addrs_add(addrs, &known->addr);
    return true;
}

static void expect_addr(const struct listen_addrs *addrs, int index, const char *expected) {
    char text[ADDR_TEXT];

    ck_assert_int_lt(index, addrs->count);
    ck_assert_str_eq(addr_format(&addrs->items[index], text, sizeof text), expected);
}

static void find(struct listen_addrs *addrs, const char *text) {
    struct error error = {""};

    ck_assert_msg(listen_addrs_find(addrs, text, NULL, NULL, &error) == 0, "%s", error.text);
}

START_TEST(address_is_itself) {
    struct listen_addrs addrs;

    find(&addrs, "127.0.0.1:80");
    ck_assert(addrs.count == 1 && addrs.first == 80 && addrs.last == 80 && !addrs.name && !addrs.needs_one);
    expect_addr(&addrs, 0, "127.0.0.1:80");
}
END_TEST

START_TEST(range_has_its_ports) {
    struct listen_addrs addrs;

    find(&addrs, "[::1]:80-90");
    ck_assert(addrs.count == 1 && addrs.first == 80 && addrs.last == 90);
    expect_addr(&addrs, 0, "[::1]:80");
}
END_TEST

START_TEST(unix_socket_has_no_port_to_go_through) {
    struct listen_addrs addrs;

    find(&addrs, "unix:/run/x-1.sock");
    ck_assert(addrs.count == 1 && addrs.first == 0 && addrs.last == 0);
}
END_TEST

START_TEST(every_address_is_one_of_each_family_of_which_one_is_enough) {
    struct listen_addrs addrs;

    find(&addrs, "*:80-81");
    ck_assert(addrs.count == 2 && addrs.needs_one && addrs.last == 81);
    expect_addr(&addrs, 0, "0.0.0.0:80");
    expect_addr(&addrs, 1, "[::]:80");
}
END_TEST

START_TEST(name_is_looked_up_at_the_start) {
    struct listen_addrs addrs;

    find(&addrs, "localhost:80");
    ck_assert_int_gt(addrs.count, 0);
    ck_assert_str_eq(addrs.name, "localhost:80");
}
END_TEST

START_TEST(name_has_at_a_reload_the_addresses_that_it_had) {
    struct listen_addrs addrs;
    struct endpoint endpoint = {.host = "10.1.2.3", .port = 80};
    struct known known = {.text = "example.invalid:80"};

    ck_assert(addr_from_endpoint(&known.addr, &endpoint));
    ck_assert_int_eq(listen_addrs_find(&addrs, "example.invalid:80", is_known, &known, NULL), 0);
    ck_assert_int_eq(addrs.count, 1);
    expect_addr(&addrs, 0, "10.1.2.3:80");
}
END_TEST

START_TEST(new_name_is_not_looked_up_at_a_reload) {
    struct listen_addrs addrs;
    struct known known = {.text = NULL};
    struct error error = {""};

    ck_assert_int_eq(listen_addrs_find(&addrs, "example.invalid:80", is_known, &known, &error), -1);
    ck_assert_uint_eq(known.asked, 1);
    ck_assert_str_eq(error.text,
                     "names are not looked up while the server runs; write an address, or start munneld again");
}
END_TEST

START_TEST(localhost_needs_no_look_up) {
    struct listen_addrs addrs;
    struct known known = {.text = NULL};

    ck_assert_int_eq(listen_addrs_find(&addrs, "localhost:80", is_known, &known, NULL), 0);
    ck_assert_int_eq(addrs.count, 2);
    expect_addr(&addrs, 0, "127.0.0.1:80");
    expect_addr(&addrs, 1, "[::1]:80");
}
END_TEST

START_TEST(what_is_wrong_is_said) {
    struct listen_addrs addrs;
    struct error error = {""};

    ck_assert_int_eq(listen_addrs_find(&addrs, "[fe80::1%none9]:1", NULL, NULL, &error), -1);
    ck_assert_str_eq(error.text, "cannot listen on \"[fe80::1%none9]:1\": this machine has no interface \"none9\"");
    ck_assert_int_eq(listen_addrs_find(&addrs, "*:2-1", NULL, NULL, &error), -1);
    ck_assert_str_eq(error.text, "\"*:2-1\" ends before it begins; write the lower port first");
}
END_TEST

START_TEST(more_addresses_than_there_is_room_for_are_left_out) {
    struct listen_addrs addrs;

    find(&addrs, "127.0.0.1:80");
    for (int i = 0; i < 2 * LISTEN_ADDRS_MAX; i++)
        listen_addrs_add(&addrs, &addrs.items[0]);
    ck_assert_int_eq(addrs.count, LISTEN_ADDRS_MAX);
}
END_TEST

static TCase *listen_addrs(void) {
    TCase *group = tcase_create("listen_addrs");
    tcase_add_test(group, address_is_itself);
    tcase_add_test(group, range_has_its_ports);
    tcase_add_test(group, unix_socket_has_no_port_to_go_through);
    tcase_add_test(group, every_address_is_one_of_each_family_of_which_one_is_enough);
    tcase_add_test(group, name_is_looked_up_at_the_start);
    tcase_add_test(group, name_has_at_a_reload_the_addresses_that_it_had);
    tcase_add_test(group, new_name_is_not_looked_up_at_a_reload);
    tcase_add_test(group, localhost_needs_no_look_up);
    tcase_add_test(group, what_is_wrong_is_said);
    tcase_add_test(group, more_addresses_than_there_is_room_for_are_left_out);
    return group;
}

UNIT_MAIN("server/service/listen_addrs", listen_addrs)
