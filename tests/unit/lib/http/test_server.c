/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server: listening, and running out of memory; test_server_posix.c: what is peculiar to a Unix socket,
 * descriptors.
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/net/sock.h"

#include <string.h>

static struct fixture fixture;

static void setup(void) {
    fixture_defaults(&fixture);
    fixture.options.request_ms = 300;
    fixture_start(&fixture);
}

static void teardown(void) {
    fixture_stop(&fixture);
}

START_TEST(only_loopback_is_listened_on_and_only_with_tokens) {
    struct error error = {""};
    struct addr addr = fixture.tcp_addr;
    struct endpoint anywhere = {.port = 1};
    http_server_set_tokens(fixture.server, NULL);
    addr_set_port(&addr, 0);
    ck_assert_int_eq(http_server_listen(fixture.server, &addr, NULL, &error), -1);
    ck_assert_msg(strstr(error.text, "needs tokens"), "%s", error.text);
    ck_assert(addr_from_endpoint(&addr, &anywhere));
    ck_assert_int_eq(http_server_listen(fixture.server, &addr, NULL, &error), -1);
    ck_assert_msg(strstr(error.text, "not a loopback address"), "%s", error.text);
    ck_assert_uint_eq(ask(&fixture, true, "GET /v1/status HTTP/1.1\r\n" HOST BEARER "\r\n"), 401);
}
END_TEST

START_TEST(an_address_can_be_given_up_while_others_stay) {
    struct error error = {""};
    struct addr second = fixture.tcp_addr;
    bool done;
    addr_set_port(&second, 0);
    ck_assert_msg(!http_server_listen(fixture.server, &second, NULL, &error), "%s", error.text);
    struct addr first = fixture.tcp_addr;
    fixture.tcp_addr = second;
    ck_assert_uint_eq(ask(&fixture, true, "GET /open HTTP/1.1\r\n" HOST "\r\n"), 200);
    struct peer peer = peer_connect(&fixture, true);
    peer_text(&peer, "GET /open HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_uint_eq(peer_wait_answer(&peer), 200);
    http_server_unlisten(fixture.server, &second);
    unit_run_rounds(fixture.base, 2);
    evutil_socket_t refused = sock_connect(&second, NULL, &done);
    ck_assert(refused < 0 || sock_connect_result(refused) != 0 || !done);
    sock_close(refused);
    peer_forget(&peer);
    peer_text(&peer, "GET /open HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_uint_eq(peer_wait_answer(&peer), 200);
    peer_close(&peer);
    fixture.tcp_addr = first;
    ck_assert_uint_eq(ask(&fixture, true, "GET /open HTTP/1.1\r\n" HOST "\r\n"), 200);
}
END_TEST

static void give_up_unix(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context;
    http_server_unlisten(fixture.server, &fixture.unix_addr);
}

START_TEST(a_client_is_served_whose_socket_is_given_up_in_the_turn_of_its_accept) {
    evutil_socket_t ends[2];
    if (local_is_pipe())
        return; /* its clients arrive in a turn that another thread chooses */
    ck_assert_int_eq(sock_wake_pair(ends), 0);
    struct peer peer = peer_connect(&fixture, false);
    sock_wake(ends[1]); /* later than the client, and so reported behind it */
    ck_assert_int_eq(event_base_once(fixture.base, ends[0], EV_READ, give_up_unix, NULL, NULL), 0);
    peer_text(&peer, "GET /open HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_uint_eq(peer_wait_answer(&peer), 200);
    peer_close(&peer);
    sock_close(ends[0]);
    sock_close(ends[1]);
}
END_TEST

START_TEST(connections_have_deadlines_when_nothing_is_listened_on) {
    struct peer peer = peer_connect(&fixture, true);
    unit_run_rounds(fixture.base, 3);
    http_server_unlisten(fixture.server, &fixture.tcp_addr);
    peer_text(&peer, "GET /");
    ck_assert(peer_wait_end(&peer));
    peer_close(&peer);
}
END_TEST

static TCase *listening(void) {
    TCase *group = tcase_create("listening");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, only_loopback_is_listened_on_and_only_with_tokens);
    tcase_add_test(group, an_address_can_be_given_up_while_others_stay);
    tcase_add_test(group, a_client_is_served_whose_socket_is_given_up_in_the_turn_of_its_accept);
    tcase_add_test(group, connections_have_deadlines_when_nothing_is_listened_on);
    return group;
}

UNIT_MAIN("lib/http/server", listening)
