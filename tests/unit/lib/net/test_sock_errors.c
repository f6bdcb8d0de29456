/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_sock_errors: what Windows' error numbers of sockets are as errno (sock_errors_windows.c).
 */
#include "config.h"

#include "lib/net/sock_priv.h"
#include "unit.h"

#include <errno.h>

START_TEST(what_callers_look_for_is_found) {
    ck_assert_int_eq(sock_errno_of(0), 0);
    ck_assert(sock_would_block(sock_errno_of(WSAEWOULDBLOCK)));
    ck_assert_int_eq(sock_errno_of(WSAECONNREFUSED), ECONNREFUSED);
    ck_assert_int_eq(sock_errno_of(WSAEADDRINUSE), EADDRINUSE);
    ck_assert_int_eq(sock_errno_of(WSAEACCES), EACCES);
    ck_assert_int_eq(sock_errno_of(WSAENETRESET), ETIMEDOUT);
    ck_assert_int_eq(sock_errno_of(WSAESHUTDOWN), EPIPE);
}
END_TEST

START_TEST(an_unknown_error_is_an_error) {
    ck_assert_int_eq(sock_errno_of(12345), EIO);
    ck_assert_int_eq(sock_errno_of(WSABASEERR), EIO);
}
END_TEST

START_TEST(a_failed_call_leaves_its_error) {
    errno = 0;
    ck_assert_int_eq(sock_result(5), 5);
    ck_assert_int_eq(errno, 0);
    WSASetLastError(WSAECONNRESET);
    ck_assert_int_eq(sock_result(SOCKET_ERROR), -1);
    ck_assert_int_eq(errno, ECONNRESET);
}
END_TEST

static TCase *errors(void) {
    TCase *group = tcase_create("errors");
    tcase_add_test(group, what_callers_look_for_is_found);
    tcase_add_test(group, an_unknown_error_is_an_error);
    tcase_add_test(group, a_failed_call_leaves_its_error);
    return group;
}

UNIT_MAIN("lib/net/sock_errors", errors)
