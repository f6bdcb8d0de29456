/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_http_guard: which bytes of a client pass, in any pieces, and when it is answered.
 */
#include "config.h"

#include "unit.h"

#include "relay/http_guard.h"

#include <stdlib.h>
#include <string.h>

#define GET(host) "GET / HTTP/1.1\r\nHost: " host "\r\n\r\n"
#define CHUNKED   "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
#define UPGRADE   "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define SWITCHED  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

enum { PASSED_SIZE = 1 << 17 };

static struct http_guard *guard;
static char passed[PASSED_SIZE];
static size_t passed_length;
static char service; /* its address is one */

static void begin(void) {
    char a[] = "a", below[] = "*.a", b[] = "b";
    char *of_a[] = {a, below}, *of_b[] = {b};
    struct host_routes *routes = host_routes_new();

    ck_assert_ptr_nonnull(routes);
    ck_assert_int_eq(host_routes_add(routes, &(struct strlist){of_a, 2}, (struct service *)(void *)&service), 0);
    ck_assert_int_eq(host_routes_add(routes, &(struct strlist){of_b, 1}, (struct service *)(void *)&guard), 0);
    host_routes_sort(routes);
    guard = http_guard_new(routes, (struct service *)(void *)&service);
    ck_assert_ptr_nonnull(guard);
    host_routes_release(routes);
    passed_length = 0;
}

static void end(void) {
    http_guard_free(guard);
}

static void pass(void) {
    size_t length;
    const uint8_t *bytes = http_guard_passable(guard, &length);

    ck_assert_uint_le(passed_length + length, sizeof passed - 1);
    if (length > 0) {
        memcpy(passed + passed_length, bytes, length);
        http_guard_passed(guard, length);
    }
    passed_length += length;
    passed[passed_length] = '\0';
}

/* Up to where it is not read any more; returns how much was taken. */
static size_t say_in(const char *text, size_t piece) {
    size_t length = strlen(text), at = 0, room;

    while (at < length && http_guard_state(guard) == HTTP_GUARD_READING) {
        size_t now = length - at < piece ? length - at : piece;
        uint8_t *to = http_guard_room(guard, &room);
        ck_assert_ptr_nonnull(to);
        ck_assert_uint_gt(room, 0);
        now = now < room ? now : room;
        memcpy(to, text + at, now);
        http_guard_take(guard, now);
        at += now;
        pass();
    }
    return at;
}

static void say(const char *text) {
    ck_assert_uint_eq(say_in(text, strlen(text)), strlen(text));
}

static void respond(const char *text) {
    struct iovec part = {(void *)(uintptr_t)text, strlen(text)};

    http_guard_respond(guard, &part, 1);
    pass();
}

static bool is_answered(const char *status) {
    size_t length;
    const char *answer = http_guard_answer(guard, &length);

    return http_guard_state(guard) == HTTP_GUARD_STOPPED && http_guard_next(guard) == HTTP_GUARD_ANSWER && answer &&
           strncmp(answer + strlen("HTTP/1.1 "), status, 3) == 0;
}

static bool is_at(enum http_guard_state state, enum http_guard_step step) {
    return http_guard_state(guard) == state && http_guard_next(guard) == step;
}

/* ---- which bytes pass ---- */

/* answers: there are so many, and then the one of ours comes. */
static const struct {
    const char *text, *passes;
    int answers;
    const char *status;
} cases[] = {
    {GET("a") GET("b"), GET("a"), 1, "421"},
    {GET("a") "\r\n" GET("a") GET("b") GET("a"), GET("a") "\r\n" GET("a"), 2, "421"},
    {GET("a") GET("x.A:80") GET("c"), GET("a") GET("x.A:80"), 2, "421"},
    {GET("a") "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", GET("a"), 1, "421"},
    {GET("a") "GET / HTTP/1.0\r\n\r\n", GET("a"), 1, "421"},
    {CHUNKED "3\r\nabc\r\n0\r\n\r\n" GET("b"), CHUNKED "3\r\nabc\r\n0\r\n\r\n", 1, "421"},
    {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n" GET("b") "0123456789abc" GET(
         "b"),
     "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n" GET("b") "0123456789abc", 1,
     "421"},
    {GET("a") "GET / HTTP/1.1\r\n\r\n", GET("a"), 1, "400"},
    {GET("a") "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", GET("a"), 1, "400"},
    {GET("a") "nonsense\r\n\r\n", GET("a"), 1, "400"},
    {GET("a") "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", GET("a"), 1, "400"},
    {GET("a") "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     GET("a"), 1, "400"},
    {GET("a") "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nx", GET("a"), 1, "400"},
};

START_TEST(what_is_for_another_host_or_malformed_does_not_pass) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t piece = 1; piece <= 256; piece = piece < 8 ? piece + 1 : piece * 4) {
            begin();
            (void)say_in(cases[i].text, piece);
            ck_assert_int_eq(http_guard_state(guard), HTTP_GUARD_STOPPED);
            ck_assert_str_eq(passed, cases[i].passes);
            for (int answer = 0; answer < cases[i].answers; answer++) {
                ck_assert_int_eq(http_guard_next(guard), HTTP_GUARD_WAIT);
                respond(OK_ANSWER);
            }
            ck_assert_msg(is_answered(cases[i].status), "%s", cases[i].text);
            ck_assert_ptr_nonnull(http_guard_detail(guard));
            end();
        }
    }
}
END_TEST

START_TEST(requests_of_the_same_host_pass_without_end) {
    size_t passes = 0;

    begin();
    for (int i = 0; i < 20000; i++) {
        say(i % 3 ? GET("a") : CHUNKED "1\r\nx\r\n0\r\n\r\n");
        passes += passed_length;
        passed_length = 0;
        respond(OK_ANSWER);
    }
    ck_assert_int_eq(http_guard_state(guard), HTTP_GUARD_READING);
    ck_assert_uint_eq(passes, 6667 * strlen(CHUNKED "1\r\nx\r\n0\r\n\r\n") + 13333 * strlen(GET("a")));
    ck_assert_ptr_null(http_guard_detail(guard));
    end();
}
END_TEST

START_TEST(requests_wait_while_very_many_are_not_answered) {
    static char many[2000 * sizeof GET("a")];
    size_t at = 0, all;

    begin();
    for (int i = 0; i < 2000; i++)
        memcpy(many + i * strlen(GET("a")), GET("a"), sizeof GET("a"));
    all = strlen(many);
    while (at < all) {
        at += say_in(many + at, 1000);
        if (http_guard_state(guard) == HTTP_GUARD_HOLDING)
            respond(OK_ANSWER);
    }
    for (int i = 0; i < 2000 && passed_length < all; i++)
        respond(OK_ANSWER);
    ck_assert_str_eq(passed, many);
    ck_assert_int_eq(http_guard_state(guard), HTTP_GUARD_READING);
    end();
}
END_TEST

START_TEST(a_head_is_kept_only_up_to_a_bound) {
    begin();
    say(GET("a") "GET / HTTP/1.1\r\nX: ");
    for (int i = 0; i < 1000 && http_guard_state(guard) == HTTP_GUARD_READING; i++)
        say("0123456789012345678901234567890123456789");
    ck_assert_str_eq(passed, GET("a"));
    respond(OK_ANSWER);
    ck_assert(is_answered("431"));
    end();
}
END_TEST

/* ---- answers ---- */

START_TEST(an_answer_never_comes_within_another_one) {
    begin();
    say(GET("a") GET("b"));
    respond("HTTP/1.1 100 Continue\r\n\r\n");
    ck_assert(is_at(HTTP_GUARD_STOPPED, HTTP_GUARD_WAIT));
    respond("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
    ck_assert(is_at(HTTP_GUARD_STOPPED, HTTP_GUARD_WAIT));
    http_guard_end(guard); /* it is cut */
    ck_assert(is_at(HTTP_GUARD_STOPPED, HTTP_GUARD_FINISH));
    end();
    begin();
    say(GET("a") GET("b"));
    respond("no HTTP");
    ck_assert(is_at(HTTP_GUARD_STOPPED, HTTP_GUARD_FINISH));
    end();
    begin();
    say(GET("a"));
    respond("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    say(GET("b"));
    ck_assert(is_at(HTTP_GUARD_STOPPED, HTTP_GUARD_FINISH));
    end();
}
END_TEST

START_TEST(an_answer_to_head_has_no_body) {
    size_t length;

    begin();
    say(GET("a") "HEAD / HTTP/1.1\r\nHost: b\r\n\r\n");
    respond(OK_ANSWER);
    ck_assert(is_answered("421"));
    const char *answer = http_guard_answer(guard, &length);
    ck_assert_uint_lt(length, strlen(answer));
    ck_assert_int_eq(memcmp(answer + length - 4, "\r\n\r\n", 4), 0);
    end();
}
END_TEST

START_TEST(a_body_that_is_malformed_ends_there) {
    begin();
    say(GET("a") CHUNKED "3\r\n");
    say("abcd");
    ck_assert_str_eq(passed, GET("a") CHUNKED "3\r\n");
    ck_assert(is_at(HTTP_GUARD_STOPPED, HTTP_GUARD_WAIT));
    respond(OK_ANSWER);
    ck_assert(is_at(HTTP_GUARD_STOPPED, HTTP_GUARD_FINISH)); /* the destination waits for the rest */
    http_guard_end(guard);
    ck_assert(is_answered("400")); /* it has not answered this one */
    end();
}
END_TEST

START_TEST(bytes_behind_the_last_request_are_not_answered) {
    begin();
    say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n\r\n" GET("b"));
    ck_assert(is_at(HTTP_GUARD_STOPPED, HTTP_GUARD_FINISH));
    ck_assert_ptr_null(http_guard_detail(guard));
    end();
}
END_TEST

/* ---- other protocols ---- */

START_TEST(what_follows_an_upgrade_waits_for_its_answer) {
    begin();
    say(UPGRADE GET("b"));
    ck_assert_int_eq(http_guard_state(guard), HTTP_GUARD_HOLDING);
    ck_assert_str_eq(passed, UPGRADE);
    respond(SWITCHED);
    ck_assert_int_eq(http_guard_state(guard), HTTP_GUARD_OPEN);
    ck_assert_str_eq(passed, UPGRADE GET("b"));
    end();
}
END_TEST

START_TEST(behind_a_refused_upgrade_requests_go_on) {
    begin();
    say(UPGRADE GET("a") GET("b"));
    respond(OK_ANSWER);
    ck_assert_str_eq(passed, UPGRADE GET("a"));
    respond(OK_ANSWER);
    ck_assert(is_answered("421"));
    end();
    begin();
    say("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n" GET("b"));
    respond("HTTP/1.1 405 Not Allowed\r\nContent-Length: 0\r\n\r\n");
    ck_assert(is_answered("421"));
    end();
}
END_TEST

START_TEST(an_upgrade_whose_answer_is_no_http_ends_there) {
    begin();
    say(UPGRADE GET("b"));
    respond("no HTTP");
    ck_assert(is_at(HTTP_GUARD_STOPPED, HTTP_GUARD_FINISH));
    ck_assert_str_eq(passed, UPGRADE);
    end();
    begin();
    say(UPGRADE GET("b"));
    http_guard_end(guard);
    ck_assert(is_at(HTTP_GUARD_STOPPED, HTTP_GUARD_FINISH));
    ck_assert_str_eq(passed, UPGRADE);
    end();
}
END_TEST

static TCase *guarding(void) {
    TCase *group = tcase_create("guarding");

    tcase_add_test(group, what_is_for_another_host_or_malformed_does_not_pass);
    tcase_add_test(group, requests_of_the_same_host_pass_without_end);
    tcase_add_test(group, requests_wait_while_very_many_are_not_answered);
    tcase_add_test(group, a_head_is_kept_only_up_to_a_bound);
    tcase_add_test(group, an_answer_never_comes_within_another_one);
    tcase_add_test(group, an_answer_to_head_has_no_body);
    tcase_add_test(group, a_body_that_is_malformed_ends_there);
    tcase_add_test(group, bytes_behind_the_last_request_are_not_answered);
    tcase_add_test(group, what_follows_an_upgrade_waits_for_its_answer);
    tcase_add_test(group, behind_a_refused_upgrade_requests_go_on);
    tcase_add_test(group, an_upgrade_whose_answer_is_no_http_ends_there);
    return group;
}

UNIT_MAIN("relay/http_guard", guarding)
