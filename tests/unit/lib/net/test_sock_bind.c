/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_sock_bind: sockets to listen on, and the errors with their remedies. All on the loopback.
 */
#include "config.h"

#include "net_fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#ifdef _WIN32
#define ADVICE_DENIED "netsh interface ipv4 show excludedportrange"
#else
#define ADVICE_DENIED "CAP_NET_BIND_SERVICE"
#endif

START_TEST(a_port_in_use_is_named_with_advice) {
    struct addr addr = loopback(0);
    evutil_socket_t first = listening(&addr);
    struct error error = {""};
    char expected[ADDR_TEXT];
    ck_assert_int_eq(sock_bind(&addr, &error), -1);
    snprintf(expected, sizeof expected, "127.0.0.1:%u is in use by another program", addr_port(&addr));
    ck_assert_msg(strstr(error.text, expected) == error.text, "%s", error.text);
    ck_assert_ptr_nonnull(strstr(error.text, "choose another port or stop that program"));
    sock_close(first);
}
END_TEST

START_TEST(a_foreign_address_is_named) {
    struct endpoint endpoint = {.host = "192.0.2.1", .port = 1};
    struct addr addr;
    struct error error = {""};
    endpoint.port = 10001;
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    ck_assert_int_eq(sock_bind(&addr, &error), -1);
    ck_assert_msg(strstr(error.text, "this machine has no such address"), "%s", error.text);
}
END_TEST

/* Where the system can. */
START_TEST(a_foreign_address_can_be_bound_before_it_is_there) {
    struct addr addr = addr_of("192.0.2.1:10001");
    struct error error = {""};
    const struct sock_bind_options options = {.freebind = true};
    if (sock_check_bind(&options, &error)) {
        ck_assert_msg(strstr(error.text, "this system has no way to listen on an address that is not there"), "%s",
                      error.text);
        return;
    }
    evutil_socket_t fd = sock_bind_as(&addr, &options, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    sock_close(fd);
}
END_TEST

START_TEST(an_interface_that_is_not_there_is_named) {
    struct addr addr = loopback(0);
    struct error error = {""};
    const struct sock_bind_options options = {.interface = "none9"};
    ck_assert_int_eq(sock_bind_as(&addr, &options, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "listen on the interface \"none9\" alone"));
    ck_assert_int_eq(sock_check_bind(&options, &error), -1);
}
END_TEST

START_TEST(a_low_port_without_the_right_is_explained) {
    struct addr addr = loopback(443);
    struct error error = {""};
    ck_assert_int_eq(sock_explain(&addr, EACCES, &error), -1);
    ck_assert_msg(strstr(error.text, ADVICE_DENIED), "%s", error.text);
}
END_TEST

START_TEST(ipv4_and_ipv6_share_a_port) {
    struct addr every, every6;
    ck_assert(addr_from_endpoint(&every, &(struct endpoint){.host = "0.0.0.0"}));
    ck_assert(addr_from_endpoint(&every6, &(struct endpoint){.host = "::"}));
    evutil_socket_t ipv4 = listening(&every);
    addr_set_port(&every6, addr_port(&every));
    struct error error = {""};
    evutil_socket_t ipv6 = sock_bind(&every6, &error);
    ck_assert_msg(ipv6 >= 0 || strstr(error.text, "without such addresses"), "%s", error.text);
    sock_close(ipv4);
    sock_close(ipv6);
}
END_TEST

START_TEST(a_stale_unix_socket_is_replaced) {
    if (!has_unix_sockets())
        return;
    struct addr addr = unix_addr(unit_path("stale.sock"));
    struct addr where = addr;
    sock_close(listening(&where)); /* its file stays */
    struct error error = {""};
    ck_assert(!sock_is_served(&addr));
    evutil_socket_t fd = sock_bind(&addr, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    sock_close(fd);
}
END_TEST

START_TEST(a_living_unix_socket_is_left_alone) {
    if (!has_unix_sockets())
        return;
    struct addr addr = unix_addr(unit_path("living.sock"));
    struct addr where = addr;
    evutil_socket_t first = listening(&where);
    struct error error = {""};
    ck_assert(sock_is_served(&addr));
    ck_assert_int_eq(sock_bind(&addr, &error), -1);
    ck_assert_msg(strstr(error.text, "in use by another program"), "%s", error.text);
    bool done;
    evutil_socket_t client = sock_connect(&addr, NULL, &done);
    ck_assert_int_ge(client, 0);
    ck_assert(done);
    sock_close(client);
    sock_close(first);
}
END_TEST

START_TEST(a_file_in_the_place_of_a_socket_is_left_alone) {
    if (!has_unix_sockets())
        return;
    const char *path = unit_text_file("file", "precious");
    struct addr addr = unix_addr(path);
    struct error error = {""};
    ck_assert_int_eq(sock_bind(&addr, &error), -1);
    ck_assert_msg(strstr(error.text, "there is a file that is no socket; remove it or choose another path"), "%s",
                  error.text);
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_size, 8);
}
END_TEST

START_TEST(a_socket_in_a_missing_folder_is_explained) {
    if (!has_unix_sockets())
        return;
    struct addr addr = unix_addr(unit_path("none/socket"));
    struct error error = {""};
    ck_assert_int_eq(sock_bind(&addr, &error), -1);
    ck_assert_msg(strstr(error.text, "there is no such folder (No such file or directory); make it"), "%s", error.text);
}
END_TEST

static TCase *binding(void) {
    TCase *group = tcase_create("binding");
    tcase_add_test(group, a_port_in_use_is_named_with_advice);
    tcase_add_test(group, a_foreign_address_is_named);
    tcase_add_test(group, a_foreign_address_can_be_bound_before_it_is_there);
    tcase_add_test(group, an_interface_that_is_not_there_is_named);
    tcase_add_test(group, a_low_port_without_the_right_is_explained);
    tcase_add_test(group, ipv4_and_ipv6_share_a_port);
    tcase_add_test(group, a_stale_unix_socket_is_replaced);
    tcase_add_test(group, a_living_unix_socket_is_left_alone);
    tcase_add_test(group, a_file_in_the_place_of_a_socket_is_left_alone);
    tcase_add_test(group, a_socket_in_a_missing_folder_is_explained);
    return group;
}

UNIT_MAIN("lib/net/sock_bind", binding)
