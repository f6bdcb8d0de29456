/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * connection_posix: of connection.c what differs by system. connection_windows.c is its counterpart.
 * Runs on: the thread of the event base. Owns: nothing.
 */
#include "config.h"

#include "lib/http/pool_priv.h"

#include <fcntl.h>

evutil_socket_t http_duplicate(evutil_socket_t fd) {
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}
