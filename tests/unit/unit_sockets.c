/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * unit_sockets: see unit.h.
 */
#include "config.h"

#include "lib/net/socket_types.h"
#include "unit.h"

#include <event2/util.h>

evutil_socket_t unit_listen(uint16_t *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    evutil_socket_t fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, SOMAXCONN), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    ck_assert_int_eq(evutil_make_socket_nonblocking(fd), 0);
    ck_assert_int_eq(evutil_make_socket_closeonexec(fd), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static evutil_socket_t accept_soon(evutil_socket_t listener) {
    evutil_socket_t fd;
    for (int i = 0; (fd = accept(listener, NULL, NULL)) < 0 && i < 1000; i++)
        unit_nap(1000);
    ck_assert_int_ge(fd, 0);
    return fd;
}

void unit_tcp_pair(evutil_socket_t *here, evutil_socket_t *there) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint16_t port;
    evutil_socket_t listener = unit_listen(&port);
    address.sin_port = htons(port);
    *here = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(*here, (struct sockaddr *)&address, sizeof address), 0);
    *there = accept_soon(listener);
    ck_assert_int_eq(evutil_make_socket_nonblocking(*here), 0);
    ck_assert_int_eq(evutil_make_socket_nonblocking(*there), 0);
    evutil_closesocket(listener);
}
