/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_sock_access_windows: a socket that is to be some users' alone is not served to all instead.
 */
#include "config.h"

#include "net_fixture.h"

#include <string.h>

START_TEST(what_asks_for_nothing_gets_it) {
    struct addr path = addr_of("unix:C:/munnel.sock"), tcp = loopback(80);
    struct error error = {""};
    ck_assert_int_eq(sock_set_access(&path, NULL, 0, &error), 0);
    ck_assert_int_eq(sock_set_access(&tcp, "munnel", 0600, &error), 0);
}
END_TEST

START_TEST(owners_and_modes_are_refused_with_the_remedy) {
    struct addr path = addr_of("unix:C:/munnel.sock");
    struct error error = {""};
    ck_assert_int_eq(sock_set_access(&path, "munnel", 0, &error), -1);
    ck_assert_msg(strstr(error.text, "rights of its folder"), "%s", error.text);
    ck_assert_int_eq(sock_check_access(&path, NULL, 0660, &error), -1);
    ck_assert_msg(strstr(error.text, "0660"), "%s", error.text);
    ck_assert_int_eq(sock_check_owner("munnel", &error), -1);
}
END_TEST

static TCase *access_of_sockets(void) {
    TCase *group = tcase_create("access");
    tcase_add_test(group, what_asks_for_nothing_gets_it);
    tcase_add_test(group, owners_and_modes_are_refused_with_the_remedy);
    return group;
}

UNIT_MAIN("lib/net/sock_access (Windows)", access_of_sockets)
