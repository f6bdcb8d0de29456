/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_framing: requests that two readers could understand differently, and garbage: refused, and the connection
 * closed.
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/os/fd_count.h"

#include <stdlib.h>
#include <string.h>

struct attempt {
    unsigned status; /* 0: closed without an answer */
    const char *request;
};

/* Sends it with a second request behind it, which must not be answered. */
static void expect(struct fixture *fixture, const struct attempt *attempt) {
    struct peer peer = peer_connect(fixture, false);
    peer_text(&peer, attempt->request);
    peer_text(&peer, "GET /smuggled HTTP/1.1\r\n" HOST "\r\n");
    ck_assert_msg(peer_wait_end(&peer), "not closed: %s", attempt->request);
    unsigned status = 0;
    (void)sscanf(peer.bytes, "HTTP/1.%*c %u", &status);
    ck_assert_msg(status == attempt->status, "%u, not %u: %s", status, attempt->status, attempt->request);
    ck_assert_msg(!peer.length || !strstr(peer.bytes + 1, "HTTP/1."), "a second answer: %s", attempt->request);
    ck_assert_uint_eq(fixture->handled, 0);
    peer_close(&peer);
}

static void expect_all(const struct attempt *attempts, size_t count) {
    struct fixture fixture;
    fixture_defaults(&fixture);
    fixture_start(&fixture);
    for (size_t i = 0; i < count; i++)
        expect(&fixture, &attempts[i]);
    ck_assert_uint_eq(ask(&fixture, false, "GET /v1/status HTTP/1.1\r\n" HOST "\r\n"), 200);
    fixture_stop(&fixture);
}
#define EXPECT_ALL(attempts) expect_all(attempts, sizeof attempts / sizeof attempts[0])

START_TEST(a_length_that_is_in_doubt_is_refused) {
    static const struct attempt attempts[] = {
        {400, "POST /v1/pause HTTP/1.1\r\n" HOST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {400, "POST /v1/pause HTTP/1.1\r\n" HOST "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"},
        {400, "POST /v1/pause HTTP/1.1\r\n" HOST "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"},
        {400, "POST /v1/pause HTTP/1.1\r\n" HOST "Content-Length: +4\r\n\r\nabcd"},
        {400, "POST /v1/pause HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n"},
        {400, "POST /v1/pause HTTP/1.1\r\n" HOST "Content-Length: 0x4\r\n\r\nabcd"},
        {400, "POST /v1/pause HTTP/1.1\r\n" HOST "Content-Length : 4\r\n\r\n"},
        {411, "POST /v1/pause HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"},
        {411, "POST /v1/pause HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n"},
        {400, "HEAD /v1/status HTTP/1.1\r\n" HOST "Content-Length: 30\r\n\r\n"},
        {405, "BREW /v1/status HTTP/1.1\r\n" HOST "Content-Length: 30\r\n\r\n"},
        {405, "TRACE /v1/status HTTP/1.1\r\n" HOST "Content-Length: 30\r\n\r\n"},
    };
    EXPECT_ALL(attempts);
}
END_TEST

START_TEST(headers_that_are_in_doubt_are_refused) {
    static const struct attempt attempts[] = {
        {400, "GET /v1/status HTTP/1.1\r\n\r\n"},
        {400, "GET /v1/status HTTP/1.1\r\n" HOST HOST "\r\n"},
        {400, "GET /v1/status HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n"},
        {400, "GET /v1/status HTTP/1.1\r\n" HOST "X(: a\r\n\r\n"},
        {400, "GET /v1/status HTTP/1.1\r\n" HOST ": a\r\n\r\n"},
        {400, "GET /v1/status HTTP/1.1\r\n" HOST "no colon\r\n\r\n"},
    };
    EXPECT_ALL(attempts);
}
END_TEST

START_TEST(other_versions_are_refused) {
    static const struct attempt attempts[] = {
        {400, "GET /v1/status\r\n\r\n"},
        {400, "GET /v1/status HTTP/2.0\r\n" HOST "\r\n"},
        {400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
        {505, "GET /v1/status HTTP/0.9\r\n" HOST "\r\n"},
        {505, "GET /v1/status HTTP/1.2\r\n" HOST "\r\n"},
        {505, "GET /v1/status HTTP/-5.1\r\n" HOST "\r\n"},
    };
    EXPECT_ALL(attempts);
}
END_TEST

START_TEST(targets_that_are_in_doubt_are_refused) {
    static const struct attempt attempts[] = {
        {400, "GET /v1/\x01status HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET /v1/sta tus HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET /v1/\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET /v1/%4 HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET /v1/status#a HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET v1/status HTTP/1.1\r\n" HOST "\r\n"},
        {400, "GET https://localhost/v1/status HTTP/1.1\r\n" HOST "\r\n"},
        {421, "GET http://other/v1/status HTTP/1.1\r\n" HOST "\r\n"},
    };
    EXPECT_ALL(attempts);
}
END_TEST

START_TEST(garbage_is_refused) {
    static const struct attempt attempts[] = {
        {400, "\x16\x03\x01\x02\x01\r\n\r\n"},
        {400, "\r\n\r\n\r\n"},
        {400, "SSH-2.0-OpenSSH_9.2\r\n"},
        {400, "{}{}{}{}{}{}{}{}{}{}{}{}{}\n\n"},
    };
    EXPECT_ALL(attempts);
}
END_TEST

/* A request with a header of this size. */
static char *with_header(size_t size) {
    static const char begin[] = "GET /v1/status HTTP/1.1\r\n" HOST "X: ", end[] = "\r\n\r\n";
    char *request = malloc(sizeof begin + size + sizeof end);
    memcpy(request, begin, sizeof begin - 1);
    memset(request + sizeof begin - 1, 'a', size);
    memcpy(request + sizeof begin - 1 + size, end, sizeof end);
    return request;
}

START_TEST(long_headers_are_refused) {
    struct fixture fixture;
    char *ours = with_header(20000), *evhttps = with_header(70000);
    fixture_defaults(&fixture);
    fixture_start(&fixture);
    expect(&fixture, &(struct attempt){431, ours});
    expect(&fixture, &(struct attempt){400, evhttps});
    fixture_stop(&fixture);
    free(ours);
    free(evhttps);
}
END_TEST

static bool is_without_connections(void *context) {
    const struct fixture *fixture = context;
    return http_server_counts(fixture->server).connections_unix == 0;
}

START_TEST(any_bytes_leave_the_server_well) {
    struct fixture fixture;
    uint32_t seed = 7;
    fixture_defaults(&fixture);
    fixture_start(&fixture);
    int before = fd_count();
    for (int round = 0; round < 300; round++) {
        static const char *const parts[] = {"GET ",
                                            "/v1/status",
                                            " HTTP/1.1",
                                            "\r\n",
                                            "\n",
                                            HOST,
                                            "Content-Length: 9\r\n",
                                            "Transfer-Encoding: chunked\r\n",
                                            "POST ",
                                            "\r\n\r\n",
                                            "9\r\n",
                                            "\x80\xff",
                                            "Expect: 100-continue\r\n",
                                            ":",
                                            " ",
                                            "HEAD ",
                                            "Connection: close\r\n"};
        struct peer peer = peer_connect(&fixture, false);
        for (unsigned count = unit_any(&seed, 12); count; count--) {
            peer_text(&peer, parts[unit_any(&seed, sizeof parts / sizeof parts[0])]);
            unit_run_rounds(fixture.base, 1);
        }
        peer_close(&peer);
        unit_run_rounds(fixture.base, 3);
    }
    ck_assert_uint_eq(ask(&fixture, false, "GET /v1/status HTTP/1.1\r\n" HOST "\r\n"), 200);
    ck_assert_int_eq(fd_count(), before);
    ck_assert(unit_run_until(fixture.base, is_without_connections, &fixture, 5000));
    fixture_stop(&fixture);
}
END_TEST

static TCase *framing(void) {
    TCase *group = tcase_create("framing");
    tcase_add_test(group, a_length_that_is_in_doubt_is_refused);
    tcase_add_test(group, headers_that_are_in_doubt_are_refused);
    tcase_add_test(group, other_versions_are_refused);
    tcase_add_test(group, targets_that_are_in_doubt_are_refused);
    tcase_add_test(group, garbage_is_refused);
    tcase_add_test(group, long_headers_are_refused);
    tcase_add_test(group, any_bytes_leave_the_server_well);
    return group;
}

UNIT_MAIN("lib/http/framing", framing)
