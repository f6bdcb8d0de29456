/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_proxy_io: a talk over a pair of sockets: it waits, goes on, and notices that the proxy has closed.
 */
#include "config.h"

#include "unit.h"

#include "lib/net/sock.h"
#include "proto/proxy_io.h"

#include <string.h>

static struct proxy proxy;
static struct proxy_talk *talk;
static evutil_socket_t ends[2];

static void begin(void) {
    struct endpoint server;
    ck_assert_int_eq(proxy_parse(&proxy, "http://p:3128", NULL), 0);
    ck_assert_int_eq(endpoint_parse(&server, "example.org:10001", NULL), 0);
    talk = proxy_talk_new(&proxy, &server);
    unit_tcp_pair(&ends[0], &ends[1]);
    proxy_talk_begin(talk);
}

static void finish(void) {
    proxy_talk_free(talk);
    sock_close(ends[0]);
    sock_close(ends[1]);
}

static void answer(const char *text) {
    struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
    ck_assert_int_eq(sock_writev(ends[1], &part, 1), (ssize_t)strlen(text));
}

START_TEST(it_goes_on_when_the_socket_is_ready) {
    ck_assert_int_eq(proxy_io_proceed(talk, ends[0]), PROXY_RECEIVES);
    char request[256] = "";
    struct iovec part = {.iov_base = request, .iov_len = sizeof request - 1};
    ck_assert_int_gt(sock_readv(ends[1], &part, 1), 0);
    ck_assert_ptr_nonnull(strstr(request, "CONNECT example.org:10001 HTTP/1.1\r\n"));
    answer("HTTP/1.1 200 ");
    ck_assert_int_eq(proxy_io_proceed(talk, ends[0]), PROXY_RECEIVES);
    answer("OK\r\n\r\n");
    ck_assert_int_eq(proxy_io_proceed(talk, ends[0]), PROXY_IS_OPEN);
}
END_TEST

START_TEST(an_end_is_noticed) {
    ck_assert_int_eq(proxy_io_proceed(talk, ends[0]), PROXY_RECEIVES);
    sock_half_close(ends[1]);
    ck_assert_int_eq(proxy_io_proceed(talk, ends[0]), PROXY_FAILED);
    ck_assert_str_eq(proxy_talk_detail(talk), "proxy p:3128: closed the connection without an answer");
}
END_TEST

static TCase *sockets(void) {
    TCase *group = tcase_create("sockets");
    tcase_add_checked_fixture(group, begin, finish);
    tcase_add_test(group, it_goes_on_when_the_socket_is_ready);
    tcase_add_test(group, an_end_is_noticed);
    return group;
}

UNIT_MAIN("proto/proxy_io", sockets)
