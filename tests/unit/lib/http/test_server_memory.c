/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server_memory: running out of memory: our own allocations, jansson's and our calls of libevent's fail. evhttp's
 * own do not: without memory it reads null pointers (evhttp_request_new, evhttp_connection_base_bufferevent_new of
 * libevent 2.1). So it is left out where libevent is linked into the program, as on Windows: its own calls would be
 * wrapped, too.
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/net/sock.h"
#include "lib/os/fd_count.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
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

static bool never(void *context) {
    (void)context;
    return false;
}

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

UNIT_MAIN("lib/http/server_memory", memory)
