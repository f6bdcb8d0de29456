/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_client: the client against the server, each on a thread of its own; and against servers that are none.
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/base/clock.h"
#include "lib/http/client.h"
#include "lib/http/local_listener.h"
#include "lib/net/sock.h"
#include "lib/os/thread.h"

#include <pthread.h>
#include <stdatomic.h>
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

/* A client on a thread of its own, while this one serves. */
struct run {
    pthread_t thread;
    void (*body)(struct http_client *client);
    struct http_client *client;
    atomic_bool has_ended;
    unsigned events;
};

static void *run_body(void *context) {
    struct run *run = context;
    run->body(run->client);
    atomic_store(&run->has_ended, true);
    return NULL;
}

static bool has_ended(void *context) {
    struct run *run = context;
    char data[32];
    snprintf(data, sizeof data, "line %u\nmore", run->events);
    if (fixture.stream && run->events < 3) {
        run->events++;
        (void)http_stream_send(fixture.stream,
                               &(struct http_event){run->events == 2 ? NULL : "7", "tick", data, strlen(data)});
        if (run->events == 3)
            http_stream_close(fixture.stream);
    }
    return atomic_load(&run->has_ended);
}

static struct http_client *client_of(const char *name, unsigned timeout_ms) {
    struct error error = {""};
    struct http_client *client = http_client_new(local_path(name), timeout_ms, &error);
    ck_assert_msg(client, "%s", error.text);
    return client;
}

static void run(void (*body)(struct http_client *client)) {
    struct run run = {.body = body, .client = client_of("http.sock", 5000)};
    ck_assert_int_eq(thread_start(&run.thread, "client", run_body, &run), 0);
    ck_assert(unit_run_until(fixture.base, has_ended, &run, 10000));
    pthread_join(run.thread, NULL);
    http_client_free(run.client);
}

static void ask_for(struct http_client *client, const struct http_ask *question, unsigned status,
                    struct http_reply *reply) {
    struct error error = {""};
    ck_assert_msg(!http_client_ask(client, question, reply, &error), "%s", error.text);
    ck_assert_uint_eq(reply->status, status);
}

static void several(struct http_client *client) {
    struct http_reply reply;
    struct error error = {""};
    json_t *body = json_pack("{ss}", "a", "\xc3\xa4");
    for (int i = 0; i < 3; i++) {
        ask_for(client, &(struct http_ask){"GET", "/v1/services/a%20b", NULL, NULL}, 200, &reply);
        ck_assert_str_eq(json_string_value(json_object_get(reply.json, "name")), "a b");
        ck_assert_str_eq(reply.version, "v1");
        http_reply_done(&reply);
        ask_for(client, &(struct http_ask){"PUT", "/v1/services/a", body, "v1"}, 201, &reply);
        ck_assert(json_equal(reply.json, body));
        http_reply_done(&reply);
        ask_for(client, &(struct http_ask){"POST", "/v1/pause", NULL, NULL}, 204, &reply);
        http_reply_done(&reply);
        ask_for(client, &(struct http_ask){"PUT", "/v1/services/a", body, "v0"}, 412, &reply);
        ck_assert_int_eq(http_reply_explain(&reply, &error), -1);
        ck_assert_msg(strstr(error.text, "has changed") && strstr(error.text, "If-Match"), "%s", error.text);
        http_reply_done(&reply);
    }
    ask_for(client, &(struct http_ask){"GET", "/v1/large", NULL, NULL}, 200, &reply);
    ck_assert_uint_eq(reply.length, 4 * 1024 * 1024);
    http_reply_done(&reply);
    json_decref(body);
}

START_TEST(requests_are_answered) {
    run(several);
    ck_assert_uint_eq(http_server_counts(fixture.server).requests, 13);
}
END_TEST

static void after_idle(struct http_client *client) {
    struct http_reply reply;
    ask_for(client, &(struct http_ask){"POST", "/v1/pause", NULL, NULL}, 204, &reply);
    http_reply_done(&reply);
    unit_nap(600000); /* the server closes after 200 ms */
    ask_for(client, &(struct http_ask){"POST", "/v1/pause", NULL, NULL}, 204, &reply);
    http_reply_done(&reply);
}

START_TEST(a_connection_that_was_closed_is_opened_again) {
    fixture_stop(&fixture);
    fixture_defaults(&fixture);
    fixture.options.idle_ms = 200;
    fixture_start(&fixture);
    run(after_idle);
    ck_assert_uint_eq(fixture.handled, 2);
}
END_TEST

static void follow(struct http_client *client) {
    struct error error = {""};
    struct http_client_event event;
    unsigned count = 0;
    ck_assert_msg(!http_client_follow(client, "/events", "41", &error), "%s", error.text);
    for (int got; (got = http_client_next(client, 100, &event, &error)) >= 0;) {
        char data[32];
        snprintf(data, sizeof data, "line %u\nmore", count);
        if (got == 0)
            continue;
        ck_assert_str_eq(event.data, data);
        ck_assert_str_eq(event.name, "tick");
        ck_assert_str_eq(event.id, count == 1 ? "" : "7");
        count++;
    }
    ck_assert_uint_eq(count, 3);
    ck_assert_msg(strstr(error.text, "has ended"), "%s", error.text);
    ck_assert_int_eq(http_client_next(client, 0, &event, &error), -1);
}

START_TEST(events_are_followed_to_their_end) {
    run(follow);
    ck_assert_str_eq(fixture.last_param, "41");
}
END_TEST

/* Answers each connection with these bytes. */
struct answering {
    pthread_t thread;
    struct local_listener *listener;
    const char *bytes;
    atomic_bool is_over;
};

static void *answer(void *context) {
    struct answering *answering = context;
    evutil_socket_t fds[4];
    size_t count = 0;
    struct addr peer;
    while (!atomic_load(&answering->is_over)) {
        evutil_socket_t fd = sock_accept(local_listener_fd(answering->listener), &peer);
        if (fd < 0) {
            unit_nap(1000);
            continue;
        }
        ck_assert_uint_lt(count, sizeof fds / sizeof *fds);
        fds[count++] = fd;
        (void)unit_send(fd, answering->bytes, strlen(answering->bytes));
        if (answering->bytes[0])
            (void)sock_half_close(fd);
    }
    while (count > 0)
        sock_close(fds[--count]);
    return NULL;
}

static void answer_at(struct answering *answering, const char *name, const char *bytes) {
    struct addr addr = local_addr(name);
    struct error error = {""};
    *answering = (struct answering){.bytes = bytes, .listener = local_listener_bind(&addr, NULL, &error)};
    ck_assert_msg(answering->listener && !local_listener_start(answering->listener, &error), "%s", error.text);
    ck_assert_int_eq(thread_start(&answering->thread, "answers", answer, answering), 0);
}

static void answer_no_more(struct answering *answering) {
    atomic_store(&answering->is_over, true);
    pthread_join(answering->thread, NULL);
    local_listener_free(answering->listener);
}

/* The head, all events and the end arrive in one read. */
START_TEST(events_that_come_with_the_head_are_seen) {
    static const char all[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n";
    struct error error = {""};
    struct http_client_event event;
    struct answering answering;
    answer_at(&answering, "all.sock", all);
    struct http_client *client = client_of("all.sock", 3000);
    ck_assert_msg(!http_client_follow(client, "/events", NULL, &error), "%s", error.text);
    ck_assert_int_eq(http_client_next(client, 0, &event, &error), 1);
    ck_assert_str_eq(event.data, "a");
    ck_assert_int_eq(http_client_next(client, 0, &event, &error), 1);
    ck_assert_str_eq(event.data, "b");
    ck_assert(local_is_pipe() || http_client_fd(client) >= 0);
    ck_assert_int_eq(http_client_next(client, 3000, &event, &error), -1);
    ck_assert_int_eq(http_client_fd(client), -1);
    http_client_free(client);
    answer_no_more(&answering);
}
END_TEST

static void follow_nothing(struct http_client *client) {
    struct error error = {""};
    ck_assert_int_eq(http_client_follow(client, "/nothing", NULL, &error), -1);
    ck_assert_msg(strstr(error.text, "nothing at /nothing"), "%s", error.text);
}

START_TEST(an_answer_instead_of_events_is_explained) {
    run(follow_nothing);
}
END_TEST

static TCase *with_server(void) {
    TCase *group = tcase_create("with_server");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, requests_are_answered);
    tcase_add_test(group, a_connection_that_was_closed_is_opened_again);
    tcase_add_test(group, events_are_followed_to_their_end);
    tcase_add_test(group, an_answer_instead_of_events_is_explained);
    return group;
}

/* ---- without a server that is one ---- */

static const struct http_ask status = {"GET", "/v1/status", NULL, NULL};

START_TEST(no_server_is_explained) {
    struct error error = {""};
    struct http_reply reply;
    struct http_client *client = client_of("nothing.sock", 1000);
    ck_assert_int_eq(http_client_ask(client, &status, &reply, &error), -1);
    ck_assert_msg(strstr(error.text, "nothing.sock") && strstr(error.text, "is it running"), "%s", error.text);
    http_client_free(client);
    ck_assert_ptr_null(http_client_new("", 1000, &error));
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[299] = '\0';
    ck_assert_ptr_null(http_client_new(longest, 1000, &error));
}
END_TEST

START_TEST(answers_that_are_none_are_refused) {
    static const char *const answers[] = {"SSH-2.0-OpenSSH\r\n",
                                          "HTTP/1.1 200 OK\r\n",
                                          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
                                          "HTTP/1.1 200 OK\r\n\r\nabc",
                                          "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
                                          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
                                          "HTTP/1.1 200 OK\nContent-Length: 1\n\na"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct error error = {""};
        struct http_reply reply;
        char name[16];
        snprintf(name, sizeof name, "%zu.sock", i);
        struct answering answering;
        answer_at(&answering, name, answers[i]);
        struct http_client *client = client_of(name, 3000);
        ck_assert_msg(http_client_ask(client, &status, &reply, &error) == -1, "%s", answers[i]);
        ck_assert_str_ne(error.text, "");
        http_client_free(client);
        answer_no_more(&answering);
    }
}
END_TEST

START_TEST(a_server_that_does_not_answer_costs_the_deadline) {
    struct error error = {""};
    struct http_reply reply;
    struct answering answering;
    answer_at(&answering, "silent.sock", "");
    struct http_client *client = client_of("silent.sock", 300);
    uint64_t begin_ms = clock_ms();
    ck_assert_int_eq(http_client_ask(client, &status, &reply, &error), -1);
    ck_assert_msg(strstr(error.text, "in time"), "%s", error.text);
    ck_assert_uint_ge(clock_ms() - begin_ms, 290);
    http_client_free(client);
    answer_no_more(&answering);
}
END_TEST

START_TEST(a_stream_that_does_not_begin_leaves_no_answer_for_the_next_request) {
    struct error error = {""};
    struct answering answering;
    answer_at(&answering, "slow.sock", "");
    struct http_client *client = client_of("slow.sock", 100);
    ck_assert_int_eq(http_client_follow(client, "/v1/events", NULL, &error), -1);
    ck_assert_int_eq(http_client_fd(client), -1);
    http_client_free(client);
    answer_no_more(&answering);
}
END_TEST

START_TEST(what_is_not_unreserved_is_encoded) {
    char text[16];
    ck_assert(http_client_encode(text, sizeof text, "a/b %\xc3"));
    ck_assert_str_eq(text, "a%2Fb%20%25%C3");
    ck_assert(!http_client_encode(text, 14, "a/b %\xc3"));
    ck_assert(http_client_encode(text, 1, ""));
}
END_TEST

static TCase *without_server(void) {
    TCase *group = tcase_create("without_server");
    tcase_add_test(group, no_server_is_explained);
    tcase_add_test(group, answers_that_are_none_are_refused);
    tcase_add_test(group, a_server_that_does_not_answer_costs_the_deadline);
    tcase_add_test(group, events_that_come_with_the_head_are_seen);
    tcase_add_test(group, a_stream_that_does_not_begin_leaves_no_answer_for_the_next_request);
    tcase_add_test(group, what_is_not_unreserved_is_encoded);
    return group;
}

UNIT_MAIN("lib/http/client", with_server, without_server)
