/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_answer_cache: whom an answer is given that was made for another question.
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/base/clock.h"

#include <stdio.h>
#include <string.h>

enum { CROWD = 3, LIMIT_MS = 20000 };

static const char *const repeatable[] = {"/v1/status", NULL};
static struct fixture fixture;

static void setup(void) {
    fixture_defaults(&fixture);
    fixture.options.repeatable = repeatable;
    fixture.options.crowd_per_s = CROWD;
    fixture_start(&fixture);
}

static void teardown(void) {
    fixture_stop(&fixture);
}

static unsigned get(const char *path) {
    char text[256];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
    return ask(&fixture, false, text);
}

/* Asks until an answer was repeated: it is in the cache. */
static void make_a_crowd(void) {
    uint64_t end_ms = clock_ms() + LIMIT_MS;
    unsigned asked = fixture.handled;
    while (asked == fixture.handled) {
        ck_assert_msg(clock_ms() < end_ms, "no answer was repeated");
        ck_assert_uint_eq(get("/v1/status"), 200);
        asked++;
    }
}

START_TEST(a_crowd_is_given_one_answer) {
    make_a_crowd();
    ck_assert_uint_ge(fixture.handled, CROWD);
    char *answer = ask_all(&fixture, false, "GET /v1/status HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_ptr_nonnull(strstr(answer, "Content-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(answer, "Content-Security-Policy:"));
    ck_assert_ptr_nonnull(strstr(answer, "{\"state\":\"ok\"}"));
    free(answer);
}
END_TEST

START_TEST(few_questions_are_each_answered_anew) {
    for (unsigned i = 1; i <= CROWD; i++) {
        ck_assert_uint_eq(get("/v1/status"), 200);
        ck_assert_uint_eq(fixture.handled, i);
    }
}
END_TEST

START_TEST(a_change_is_seen_at_once) {
    make_a_crowd();
    ck_assert_uint_eq(ask(&fixture, false, "POST /v1/pause HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"), 204);
    unsigned handled = fixture.handled;
    ck_assert_uint_eq(get("/v1/status"), 200);
    ck_assert_uint_eq(fixture.handled, handled + 1);
}
END_TEST

START_TEST(a_change_that_takes_its_time_is_seen_when_it_is_done) {
    struct peer peer = peer_connect(&fixture, false);
    peer_text(&peer, "POST /later HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n");
    while (!fixture.kept)
        event_base_loop(fixture.base, EVLOOP_ONCE);
    make_a_crowd();
    http_answer_empty(fixture.kept, 204);
    fixture.kept = NULL;
    unsigned handled = fixture.handled;
    ck_assert_uint_eq(get("/v1/status"), 200);
    ck_assert_uint_eq(fixture.handled, handled + 1);
    peer_close(&peer);
}
END_TEST

START_TEST(another_role_gets_an_answer_of_its_own) {
    make_a_crowd();
    unsigned handled = fixture.handled;
    ck_assert_uint_eq(ask(&fixture, true,
                          "GET /v1/status HTTP/1.1\r\n" HOST "Authorization: Bearer " VIEW_TOKEN "\r\n\r\n"),
                      200);
    ck_assert_uint_eq(fixture.handled, handled + 1);
}
END_TEST

START_TEST(without_a_right_to_it_no_answer_is_repeated) {
    make_a_crowd();
    ck_assert_uint_eq(ask(&fixture, true, "GET /v1/status HTTP/1.1\r\n" HOST "\r\n"), 401);
}
END_TEST

START_TEST(other_paths_and_methods_are_answered_each_time) {
    make_a_crowd();
    for (unsigned i = 0; i < 20; i++) {
        unsigned handled = fixture.handled;
        ck_assert_uint_eq(get("/open"), 200);
        ck_assert_uint_eq(get("/v1/services/ssh"), 200);
        ck_assert_uint_eq(fixture.handled, handled + 2);
    }
}
END_TEST

static TCase *repeating(void) {
    TCase *group = tcase_create("repeating");
    tcase_set_timeout(group, 60);
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, a_crowd_is_given_one_answer);
    tcase_add_test(group, few_questions_are_each_answered_anew);
    tcase_add_test(group, a_change_is_seen_at_once);
    tcase_add_test(group, a_change_that_takes_its_time_is_seen_when_it_is_done);
    tcase_add_test(group, another_role_gets_an_answer_of_its_own);
    tcase_add_test(group, without_a_right_to_it_no_answer_is_repeated);
    tcase_add_test(group, other_paths_and_methods_are_answered_each_time);
    return group;
}

UNIT_MAIN("lib/http/answer_cache", repeating)
