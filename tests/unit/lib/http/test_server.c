/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server: listening, and running out of memory and descriptors.
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/net/sock.h"
#include "lib/os/fd_count.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define STATUS "GET /v1/services/a?x=1 HTTP/1.1\r\n" HOST BEARER "\r\n"

static struct fixture fixture;

static void setup(void) {
    fixture_defaults(&fixture);
    fixture.options.request_ms = 300;
    fixture_start(&fixture);
}

static void teardown(void) {
    fixture_stop(&fixture);
}

static bool never(void *context) {
    (void)context;
    return false;
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
    int refused = sock_connect(&second, NULL, &done);
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

START_TEST(the_socket_is_removed_unless_it_is_anothers) {
    struct stat status;
    const char *path = unit_path("http.sock");
    http_server_free(fixture.server);
    ck_assert_int_eq(stat(path, &status), -1);
    fixture_stop(&(struct fixture){.base = fixture.base});
    setup();
    ck_assert_int_eq(unlink(unit_path("http.sock")), 0);
    path = unit_text_file("http.sock", "another");
    http_server_free(fixture.server);
    fixture.server = NULL;
    ck_assert_int_eq(stat(path, &status), 0);
}
END_TEST

START_TEST(without_descriptors_clients_wait) {
    struct rlimit before, none;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct peer peer = peer_connect(&fixture, true);
    none = before;
    none.rlim_cur = (rlim_t)peer.fd + 1;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    peer_text(&peer, "GET /open HTTP/1.1\r\n" HOST "\r\n");
    clock_t begin = clock(); /* CPU time: without a descriptor the listener is readable all the time */
    (void)unit_run_until(fixture.base, never, NULL, 600);
    ck_assert_int_lt(clock() - begin, CLOCKS_PER_SEC / 5);
    peer_take(&peer);
    ck_assert_uint_eq(peer.length, 0);
    ck_assert(!peer.has_ended);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_uint_eq(peer_wait_answer(&peer), 200);
    peer_close(&peer);
}
END_TEST

/* CVE-2026-63388: libevent without its mend ends the process, or writes beyond its buffer. */
START_TEST(a_unix_client_with_the_longest_address_is_served) {
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    snprintf(own.sun_path, sizeof own.sun_path, "%s", unit_path("client"));
    for (size_t length = strlen(own.sun_path); length < sizeof own.sun_path; length++)
        own.sun_path[length] = 'x';
    struct peer peer = {.fixture = &fixture, .fd = socket(AF_UNIX, SOCK_STREAM, 0), .bytes = calloc(1, 1)};
    ck_assert_int_eq(bind(peer.fd, (struct sockaddr *)&own, sizeof own), 0);
    ck_assert_int_eq(connect(peer.fd, (struct sockaddr *)&fixture.unix_addr.storage, fixture.unix_addr.length), 0);
    ck_assert_int_eq(fcntl(peer.fd, F_SETFL, O_NONBLOCK), 0);
    peer_text(&peer, "GET /v1/status HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_uint_eq(peer_wait_answer(&peer), 200);
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
    tcase_add_test(group, the_socket_is_removed_unless_it_is_anothers);
    tcase_add_test(group, without_descriptors_clients_wait);
    tcase_add_test(group, a_unix_client_with_the_longest_address_is_served);
    return group;
}

/*
 * ---- memory: our own allocations, jansson's and our calls of libevent's fail. evhttp's own do not: without memory it
 * reads null pointers (evhttp_request_new, evhttp_connection_base_bufferevent_new of libevent 2.1). ----
 */

static struct {
    unsigned countdown, failed; /* countdown 0: none fails */
    bool is_for_good;
} scarce;

static bool fails(void) {
    bool is_due = scarce.countdown && --scarce.countdown == 0;
    if (is_due && scarce.is_for_good)
        scarce.countdown = 1;
    scarce.failed += is_due;
    return is_due;
}

/* WRAP(name, type, failure, parameters, arguments): the linker's --wrap=name. */
#define WRAP(name, type, failure, parameters, arguments)                                                               \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;                                                                                     \
    type __wrap_##name parameters {                                                                                    \
        return fails() ? failure : __real_##name arguments;                                                            \
    }
WRAP(calloc, void *, NULL, (size_t count, size_t size), (count, size))
WRAP(strdup, char *, NULL, (const char *text), (text))
WRAP(evbuffer_new, struct evbuffer *, NULL, (void), ())
WRAP(evbuffer_add, int, -1, (struct evbuffer * buffer, const void *bytes, size_t size), (buffer, bytes, size))
WRAP(evbuffer_add_reference, int, -1,
     (struct evbuffer * buffer, const void *bytes, size_t size, evbuffer_ref_cleanup_cb done, void *context),
     (buffer, bytes, size, done, context))
WRAP(evbuffer_add_cb, struct evbuffer_cb_entry *, NULL,
     (struct evbuffer * buffer, evbuffer_cb_func call, void *context), (buffer, call, context))
WRAP(evhttp_add_header, int, -1, (struct evkeyvalq * headers, const char *name, const char *value),
     (headers, name, value))
WRAP(evhttp_new, struct evhttp *, NULL, (struct event_base * base), (base))
WRAP(bufferevent_socket_new, struct bufferevent *, NULL, (struct event_base * base, evutil_socket_t fd, int options),
     (base, fd, options))

static void *scarce_malloc(size_t size) {
    return fails() ? NULL : malloc(size);
}

/* Each allocation of a connection, a request and its answer fails once, or for good from there. */
static void try_without_memory(const char *request, bool is_for_good) {
    unsigned failed;
    unsigned at = 1;
    int before = 0;
    do {
        struct peer peer = peer_connect(&fixture, true);
        (void)sock_writev(peer.fd, &(struct iovec){(void *)(uintptr_t)request, strlen(request)}, 1);
        scarce.failed = 0;
        scarce.is_for_good = is_for_good;
        scarce.countdown = at++;
        unit_run_rounds(fixture.base, 10);
        failed = scarce.failed;
        scarce.countdown = 0;
        peer_close(&peer);
        if (fixture.stream)
            (void)http_stream_send(fixture.stream, &(struct http_event){NULL, NULL, "a", 1});
        (void)unit_run_until(fixture.base, never, NULL, 3);
        if (at == 2) {
            (void)unit_run_until(fixture.base, never, NULL, 600);
            before = fd_count();
        }
    } while (failed && at < 400);
    ck_assert_uint_lt(at, 400);
    (void)unit_run_until(fixture.base, never, NULL, 1000);
    ck_assert_uint_eq(ask(&fixture, true, "GET /v1/status HTTP/1.1\r\n" HOST BEARER "Connection: close\r\n\r\n"), 200);
    (void)unit_run_until(fixture.base, never, NULL, 50);
    ck_assert_int_eq(fd_count(), before);
    ck_assert_uint_eq(http_server_counts(fixture.server).connections_tcp, 0);
    ck_assert_uint_eq(http_server_counts(fixture.server).streams, 0);
}

static void setup_scarce(void) {
    json_set_alloc_funcs(scarce_malloc, free);
    setup();
}

START_TEST(a_request_without_memory_is_refused_or_closed) {
    try_without_memory("GET /v1/status HTTP/1.1\r\n" HOST BEARER "Accept: a\r\nIf-None-Match: b\r\n\r\n", _i);
}
END_TEST

START_TEST(a_problem_without_memory_is_closed) {
    try_without_memory("GET /query?limit=0 HTTP/1.1\r\n" HOST BEARER "\r\n", _i);
}
END_TEST

START_TEST(a_body_without_memory_is_refused_or_closed) {
    try_without_memory("PUT /v1/services/a HTTP/1.1\r\n" HOST BEARER "If-Match: *\r\nContent-Type: application/json\r\n"
                       "Content-Length: 13\r\n\r\n{\"a\":{\"b\":1}}",
                       _i);
}
END_TEST

START_TEST(an_asset_without_memory_is_closed) {
    try_without_memory("GET /app.js HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n", _i);
}
END_TEST

START_TEST(a_stream_without_memory_is_closed) {
    try_without_memory("GET /events HTTP/1.1\r\n" HOST BEARER "\r\n", _i);
}
END_TEST

START_TEST(a_server_without_memory_is_not_made) {
    struct event_base *base = event_base_new();
    struct http_server *server = NULL;
    for (unsigned at = 1; !server && at < 100; at++) {
        struct error error = {""};
        scarce.countdown = at;
        server = http_server_new(base, &fixture.options, &error);
        scarce.countdown = 0;
        ck_assert(server || error.text[0]);
    }
    ck_assert_ptr_nonnull(server);
    http_server_free(server);
    event_base_free(base);
}
END_TEST

static TCase *memory(void) {
    TCase *group = tcase_create("memory");
    tcase_add_checked_fixture(group, setup_scarce, teardown);
    tcase_add_loop_test(group, a_request_without_memory_is_refused_or_closed, 0, 2);
    tcase_add_loop_test(group, a_problem_without_memory_is_closed, 0, 2);
    tcase_add_loop_test(group, a_body_without_memory_is_refused_or_closed, 0, 2);
    tcase_add_loop_test(group, an_asset_without_memory_is_closed, 0, 2);
    tcase_add_loop_test(group, a_stream_without_memory_is_closed, 0, 2);
    tcase_add_test(group, a_server_without_memory_is_not_made);
    return group;
}

UNIT_MAIN("lib/http/server", listening, memory)
