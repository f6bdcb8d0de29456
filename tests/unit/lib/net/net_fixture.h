/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * net_fixture: addresses and listening sockets for the tests of this folder.
 */
#ifndef MUNNEL_TESTS_NET_FIXTURE_H
#define MUNNEL_TESTS_NET_FIXTURE_H

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "lib/net/socket_types.h"
#include "unit.h"

#include <stdio.h>

enum { PATIENCE_MS = 5000 };

static inline bool becomes(evutil_socket_t fd, short what) {
    return sock_wait(fd, what, clock_ms() + PATIENCE_MS) != 0;
}

static inline bool is_ready(evutil_socket_t fd, short what) {
    return sock_wait(fd, what, 0) != 0;
}

/* Of "HOST:PORT" or "unix:PATH"; fails the test if it is none. */
static inline struct addr addr_of(const char *text) {
    struct endpoint endpoint;
    struct error error = {""};
    struct addr addr;
    ck_assert_msg(endpoint_parse(&endpoint, text, &error) == 0, "%s", error.text);
    ck_assert_msg(addr_from_endpoint(&addr, &endpoint), "%s", text);
    return addr;
}

static inline struct addr loopback(uint16_t port) {
    struct endpoint endpoint = {.host = "127.0.0.1", .port = port};
    struct addr addr;
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}

static inline struct addr unix_addr(const char *path) {
    char text[ENDPOINT_HOST + 8];
    snprintf(text, sizeof text, "unix:%s", path);
    return addr_of(text);
}

/* Listens on a free port, or on the path of *addr if it is one; *addr is then where. */
static inline evutil_socket_t listening(struct addr *addr) {
    struct error error = {""};
    evutil_socket_t fd = sock_bind(addr, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    ck_assert_int_eq(sock_listen(fd, SOCK_BACKLOG), 0);
    addr->length = sizeof addr->storage;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr->storage, &addr->length), 0);
    return fd;
}

struct connected_pair {
    evutil_socket_t listener, client, server;
    struct addr peer;
};

static inline struct connected_pair connected(struct addr addr) {
    struct connected_pair pair = {.listener = listening(&addr)};
    bool done;
    pair.client = sock_connect(&addr, NULL, &done);
    ck_assert_int_ge(pair.client, 0);
    ck_assert(becomes(pair.listener, POLLIN));
    pair.server = sock_accept(pair.listener, &pair.peer);
    ck_assert_int_ge(pair.server, 0);
    ck_assert(becomes(pair.client, POLLOUT));
    ck_assert_int_eq(sock_connect_result(pair.client), 0);
    return pair;
}

static inline void close_pair(struct connected_pair *pair) {
    sock_close(pair->listener);
    sock_close(pair->client);
    sock_close(pair->server);
}

static inline int option_of(evutil_socket_t fd, int level, int option) {
    int value = 0;
    socklen_t length = sizeof value;
    ck_assert_int_eq(getsockopt(fd, level, option, (char *)&value, &length), 0);
    return value;
}

#ifdef _WIN32
/* Which binds datagram sockets to addresses of no machine. */
static inline bool is_wine(void) {
    return !!GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version");
}
#else
static inline bool is_wine(void) {
    return false;
}
#endif

/* Windows has had them since 2018; wine has not. */
static inline bool has_unix_sockets(void) {
    evutil_socket_t fd = (evutil_socket_t)socket(AF_UNIX, SOCK_STREAM, 0);
    sock_close(fd);
    return fd >= 0;
}

#endif
