/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_sock_bind_windows: no other program takes a part of our connections, as SO_REUSEADDR lets it on Windows.
 */
#include "config.h"

#include "net_fixture.h"

START_TEST(a_port_is_ours_alone) {
    struct addr addr = loopback(0);
    evutil_socket_t listener = listening(&addr), other = socket(AF_INET, SOCK_STREAM, 0);
    int is_exclusive = 0, yes = 1, size = sizeof is_exclusive;
    ck_assert_int_eq(getsockopt((SOCKET)listener, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (char *)&is_exclusive, &size), 0);
    ck_assert_int_ne(is_exclusive, 0);
    ck_assert_int_eq(setsockopt((SOCKET)other, SOL_SOCKET, SO_REUSEADDR, (const char *)&yes, sizeof yes), 0);
    ck_assert_int_ne(bind((SOCKET)other, (const struct sockaddr *)&addr.storage, (int)addr.length), 0);
    sock_close(other);
    sock_close(listener);
}
END_TEST

static TCase *binding(void) {
    TCase *group = tcase_create("binding");
    tcase_add_test(group, a_port_is_ours_alone);
    return group;
}

UNIT_MAIN("lib/net/sock_bind (Windows)", binding)
