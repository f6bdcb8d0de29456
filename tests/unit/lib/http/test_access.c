/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_access: who may ask: peers, Host, Origin, tokens, roles, what a wrong token costs; test_access_posix.c: other
 * users.
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture fixture;

static void setup(void) {
    fixture_defaults(&fixture);
    fixture_start(&fixture);
}

static void teardown(void) {
    fixture_stop(&fixture);
}

static unsigned get(const char *path, const char *headers) {
    char request[1024];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n%s\r\n", path, headers);
    return ask(&fixture, true, request);
}

static unsigned post(const char *headers) {
    char request[1024];
    snprintf(request, sizeof request, "POST /v1/pause HTTP/1.1\r\n%s\r\n", headers);
    return ask(&fixture, true, request);
}

START_TEST(a_token_is_needed_on_tcp) {
    ck_assert_uint_eq(get("/v1/status", HOST), 401);
    ck_assert_uint_eq(get("/v1/status", HOST "Authorization: Basic YTpi\r\n"), 401);
    ck_assert_uint_eq(get("/v1/status", HOST "Authorization: Bearer\r\n"), 401);
    ck_assert_uint_eq(get("/v1/status", HOST BEARER BEARER), 401);
    ck_assert_uint_eq(get("/v1/status", HOST "Authorization: Bearer " ADMIN_TOKEN "x\r\n"), 401);
    ck_assert_uint_eq(get("/v1/status", HOST BEARER), 200);
    ck_assert_str_eq(fixture.last_actor, "token laptop");
    ck_assert_uint_eq(get("/open", HOST), 200);
    ck_assert_uint_eq(ask(&fixture, false, "GET /v1/status HTTP/1.1\r\n" HOST "\r\n"), 200);
}
END_TEST

START_TEST(a_role_may_what_it_may) {
    ck_assert_uint_eq(get("/v1/status", HOST "Authorization: bearer " VIEW_TOKEN "\r\n"), 200);
    ck_assert_uint_eq(post(HOST "Authorization: Bearer " VIEW_TOKEN "\r\n"), 403);
    ck_assert_uint_eq(post(HOST BEARER), 204);
}
END_TEST

START_TEST(a_name_that_is_not_ours_is_refused) {
    static const char *const foreign[] = {"evil.example",
                                          "localhost.evil.example",
                                          "127.0.0.1.evil.example:80",
                                          "[::2]",
                                          "localhost:80:80",
                                          "localhost:x",
                                          "",
                                          "127.0.0.2"};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        char headers[256];
        snprintf(headers, sizeof headers, "Host: %s\r\n" BEARER, foreign[i]);
        ck_assert_msg(get("/v1/status", headers) == 421, "%s", foreign[i]);
    }
    ck_assert_uint_eq(http_server_counts(fixture.server).refused_host, 8);
    ck_assert_uint_eq(get("/v1/status", "Host: 127.0.0.1:9000\r\n" BEARER), 200);
    ck_assert_uint_eq(get("/v1/status", "Host: [::1]\r\n" BEARER), 200);
    ck_assert_uint_eq(get("/v1/status", "Host: LocalHost:1\r\n" BEARER), 200);
    ck_assert_uint_eq(get("http://localhost/v1/status", HOST BEARER), 200);
}
END_TEST

START_TEST(a_name_of_the_list_is_ours) {
    static const char *const names[] = {"admin.example", "other.example:81", NULL};
    fixture_stop(&fixture);
    fixture_defaults(&fixture);
    fixture.options.hosts = names;
    fixture_start(&fixture);
    ck_assert_uint_eq(get("/open", "Host: admin.example:8443\r\n"), 200);
    ck_assert_uint_eq(get("/open", "Host: other.example:81\r\n"), 200);
    ck_assert_uint_eq(get("/open", "Host: other.example\r\n"), 421);
}
END_TEST

START_TEST(another_origin_changes_nothing) {
    ck_assert_uint_eq(post(HOST BEARER "Origin: http://evil.example\r\n"), 403);
    ck_assert_uint_eq(post(HOST BEARER "Origin: null\r\n"), 403);
    ck_assert_uint_eq(post(HOST BEARER "Origin: https://localhost\r\n"), 403);
    ck_assert_uint_eq(post("Host: localhost:80\r\n" BEARER "Origin: http://localhost:3000\r\n"), 403);
    ck_assert_uint_eq(post(HOST BEARER "Origin: http://localhost\r\nOrigin: http://evil.example\r\n"), 403);
    ck_assert_uint_eq(post(HOST BEARER "Sec-Fetch-Site: cross-site\r\n"), 403);
    ck_assert_uint_eq(post(HOST BEARER "Sec-Fetch-Site: same-site\r\n"), 403);
    ck_assert_uint_eq(fixture.handled, 0);
    ck_assert_uint_eq(post(HOST BEARER "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n"), 204);
    ck_assert_uint_eq(get("/v1/status", HOST BEARER "Origin: http://evil.example\r\n"), 200);
    ck_assert_uint_eq(http_server_counts(fixture.server).refused_origin, 7);
}
END_TEST

#define STATUS "GET /v1/status HTTP/1.1\r\n" HOST BEARER "\r\n"
#define GUESS  "GET /v1/status HTTP/1.1\r\n" HOST "Authorization: Bearer wrong\r\n\r\n"

static unsigned connections(void) {
    return http_server_counts(fixture.server).connections_tcp;
}

static bool has_refused(void *context) {
    const unsigned *expected = context;
    return http_server_counts(fixture.server).refused_token >= *expected;
}

static void wait_for_guesses(unsigned count) {
    ck_assert(unit_run_until(fixture.base, has_refused, &count, 8000));
}

START_TEST(wrong_tokens_lock_no_other_client_out) {
    struct peer wrong[6];
    for (size_t i = 0; i < 6; i++) {
        wrong[i] = peer_connect(&fixture, true);
        peer_text(&wrong[i], GUESS);
    }
    wait_for_guesses(6);
    ck_assert_uint_eq(get("/v1/status", HOST BEARER), 200);
    ck_assert_uint_eq(fixture.answered, 1);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(peer_wait_answer(&wrong[i]), 401);
        ck_assert_msg(strstr(wrong[i].bytes, "the token is wrong"), "%s", wrong[i].bytes);
        peer_close(&wrong[i]);
    }
    ck_assert_uint_eq(get("/v1/status", HOST BEARER), 200);
}
END_TEST

static bool is_empty(void *context) {
    (void)context;
    return connections() == 0;
}

/* A right one is answered at once, so who guesses need not wait for the answer. */
START_TEST(guesses_of_clients_that_go_are_as_slow) {
    uint64_t begin_ms = clock_ms();
    for (unsigned i = 0; i < fixture.options.connections_most; i++) {
        struct peer peer = peer_connect(&fixture, true);
        peer_text(&peer, GUESS);
        wait_for_guesses(i + 1);
        sock_close_reset(peer.fd);
        free(peer.bytes);
    }
    unit_run_rounds(fixture.base, 10);
    unsigned status = ask(&fixture, true, STATUS);
    ck_assert_msg(status == 503 || clock_ms() >= begin_ms + 1000, "%u: a guess gave its place up", status);
    ck_assert(unit_run_until(fixture.base, is_empty, NULL, 8000));
    ck_assert_uint_ge(clock_ms() - begin_ms, 1000);
    ck_assert_uint_eq(fixture.answered, fixture.options.connections_most); /* for the log */
    ck_assert_uint_eq(fixture.last_status, 401);
}
END_TEST

START_TEST(a_proven_connection_is_no_place_to_guess) {
    struct peer peer = peer_connect(&fixture, true);
    peer_text(&peer, STATUS);
    ck_assert_uint_eq(peer_wait_answer(&peer), 200);
    uint64_t begin_ms = clock_ms();
    for (unsigned i = 1; i <= 2; i++) {
        peer_forget(&peer);
        peer_text(&peer, GUESS);
        ck_assert_uint_eq(peer_wait_answer(&peer), 401);
        ck_assert_uint_ge(clock_ms() - begin_ms, i * 1000);
    }
    peer_close(&peer);
}
END_TEST

START_TEST(a_server_may_end_while_a_guess_waits) {
    struct peer peer = peer_connect(&fixture, true);
    peer_text(&peer, GUESS);
    wait_for_guesses(1);
    http_server_free(fixture.server);
    fixture.server = NULL;
    ck_assert_uint_eq(fixture.answered, 1);
    peer_close(&peer);
}
END_TEST

static TCase *access_checks(void) {
    TCase *group = tcase_create("access");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, a_token_is_needed_on_tcp);
    tcase_add_test(group, a_role_may_what_it_may);
    tcase_add_test(group, a_name_that_is_not_ours_is_refused);
    tcase_add_test(group, a_name_of_the_list_is_ours);
    tcase_add_test(group, another_origin_changes_nothing);
    tcase_add_test(group, wrong_tokens_lock_no_other_client_out);
    tcase_add_test(group, guesses_of_clients_that_go_are_as_slow);
    tcase_add_test(group, a_proven_connection_is_no_place_to_guess);
    tcase_add_test(group, a_server_may_end_while_a_guess_waits);
    return group;
}

UNIT_MAIN("lib/http/access", access_checks)
