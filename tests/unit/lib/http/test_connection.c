/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_connection: deadlines and limits: slow requests, slow readers, too many connections, handlers that take long
 * (connection.c, pool.c, listeners.c, request.c).
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "lib/os/fd_count.h"
#include "lib/os/malloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture fixture;

static void setup(void) {
    fixture_defaults(&fixture);
    fixture.options.request_ms = 300;
    fixture.options.idle_ms = 600;
    fixture.options.handler_ms = 300;
    fixture_start(&fixture);
}

static void teardown(void) {
    fixture_stop(&fixture);
}

#define STATUS "GET /v1/status HTTP/1.1\r\n" HOST BEARER "\r\n"

static bool never(void *context) {
    (void)context;
    return false;
}

static void run_for(unsigned ms) {
    (void)unit_run_until(fixture.base, never, NULL, ms);
}

START_TEST(a_request_that_takes_long_is_given_up) {
    static const char *const parts[] = {"", "G", "GET /v1/status HTTP/1.1\r\nX: ",
                                        "POST /v1/pause HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n{"};
    for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
        for (size_t i = !is_tcp && local_is_pipe(); i < sizeof parts / sizeof parts[0]; i++) {
            struct peer peer = peer_connect(&fixture, is_tcp);
            peer_text(&peer, parts[i]);
            ck_assert_msg(peer_wait_end(&peer), "%s", parts[i]);
            peer_close(&peer);
        }
    }
    ck_assert_uint_eq(http_server_counts(fixture.server).timed_out, 6); /* not those that sent nothing */
    ck_assert_uint_eq(fixture.handled, 0);
}
END_TEST

START_TEST(a_byte_now_and_then_is_no_progress) {
    struct peer peer = peer_connect(&fixture, true);
    uint64_t begin_ms = clock_ms();
    peer_text(&peer, "GET /v1/status HTTP/1.1\r\nX: ");
    while (!peer.has_ended && clock_ms() < begin_ms + 8000) {
        (void)unit_send(peer.fd, "a", 1);
        run_for(20);
        peer_take(&peer);
    }
    ck_assert(peer.has_ended);
    peer_close(&peer);
}
END_TEST

START_TEST(an_idle_connection_is_kept_and_then_closed) {
    struct peer peer = peer_connect(&fixture, true);
    for (int i = 0; i < 3; i++) {
        peer_text(&peer, STATUS);
        ck_assert_uint_eq(peer_wait_answer(&peer), 200);
        peer_forget(&peer);
    }
    ck_assert(peer_wait_end(&peer));
    ck_assert_uint_eq(http_server_counts(fixture.server).timed_out, 0);
    peer_close(&peer);
}
END_TEST

START_TEST(a_request_on_a_kept_connection_has_its_own_deadline) {
    fixture_stop(&fixture);
    fixture_defaults(&fixture);
    fixture.options.request_ms = 300;
    fixture.options.idle_ms = 60000;
    fixture_start(&fixture);
    struct peer peer = peer_connect(&fixture, true);
    peer_text(&peer, STATUS);
    ck_assert_uint_eq(peer_wait_answer(&peer), 200);
    peer_text(&peer, "GET /");
    ck_assert(peer_wait_end(&peer));
    ck_assert_uint_eq(http_server_counts(fixture.server).timed_out, 1);
    peer_close(&peer);
    peer = peer_connect(&fixture, true);
    peer_text(&peer, STATUS "GET /"); /* the second part is there when the first is answered */
    ck_assert(peer_wait_end(&peer));
    peer_close(&peer);
}
END_TEST

START_TEST(an_answer_that_is_not_read_is_given_up) {
    struct peer peer = peer_connect(&fixture, true);
    peer_text(&peer, "GET /v1/large HTTP/1.1\r\n" HOST BEARER "\r\n");
    run_for(900);
    ck_assert_uint_eq(http_server_counts(fixture.server).timed_out, 1);
    ck_assert_uint_eq(http_server_counts(fixture.server).connections_tcp, 0);
    peer_close(&peer);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order) {
    struct peer peer = peer_connect(&fixture, true);
    peer_text(&peer, STATUS "GET /nothing HTTP/1.1\r\n" HOST "\r\n"
                            "GET /query?limit=3 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    ck_assert(peer_wait_end(&peer));
    const char *first = strstr(peer.bytes, "200 OK"), *second = first ? strstr(first, "404 Not") : NULL;
    ck_assert_msg(second && strstr(second, "\"limit\":3"), "%s", peer.bytes);
    peer_close(&peer);
}
END_TEST

START_TEST(a_flood_that_is_not_read_is_bounded) {
    struct peer peer = peer_connect(&fixture, true);
    char *flood = malloc(1 << 20);
    memset(flood, 'x', 1 << 20);
    peer_text(&peer, "POST /later HTTP/1.1\r\n" HOST BEARER "\r\n");
    for (int i = 0; i < 50 && !fixture.kept; i++)
        run_for(10);
    for (int i = 0; i < 30; i++) {
        (void)unit_send(peer.fd, flood, 1 << 20);
        unit_run_rounds(fixture.base, 1);
    }
    ck_assert(peer_wait_end(&peer));
    http_answer_empty(fixture.kept, 204);
    peer_close(&peer);
    free(flood);
}
END_TEST

START_TEST(more_connections_than_there_may_be_get_503) {
    for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
        struct peer peers[8], more;
        for (int i = 0; i < 8; i++) {
            peers[i] = peer_connect(&fixture, is_tcp);
            peer_text(&peers[i], STATUS);
            ck_assert_uint_eq(peer_wait_answer(&peers[i]), 200);
        }
        more = peer_connect(&fixture, is_tcp);
        if (!is_tcp && local_is_pipe())
            peer_text(&more, "G");
        ck_assert(peer_wait_end(&more));
        ck_assert_msg(!strncmp(more.bytes, "HTTP/1.1 503 ", 13), "%s", more.bytes);
        ck_assert_uint_eq(strlen(peer_content(&more)), strtoul(strstr(more.bytes, "Content-Length: ") + 16, NULL, 10));
        peer_close(&more);
        ck_assert_uint_eq(ask(&fixture, !is_tcp, STATUS), 200); /* the other kind has room */
        peer_close(&peers[3]);
        run_for(50);
        ck_assert_uint_eq(ask(&fixture, is_tcp, STATUS), 200);
        for (int i = 0; i < 8; i++)
            if (i != 3)
                peer_close(&peers[i]);
        run_for(50);
    }
    ck_assert_uint_eq(http_server_counts(fixture.server).refused_busy, 2);
    ck_assert_uint_eq(http_server_counts(fixture.server).connections_tcp, 0);
}
END_TEST

/* Clients that say nothing, half of something, something malformed, a request, or one whose answer they do not wait
 * for. */
static void come_and_go(unsigned rounds) {
    static const char *const parts[] = {"", "GET /", "\x16\x03\x01\r\n\r\n", STATUS,
                                        "POST /later HTTP/1.1\r\n" HOST BEARER "\r\n"};
    for (unsigned i = 0; i < rounds; i++) {
        struct peer peer = peer_connect(&fixture, i & 1);
        peer_text(&peer, parts[i % 5]);
        unit_run_rounds(fixture.base, i % 4);
        peer_close(&peer);
        unit_run_rounds(fixture.base, 3);
        if (fixture.kept)
            http_answer_empty(fixture.kept, 204);
        fixture.kept = NULL;
    }
    run_for(700);
}

START_TEST(connections_that_come_and_go_leave_nothing) {
    come_and_go(100);
    int descriptors = fd_count();
    size_t memory = malloc_in_use();
    come_and_go(1000);
    ck_assert_int_eq(fd_count(), descriptors);
    /* malloc counts what it keeps for the next call as in use; a leak of any kind would be 200 times as large. */
    ck_assert_msg(malloc_in_use() <= memory + 16384, "%zu bytes more", malloc_in_use() - memory);
    ck_assert_uint_eq(http_server_counts(fixture.server).connections_tcp, 0);
    ck_assert_uint_eq(http_server_counts(fixture.server).connections_unix, 0);
}
END_TEST

/* Windows reports each of them as a failure to accept. */
START_TEST(clients_that_go_before_they_are_accepted_hold_up_no_other) {
    for (int i = 0; i < 30; i++) {
        struct peer peer = peer_connect(&fixture, true);
        sock_close_reset(peer.fd);
        peer.fd = -1;
        peer_close(&peer);
    }
    uint64_t begin_ms = clock_ms();
    ck_assert_uint_eq(ask(&fixture, true, STATUS), 200);
    ck_assert_uint_lt(clock_ms() - begin_ms, 5000);
}
END_TEST

/* ---- answers that come later ---- */

static bool is_kept(void *context) {
    (void)context;
    return fixture.kept;
}

static bool is_gone(void *context) {
    (void)context;
    return fixture.gone;
}

START_TEST(an_answer_may_come_later) {
    struct peer peer = peer_connect(&fixture, true);
    peer_text(&peer, "POST /later HTTP/1.1\r\n" HOST BEARER "\r\n");
    ck_assert(unit_run_until(fixture.base, is_kept, NULL, 5000));
    http_answer_text(fixture.kept, 200, "late");
    ck_assert_uint_eq(peer_wait_answer(&peer), 200);
    ck_assert_str_eq(peer_content(&peer), "late");
    peer_close(&peer);
}
END_TEST

START_TEST(a_handler_that_takes_too_long_is_answered_for) {
    struct peer peer = peer_connect(&fixture, true);
    peer_text(&peer, "POST /later HTTP/1.1\r\n" HOST BEARER "\r\n");
    ck_assert(unit_run_until(fixture.base, is_kept, NULL, 5000));
    ck_assert_uint_eq(peer_wait_answer(&peer), 504);
    ck_assert_uint_eq(fixture.gone, 1);
    ck_assert(http_request_is_gone(fixture.kept));
    ck_assert_str_eq(http_request_path(fixture.kept), "/later");
    ck_assert_str_eq(http_request_actor(fixture.kept), "token laptop");
    ck_assert_uint_eq(fixture.last_status, 504);
    http_answer_json(fixture.kept, 200, json_object());
    ck_assert_uint_eq(fixture.last_status, 200); /* the log has what became of it */
    ck_assert(peer_wait_end(&peer));
    peer_close(&peer);
}
END_TEST

START_TEST(a_handle_outlives_its_client) {
    struct peer peer = peer_connect(&fixture, true);
    peer_text(&peer, "POST /later HTTP/1.1\r\n" HOST BEARER "\r\n");
    ck_assert(unit_run_until(fixture.base, is_kept, NULL, 5000));
    peer_close(&peer);
    ck_assert(unit_run_until(fixture.base, is_gone, NULL, 5000));
    http_answer_json(fixture.kept, 200, json_object());
    ck_assert_uint_eq(fixture.last_status,
                      200); /* a change whose client did not wait for the answer is in the log, too */
    ck_assert_str_eq(fixture.last_actor, "token laptop");
    run_for(50);
}
END_TEST

START_TEST(a_handle_outlives_the_server) {
    struct peer peer = peer_connect(&fixture, true);
    peer_text(&peer, "POST /later HTTP/1.1\r\n" HOST BEARER "\r\n");
    ck_assert(unit_run_until(fixture.base, is_kept, NULL, 5000));
    http_server_free(fixture.server);
    fixture.server = NULL;
    ck_assert_uint_eq(fixture.gone, 1);
    http_answer_json(fixture.kept, 200, json_object());
    peer_close(&peer);
}
END_TEST

START_TEST(handles_that_are_not_answered_are_bounded) {
    struct http_request *kept[64];
    unsigned count = 0, status = 0;
    for (int i = 0; i < 70; i++) {
        struct peer peer = peer_connect(&fixture, false);
        fixture.kept = NULL;
        peer_text(&peer, "POST /later HTTP/1.1\r\n" HOST "\r\n");
        if (count < 64) {
            ck_assert(unit_run_until(fixture.base, is_kept, NULL, 5000));
            kept[count++] = fixture.kept;
            fixture.gone = 0;
            sock_close(peer.fd);
            peer.fd = -1;
            ck_assert(unit_run_until(fixture.base, is_gone, NULL, 5000));
        } else {
            status = peer_wait_answer(&peer);
            ck_assert_uint_eq(status, 503);
        }
        peer_close(&peer);
    }
    while (count)
        http_answer_empty(kept[--count], 204);
    ck_assert_uint_eq(ask(&fixture, false, STATUS), 200);
}
END_TEST

START_TEST(a_thousand_requests_are_served_in_a_second) {
    struct peer peers[4];
    uint64_t begin_us = clock_us();
    for (int i = 0; i < 4; i++)
        peers[i] = peer_connect(&fixture, i & 1);
    for (int round = 0; round < 250; round++) {
        for (int i = 0; i < 4; i++)
            peer_text(&peers[i], STATUS);
        for (int i = 0; i < 4; i++) {
            ck_assert_uint_eq(peer_wait_answer(&peers[i]), 200);
            peer_forget(&peers[i]);
        }
    }
    uint64_t took_ms = (clock_us() - begin_us) / 1000;
    ck_assert_uint_eq(fixture.handled, 1000);
    ck_assert_msg(took_ms < 8000, "%u ms", (unsigned)took_ms); /* 150 ms on a quiet machine */
    for (int i = 0; i < 4; i++)
        peer_close(&peers[i]);
}
END_TEST

static TCase *limits(void) {
    TCase *group = tcase_create("limits");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, a_request_that_takes_long_is_given_up);
    tcase_add_test(group, a_byte_now_and_then_is_no_progress);
    tcase_add_test(group, an_idle_connection_is_kept_and_then_closed);
    tcase_add_test(group, a_request_on_a_kept_connection_has_its_own_deadline);
    tcase_add_test(group, an_answer_that_is_not_read_is_given_up);
    tcase_add_test(group, pipelined_requests_are_answered_in_order);
    tcase_add_test(group, a_flood_that_is_not_read_is_bounded);
    tcase_add_test(group, more_connections_than_there_may_be_get_503);
    tcase_add_test(group, connections_that_come_and_go_leave_nothing);
    tcase_add_test(group, clients_that_go_before_they_are_accepted_hold_up_no_other);
    tcase_add_test(group, a_thousand_requests_are_served_in_a_second);
    return group;
}

static TCase *later(void) {
    TCase *group = tcase_create("later");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, an_answer_may_come_later);
    tcase_add_test(group, a_handler_that_takes_too_long_is_answered_for);
    tcase_add_test(group, a_handle_outlives_its_client);
    tcase_add_test(group, a_handle_outlives_the_server);
    tcase_add_test(group, handles_that_are_not_answered_are_bounded);
    return group;
}

UNIT_MAIN("lib/http/connection", limits, later)
