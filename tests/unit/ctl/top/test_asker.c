/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_asker: asker.c and ask.c against a server that this test plays: the main thread never waits for an answer.
 */
#include "config.h"

#include "ctl/top/asker.h"

#include "ctl/answer.h"
#include "lib/base/clock.h"
#include "unit.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAIT_MS = 10000, LONG_MS = 60000 };

static int listener, peer = -1;
static struct asker *asker;

static void listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 4), 0);
}

static void start(void) {
    struct error error = {""};
    struct http_client *client = http_client_new(unit_path("s.sock"), LONG_MS, &error);

    ck_assert_msg(client, "%s", error.text);
    asker = asker_new(client, &error);
    ck_assert_msg(asker, "%s", error.text);
}

static void set_up(void) {
    listen_at(unit_path("s.sock"));
    start();
}

static void tear_down(void) {
    asker_free(asker);
    close(listener);
    close(peer);
}

static bool is_readable(int fd) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};

    return poll(&polled, 1, WAIT_MS) == 1;
}

/* The next request, on the connection that there is. */
static void expect_request(const char *line) {
    char text[1024] = "";

    if (peer < 0) {
        ck_assert(is_readable(listener));
        peer = accept(listener, NULL, NULL);
    }
    ck_assert(is_readable(peer));
    ssize_t got = read(peer, text, sizeof text - 1);
    ck_assert_msg(got > 0 && strncmp(text, line, strlen(line)) == 0, "%s", text);
}

static void answer(const char *status, const char *type, const char *json) {
    char text[1024];

    int length = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", status,
                          type, strlen(json), json);
    ck_assert_int_eq(write(peer, text, (size_t)length), length);
}

static struct ask_round round_of(const char *first, const char *second) {
    struct ask_round round = {.generation = 7};

    ask_add(&round, ASK_STATUS, "GET", first);
    if (second)
        ask_add(&round, ASK_LIST, "GET", second);
    return round;
}

START_TEST(a_round_is_asked_and_comes_back) {
    struct ask_round round = round_of("/v1/status", "/v1/services"), answered;

    ck_assert(asker_post(asker, &round));
    expect_request("GET /v1/status ");
    ck_assert(!asker_take(asker, &answered));
    answer("200 OK", "application/json", "{\"host\":\"relay1\"}");
    expect_request("GET /v1/services ");
    answer("200 OK", "application/json", "{\"services\":[]}");
    ck_assert(is_readable(asker_fd(asker)));
    ck_assert(asker_take(asker, &answered));
    ck_assert_uint_eq(answered.generation, 7);
    ck_assert_uint_eq(answered.asks[1].status, 200);
    ck_assert_str_eq(answer_text(answered.asks[0].json, "host", ""), "relay1");
    ask_done(&answered);
    ck_assert(!asker_take(asker, &answered));
}
END_TEST

START_TEST(a_refusal_is_explained) {
    struct ask_round round = round_of("/v1/status", NULL), answered;

    ck_assert(asker_post(asker, &round));
    expect_request("GET ");
    answer("403 Forbidden", "application/problem+json", "{\"detail\":\"the role view may not\"}");
    ck_assert(is_readable(asker_fd(asker)));
    ck_assert(asker_take(asker, &answered));
    ck_assert_uint_eq(answered.asks[0].status, 403);
    ck_assert_ptr_null(answered.asks[0].json);
    ck_assert_str_eq(answered.asks[0].error.text, "the role view may not");
    ask_done(&answered);
}
END_TEST

/* munnel top --once prints it, and so does the live view when it ends. */
START_TEST(a_refusal_cannot_change_the_terminal) {
    struct ask_round round = round_of("/v1/status", NULL), answered;

    ck_assert(asker_post(asker, &round));
    expect_request("GET ");
    answer("500 Oops", "application/problem+json", "{\"detail\":\"a\\u001b[2Jb\\u0007\"}");
    ck_assert(is_readable(asker_fd(asker)));
    ck_assert(asker_take(asker, &answered));
    ck_assert_str_eq(answered.asks[0].error.text, "a?[2Jb?");
    ask_done(&answered);
}
END_TEST

START_TEST(without_an_answer_the_others_are_not_asked) {
    struct ask_round round = round_of("/v1/status", "/v1/services"), answered;

    ck_assert(asker_post(asker, &round));
    expect_request("GET ");
    close(peer);
    peer = -1;
    ck_assert(is_readable(asker_fd(asker)));
    ck_assert(asker_take(asker, &answered));
    ck_assert_uint_eq(answered.asks[0].status, 0);
    ck_assert_str_ne(answered.asks[0].error.text, "");
    ck_assert_uint_eq(answered.asks[1].status, 0);
    ask_done(&answered);
}
END_TEST

START_TEST(the_queue_has_an_end) {
    struct ask_round round = round_of("/v1/status", NULL);

    ck_assert(asker_post(asker, &round));
    expect_request("GET "); /* it is under way */
    ck_assert(asker_post(asker, &round));
    ck_assert(asker_post(asker, &round));
    ck_assert(!asker_post(asker, &round));
}
END_TEST

/* Who quits does not wait for a server that hangs. */
START_TEST(the_end_waits_for_no_answer) {
    struct ask_round round = round_of("/v1/status", NULL);
    uint64_t before_ms = clock_ms();

    ck_assert(asker_post(asker, &round));
    expect_request("GET ");
    asker_free(asker);
    ck_assert_uint_lt(clock_ms() - before_ms, WAIT_MS);
    start();
}
END_TEST

static TCase *asking(void) {
    TCase *group = tcase_create("asking");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_round_is_asked_and_comes_back);
    tcase_add_test(group, a_refusal_is_explained);
    tcase_add_test(group, a_refusal_cannot_change_the_terminal);
    tcase_add_test(group, without_an_answer_the_others_are_not_asked);
    tcase_add_test(group, the_queue_has_an_end);
    tcase_add_test(group, the_end_waits_for_no_answer);
    return group;
}

UNIT_MAIN("ctl/top/asker", asking)
