/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_pacing: how many requests a second are handled, and what becomes of those that wait.
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/base/clock.h"

#include <string.h>

/* A burst of ten, then one each tenth of a second. */
enum { PER_S = 10, INTERVAL_MS = 1000 / PER_S, WAITING = 4, LIMIT_MS = 20000 };

#define STATUS "GET /v1/status HTTP/1.1\r\n" HOST "\r\n"

static struct fixture fixture;

static void setup(void) {
    fixture_defaults(&fixture);
    fixture.options.requests_per_s = PER_S;
    fixture_start(&fixture);
}

static void teardown(void) {
    fixture_stop(&fixture);
}

static uint64_t delayed(void) {
    return http_server_counts(fixture.server).delayed;
}

/* Now the next ones have to wait, too. */
static void ask_until_one_waited(void) {
    uint64_t before = delayed(), end_ms = clock_ms() + LIMIT_MS;
    while (delayed() == before) {
        ck_assert_msg(clock_ms() < end_ms, "no request had to wait");
        ck_assert_uint_eq(ask(&fixture, false, STATUS), 200);
    }
}

static bool has_arrived(void *context) {
    return http_server_counts(fixture.server).requests > *(const uint64_t *)context;
}

/* Of peers that ask one right after the other has arrived: by pipes of Windows they come in any order. */
static void ask_from(struct peer *peers, size_t count, bool is_tcp, const char *request) {
    ask_until_one_waited();
    fixture.handled = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t before = http_server_counts(fixture.server).requests;
        peers[i] = peer_connect(&fixture, is_tcp);
        peer_text(&peers[i], request);
        ck_assert(unit_run_until(fixture.base, has_arrived, &before, LIMIT_MS));
    }
}

static void close_all(struct peer *peers, size_t count) {
    for (size_t i = 0; i < count; i++)
        peer_close(&peers[i]);
}

START_TEST(a_burst_is_answered_at_once) {
    for (unsigned i = 0; i < PER_S; i++)
        ck_assert_uint_eq(ask(&fixture, false, STATUS), 200);
    ck_assert_uint_eq(delayed(), 0);
}
END_TEST

/* However slow the machine is, more than a burst and what the time allows are never handled. */
START_TEST(requests_in_a_row_come_no_faster_than_the_pace) {
    uint64_t start_ms = clock_ms();
    for (unsigned i = 0; i < 2 * PER_S; i++)
        ck_assert_uint_eq(ask(&fixture, false, STATUS), 200);
    ck_assert_uint_ge(clock_ms() - start_ms, (PER_S - 1) * INTERVAL_MS);
}
END_TEST

/* The first `count` have answers, and no other. */
static size_t count_answered(struct peer *peers, size_t count) {
    size_t answered = 0;
    for (size_t i = 0; i < count; i++) {
        peer_take(&peers[i]);
        ck_assert_msg(!peers[i].length || answered == i, "number %zu was answered before number %zu", i, answered);
        answered += peers[i].length > 0;
    }
    return answered;
}

START_TEST(what_waits_is_answered_in_the_order_in_which_it_came) {
    struct peer peers[WAITING];
    uint64_t before = delayed();
    ask_from(peers, WAITING, false, STATUS);
    ck_assert_uint_ge(delayed(), before + 1);
    while (count_answered(peers, WAITING) < WAITING)
        event_base_loop(fixture.base, EVLOOP_ONCE);
    close_all(peers, WAITING);
}
END_TEST

START_TEST(a_client_that_goes_while_it_waits_is_forgotten) {
    struct peer peers[WAITING];
    ask_from(peers, WAITING, false, STATUS);
    close_all(peers, WAITING);
    ck_assert_uint_eq(ask(&fixture, false, STATUS), 200); /* behind them */
    ck_assert_uint_le(fixture.handled, WAITING + 1);
    while (http_server_counts(fixture.server).connections_unix)
        event_base_loop(fixture.base, EVLOOP_ONCE);
}
END_TEST

START_TEST(a_server_ends_while_requests_wait) {
    struct peer peers[WAITING];
    ask_from(peers, WAITING, false, STATUS);
    http_server_free(fixture.server);
    fixture.server = NULL;
    close_all(peers, WAITING);
}
END_TEST

START_TEST(a_request_without_a_token_waits_like_others) {
    struct peer peers[WAITING];
    uint64_t before = delayed();
    ask_from(peers, WAITING, true, "GET /v1/status HTTP/1.1\r\n" HOST "\r\n");
    for (size_t i = 0; i < WAITING; i++)
        ck_assert_uint_eq(peer_wait_answer(&peers[i]), 401);
    ck_assert_uint_ge(delayed(), before + 1);
    close_all(peers, WAITING);
}
END_TEST

static TCase *pacing(void) {
    TCase *group = tcase_create("pacing");
    tcase_set_timeout(group, 60);
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, a_burst_is_answered_at_once);
    tcase_add_test(group, requests_in_a_row_come_no_faster_than_the_pace);
    tcase_add_test(group, what_waits_is_answered_in_the_order_in_which_it_came);
    tcase_add_test(group, a_client_that_goes_while_it_waits_is_forgotten);
    tcase_add_test(group, a_server_ends_while_requests_wait);
    tcase_add_test(group, a_request_without_a_token_waits_like_others);
    return group;
}

UNIT_MAIN("lib/http/pacing", pacing)
