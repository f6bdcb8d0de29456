/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_refusal: a client that is refused while it sends gets the answer and no reset, and what is read of it for that
 * is bounded (refusal.c, connection.c).
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/os/fd_count.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 1 << 20, CLIENTS = 40 };

static struct fixture fixture;
static char *large; /* LARGE bytes of one JSON string, without its end */

static void setup(void) {
    fixture_defaults(&fixture);
    fixture.options.request_ms = 1000;
    fixture_start(&fixture);
    large = malloc(LARGE);
    memset(large, 'x', LARGE);
    large[0] = '"';
}

static void teardown(void) {
    fixture_stop(&fixture);
    free(large);
}

#define POST   "POST /v1/pause HTTP/1.1\r\n" HOST BEARER "Content-Type: application/json\r\n"
#define EXPECT "Expect: 100-continue\r\n"
#define LENGTH "Content-Length: 1048576\r\n\r\n"

static unsigned status_of(const char *answer) {
    unsigned status = 0;
    return sscanf(answer, "HTTP/1.1 %u ", &status) == 1 ? status : 0;
}

/* A client that reads only after its last byte. */
static void check_refused(bool is_tcp, const char *head, unsigned status) {
    struct peer peer = peer_connect(&fixture, is_tcp);
    peer_text(&peer, head);
    peer_send(&peer, large, LARGE);
    ck_assert_msg(peer_wait_end(&peer), "%s: %s", head, peer.bytes);
    const char *answer = strstr(peer.bytes, "100 Continue") ? peer_content(&peer) : peer.bytes;
    ck_assert_msg(!peer.was_reset, "%s: reset after \"%s\"", head, peer.bytes);
    ck_assert_msg(status_of(answer) == status, "%s: %s", head, answer);
    peer_close(&peer);
}

START_TEST(a_client_that_sends_too_much_gets_413) {
    static const char *const heads[] = {POST LENGTH, POST EXPECT LENGTH, "PUT /nothing HTTP/1.1\r\n" HOST LENGTH,
                                        POST "Transfer-Encoding: chunked\r\n"
                                             "\r\n100000\r\n"};
    for (int is_tcp = 0; is_tcp < 2; is_tcp++)
        for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
            check_refused(is_tcp, heads[i], 413);
    ck_assert_uint_eq(fixture.handled, 0);
    ck_assert_uint_eq(http_server_counts(fixture.server).refused_malformed, 8);
}
END_TEST

START_TEST(the_413_is_a_problem_with_a_remedy) {
    struct peer peer = peer_connect(&fixture, true);
    peer_text(&peer, POST LENGTH);
    peer_send(&peer, large, LARGE);
    ck_assert_uint_eq(peer_wait_answer(&peer), 413);
    ck_assert_ptr_nonnull(strstr(peer.bytes, "Content-Type: application/problem+json\r\n"));
    json_t *problem = json_loads(peer_content(&peer), 0, NULL);
    ck_assert_msg(problem, "%s", peer.bytes);
    ck_assert_str_eq(json_string_value(json_object_get(problem, "detail")), "the content is longer than 64 KiB");
    ck_assert_int_eq(json_integer_value(json_object_get(problem, "status")), 413);
    json_decref(problem);
    peer_close(&peer);
}
END_TEST

/* Whose content evhttp leaves in the connection, or whose head it does not take. */
START_TEST(a_client_that_is_refused_before_it_has_sent_all_gets_the_answer) {
    static const struct {
        const char *head;
        unsigned status;
    } cases[] = {
        {"HEAD /v1/status HTTP/1.1\r\n" HOST BEARER LENGTH, 400},
        {"TRACE /v1/status HTTP/1.1\r\n" HOST LENGTH, 405},
        {"MUNNEL /v1/status HTTP/1.1\r\n" HOST LENGTH, 405},
        {POST "Expect: a miracle\r\n" LENGTH, 417},
        {"\x16\x03\x01 this is no HTTP\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "X: ", 400},
    };
    for (int is_tcp = 0; is_tcp < 2; is_tcp++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
            check_refused(is_tcp, cases[i].head, cases[i].status);
}
END_TEST

START_TEST(a_client_that_is_one_too_many_gets_503_while_it_sends) {
    struct peer peers[8];
    for (int i = 0; i < 8; i++) {
        peers[i] = peer_connect(&fixture, true);
        peer_text(&peers[i], "GET /open HTTP/1.1\r\n" HOST "\r\n");
        ck_assert_uint_eq(peer_wait_answer(&peers[i]), 200);
    }
    check_refused(true, POST LENGTH, 503);
    for (int i = 0; i < 8; i++)
        peer_close(&peers[i]);
}
END_TEST

/* ---- what is bounded ---- */

static size_t sent_before_the_end(struct peer *peer) {
    size_t sent = 0;
    for (ssize_t count; sent < 64 * (size_t)LARGE; sent += (size_t)count) {
        count = unit_send(peer->fd, large, LARGE);
        if (count < 0 && errno != EAGAIN)
            break;
        if (count < 0)
            count = 0;
        unit_run_rounds(fixture.base, 1);
    }
    return sent;
}

START_TEST(a_client_that_does_not_stop_is_closed) {
    fixture_stop(&fixture);
    fixture_defaults(&fixture);
    fixture.options.request_ms = 600 * 1000; /* its bytes are too many, not its time */
    fixture_start(&fixture);
    for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
        struct peer peer = peer_connect(&fixture, is_tcp);
        peer_text(&peer, POST LENGTH);
        ck_assert_uint_lt(sent_before_the_end(&peer), 64 * (size_t)LARGE);
        peer_close(&peer);
    }
}
END_TEST

static int descriptors;

static bool are_closed(void *context) {
    (void)context;
    return fd_count() <= descriptors;
}

/* They neither read nor close: each has the time of a request, and together they have as many descriptors as there are
 * connections. */
START_TEST(clients_that_do_not_close_are_closed) {
    struct peer peers[CLIENTS];
    descriptors = fd_count();
    for (int i = 0; i < CLIENTS; i++) {
        peers[i] = peer_connect(&fixture, (i & 1) || local_is_pipe());
        peer_text(&peers[i], POST LENGTH);
        peer_send(&peers[i], large, LARGE);
    }
    ck_assert_int_le(fd_count(), descriptors + CLIENTS + 2 * (24 + 8));
    descriptors += CLIENTS;
    ck_assert(unit_run_until(fixture.base, are_closed, NULL, 8000));
    for (int i = 0; i < CLIENTS; i++)
        peer_close(&peers[i]);
}
END_TEST

START_TEST(a_server_that_goes_closes_them) {
    int before = fd_count();
    struct peer peer = peer_connect(&fixture, true);
    peer_text(&peer, POST LENGTH);
    peer_send(&peer, large, LARGE);
    ck_assert_uint_eq(peer_wait_answer(&peer), 413);
    http_server_free(fixture.server);
    fixture.server = NULL;
    unit_run_rounds(fixture.base, 2);
    ck_assert_int_le(fd_count(), before + 1);
    peer_close(&peer);
}
END_TEST

static TCase *answers(void) {
    TCase *group = tcase_create("answers");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, a_client_that_sends_too_much_gets_413);
    tcase_add_test(group, the_413_is_a_problem_with_a_remedy);
    tcase_add_test(group, a_client_that_is_refused_before_it_has_sent_all_gets_the_answer);
    tcase_add_test(group, a_client_that_is_one_too_many_gets_503_while_it_sends);
    return group;
}

static TCase *bounds(void) {
    TCase *group = tcase_create("bounds");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, a_client_that_does_not_stop_is_closed);
    tcase_add_test(group, clients_that_do_not_close_are_closed);
    tcase_add_test(group, a_server_that_goes_closes_them);
    return group;
}

UNIT_MAIN("lib/http/refusal", answers, bounds)
