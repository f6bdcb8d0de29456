/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * net_fixture: addresses and listening sockets for the tests of this folder.
 */
#ifndef MUNNEL_TESTS_NET_FIXTURE_H
#define MUNNEL_TESTS_NET_FIXTURE_H

#include "lib/net/sock.h"
#include "unit.h"

#include <stdio.h>
#include <sys/socket.h>

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
static inline int listening(struct addr *addr) {
    struct error error = {""};
    int fd = sock_bind(addr, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    ck_assert_int_eq(sock_listen(fd), 0);
    addr->length = sizeof addr->storage;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr->storage, &addr->length), 0);
    return fd;
}

#endif
