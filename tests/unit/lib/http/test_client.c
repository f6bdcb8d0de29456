/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_client: the client against the server, each in a process of its own; and against servers that are none.
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/base/clock.h"
#include "lib/http/client.h"
#include "lib/net/sock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fixture fixture;

static void setup(void) {
    fixture_defaults(&fixture);
    fixture_start(&fixture);
}

static void teardown(void) {
    fixture_stop(&fixture);
}

struct child {
    pid_t process;
    int status;
    unsigned events;
};

static bool has_ended(void *context) {
    struct child *child = context;
    char data[32];
    snprintf(data, sizeof data, "line %u\nmore", child->events);
    if (fixture.stream && child->events < 3) {
        child->events++;
        (void)http_stream_send(fixture.stream,
                               &(struct http_event){child->events == 2 ? NULL : "7", "tick", data, strlen(data)});
        if (child->events == 3)
            http_stream_close(fixture.stream);
    }
    return waitpid(child->process, &child->status, WNOHANG) == child->process;
}

static struct http_client *client_of(const char *name, unsigned timeout_ms) {
    struct error error = {""};
    struct http_client *client = http_client_new(unit_path(name), timeout_ms, &error);
    ck_assert_msg(client, "%s", error.text);
    return client;
}

/* In a child, while this process serves. */
static void run(void (*body)(struct http_client *client)) {
    const char *path = unit_path("http.sock");
    struct error error = {""};
    struct child child = {.process = fork()};
    if (child.process == 0) {
        struct http_client *client = http_client_new(path, 5000, &error);
        body(client);
        http_client_free(client);
        _exit(0);
    }
    ck_assert(unit_run_until(fixture.base, has_ended, &child, 10000));
    ck_assert_int_eq(child.status, 0);
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
    usleep(600000); /* the server closes after 200 ms */
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

/* A child that answers each connection with these bytes. */
static pid_t serve(const char *name, const char *bytes) {
    struct endpoint endpoint = {.is_unix = true};
    struct addr addr, peer;
    struct error error = {""};
    snprintf(endpoint.host, sizeof endpoint.host, "%s", unit_path(name));
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    int listener = sock_bind(&addr, &error);
    ck_assert_msg(listener >= 0 && !sock_listen(listener), "%s", error.text);
    pid_t child = fork();
    while (child == 0) {
        int fd = sock_accept(listener, &peer);
        if (fd < 0) {
            usleep(1000);
            continue;
        }
        (void)!write(fd, bytes, strlen(bytes));
        if (bytes[0])
            shutdown(fd, SHUT_WR);
    }
    sock_close(listener);
    return child;
}

/* The head, all events and the end arrive in one read. */
START_TEST(events_that_come_with_the_head_are_seen) {
    static const char all[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n";
    struct error error = {""};
    struct http_client_event event;
    pid_t child = serve("all.sock", all);
    struct http_client *client = client_of("all.sock", 3000);
    ck_assert_msg(!http_client_follow(client, "/events", NULL, &error), "%s", error.text);
    ck_assert_int_eq(http_client_next(client, 0, &event, &error), 1);
    ck_assert_str_eq(event.data, "a");
    ck_assert_int_eq(http_client_next(client, 0, &event, &error), 1);
    ck_assert_str_eq(event.data, "b");
    ck_assert_int_ge(http_client_fd(client), 0);
    ck_assert_int_eq(http_client_next(client, 3000, &event, &error), -1);
    ck_assert_int_eq(http_client_fd(client), -1);
    http_client_free(client);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
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
        pid_t child = serve(name, answers[i]);
        struct http_client *client = client_of(name, 3000);
        ck_assert_msg(http_client_ask(client, &status, &reply, &error) == -1, "%s", answers[i]);
        ck_assert_str_ne(error.text, "");
        http_client_free(client);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
}
END_TEST

START_TEST(a_server_that_does_not_answer_costs_the_deadline) {
    struct error error = {""};
    struct http_reply reply;
    pid_t child = serve("silent.sock", "");
    struct http_client *client = client_of("silent.sock", 300);
    uint64_t begin_ms = clock_ms();
    ck_assert_int_eq(http_client_ask(client, &status, &reply, &error), -1);
    ck_assert_msg(strstr(error.text, "in time"), "%s", error.text);
    ck_assert_uint_ge(clock_ms() - begin_ms, 290);
    http_client_free(client);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
}
END_TEST

START_TEST(a_stream_that_does_not_begin_leaves_no_answer_for_the_next_request) {
    struct error error = {""};
    pid_t child = serve("slow.sock", "");
    struct http_client *client = client_of("slow.sock", 100);
    ck_assert_int_eq(http_client_follow(client, "/v1/events", NULL, &error), -1);
    ck_assert_int_eq(http_client_fd(client), -1);
    http_client_free(client);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
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
