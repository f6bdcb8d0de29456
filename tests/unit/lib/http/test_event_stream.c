/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_event_stream: events to readers that read, read slowly, never read, or leave.
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/os/fd_count.h"
#include "lib/os/malloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture fixture;

static void setup(void) {
    fixture_defaults(&fixture);
    fixture.options.request_ms = 500;
    fixture.options.keepalive_ms = 200;
    fixture_start(&fixture);
}

static void teardown(void) {
    fixture_stop(&fixture);
}

static struct peer follow(bool is_tcp, const char *headers) {
    char request[512];
    struct peer peer = peer_connect(&fixture, is_tcp);
    snprintf(request, sizeof request, "GET /events HTTP/1.1\r\n" HOST BEARER "%s\r\n", headers);
    peer_text(&peer, request);
    ck_assert_msg(peer_wait_for(&peer, "\r\n\r\n"), "%s", peer.bytes);
    return peer;
}

static bool send_event(const char *id, const char *name, const char *data) {
    return http_stream_send(fixture.stream, &(struct http_event){id, name, data, strlen(data)});
}

static bool is_closed(void *context) {
    (void)context;
    return fixture.closed;
}

START_TEST(events_arrive_as_they_are_sent) {
    struct peer peer = follow(true, "Last-Event-ID: 41\r\n");
    ck_assert_msg(strstr(peer.bytes, "Content-Type: text/event-stream\r\n"), "%s", peer.bytes);
    ck_assert_msg(strstr(peer.bytes, "X-Content-Type-Options: nosniff\r\n"), "%s", peer.bytes);
    ck_assert_str_eq(fixture.last_param, "41");
    ck_assert(send_event("42", "tick", "{\"a\":1}"));
    ck_assert(peer_wait_for(&peer, "id: 42\nevent: tick\ndata: {\"a\":1}\n\n"));
    ck_assert(send_event(NULL, NULL, "a\nb\r\nc\rd"));
    ck_assert(peer_wait_for(&peer, "data: a\ndata: b\ndata: c\ndata: d\n\n"));
    peer_close(&peer);
    ck_assert(unit_run_until(fixture.base, is_closed, NULL, 5000));
    ck_assert_uint_eq(http_server_counts(fixture.server).streams, 0);
}
END_TEST

START_TEST(a_field_with_a_line_end_forges_no_event) {
    struct peer peer = follow(true, "");
    ck_assert(!send_event("1\rdata: forged", NULL, "a"));
    ck_assert(!send_event(NULL, NULL, "a"));
    ck_assert(peer_wait_end(&peer));
    ck_assert_uint_eq(fixture.closed, 1);
    peer_close(&peer);
}
END_TEST

START_TEST(a_quiet_stream_has_comments) {
    struct peer peer = follow(false, "");
    ck_assert(peer_wait_for(&peer, ":\n\n"));
    peer_close(&peer);
}
END_TEST

START_TEST(a_reader_that_never_reads_is_closed_and_counted) {
    char data[4001];
    memset(data, 'x', 4000);
    data[4000] = '\0';
    struct peer peer = follow(true, "");
    size_t before = malloc_in_use();
    unsigned sent = 0;
    while (send_event("1", "event", data) && sent++ < 100000)
        unit_run_rounds(fixture.base, 1);
    ck_assert_uint_lt(sent, 100000);
    ck_assert_uint_lt(malloc_in_use(), before + 2 * 256 * 1024);
    ck_assert(unit_run_until(fixture.base, is_closed, NULL, 5000));
    ck_assert_uint_eq(http_server_counts(fixture.server).streams_dropped, 1);
    peer_close(&peer);
}
END_TEST

START_TEST(a_reader_that_stops_reading_is_closed) {
    char data[4001];
    memset(data, 'x', 4000);
    data[4000] = '\0';
    struct peer peer = follow(true, "");
    for (int i = 0; i < 10000 && http_stream_queued(fixture.stream) < 128 * 1024; i++) {
        ck_assert(send_event("1", "event", data));
        unit_run_rounds(fixture.base, 1);
    }
    ck_assert_uint_gt(http_stream_queued(fixture.stream), 0);
    ck_assert(unit_run_until(fixture.base, is_closed, NULL, 5000));
    ck_assert_uint_eq(http_server_counts(fixture.server).streams_dropped, 1);
    peer_close(&peer);
}
END_TEST

START_TEST(a_reader_that_floods_is_closed) {
    char *flood = calloc(1, 300000);
    struct peer peer = follow(true, "");
    peer_send(&peer, flood, 300000);
    ck_assert(unit_run_until(fixture.base, is_closed, NULL, 5000));
    peer_close(&peer);
    free(flood);
}
END_TEST

START_TEST(half_of_the_connections_may_be_streams) {
    struct peer peers[4];
    for (int i = 0; i < 4; i++)
        peers[i] = follow(true, "");
    ck_assert_uint_eq(ask(&fixture, true, "GET /events HTTP/1.1\r\n" HOST BEARER "\r\n"), 503);
    ck_assert_uint_eq(ask(&fixture, true, "GET /v1/status HTTP/1.1\r\n" HOST BEARER "\r\n"), 200);
    ck_assert_uint_eq(http_server_counts(fixture.server).streams, 4);
    for (int i = 0; i < 4; i++)
        peer_close(&peers[i]);
}
END_TEST

START_TEST(a_stream_that_is_closed_leaves_its_connection) {
    struct peer peer = follow(true, "");
    ck_assert(send_event("1", NULL, "last"));
    http_stream_close(fixture.stream);
    ck_assert(peer_wait_for(&peer, "data: last\n\n"));
    ck_assert(peer_wait_for(&peer, "0\r\n\r\n"));
    peer_forget(&peer);
    peer_text(&peer, "GET /v1/status HTTP/1.1\r\n" HOST BEARER "\r\n");
    ck_assert_uint_eq(peer_wait_answer(&peer), 200);
    ck_assert_uint_eq(fixture.closed, 0);
    ck_assert_uint_eq(http_server_counts(fixture.server).streams, 0);
    peer_close(&peer);
}
END_TEST

START_TEST(a_token_that_is_revoked_ends_its_stream) {
    struct error error = {""};
    struct peer peer = follow(true, "");
    struct peer other = follow(false, "");
    struct http_tokens *tokens =
        http_tokens_read(unit_text_file("new", "admin new other-0123456789abcdef0123456789abcdef"), &error);
    ck_assert_msg(tokens, "%s", error.text);
    http_server_set_tokens(fixture.server, tokens);
    ck_assert(peer_wait_end(&peer));
    ck_assert_uint_eq(fixture.closed, 1);
    peer_take(&other);
    ck_assert(!other.has_ended);
    peer_close(&peer);
    peer_close(&other);
}
END_TEST

START_TEST(streams_end_with_the_server) {
    struct peer peer = follow(true, "");
    ck_assert(send_event("1", NULL, "a"));
    http_server_free(fixture.server);
    fixture.server = NULL;
    ck_assert_uint_eq(fixture.closed, 1);
    peer_close(&peer);
}
END_TEST

START_TEST(head_of_a_stream_is_no_stream) {
    char *answer = ask_all(&fixture, false, "HEAD /events HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    ck_assert_msg(strstr(answer, "200 OK"), "%s", answer);
    free(answer);
    ck_assert_uint_eq(http_server_counts(fixture.server).streams, 0);
}
END_TEST

static TCase *streams(void) {
    TCase *group = tcase_create("streams");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, events_arrive_as_they_are_sent);
    tcase_add_test(group, a_field_with_a_line_end_forges_no_event);
    tcase_add_test(group, a_quiet_stream_has_comments);
    tcase_add_test(group, a_reader_that_never_reads_is_closed_and_counted);
    tcase_add_test(group, a_reader_that_stops_reading_is_closed);
    tcase_add_test(group, a_reader_that_floods_is_closed);
    tcase_add_test(group, half_of_the_connections_may_be_streams);
    tcase_add_test(group, a_stream_that_is_closed_leaves_its_connection);
    tcase_add_test(group, a_token_that_is_revoked_ends_its_stream);
    tcase_add_test(group, streams_end_with_the_server);
    tcase_add_test(group, head_of_a_stream_is_no_stream);
    return group;
}

UNIT_MAIN("lib/http/event_stream", streams)
