/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_client_posix: see local_client.h.
 */
#include "config.h"

#include "local_client.h"

#include "lib/net/sock.h"

#include <errno.h>
#include <string.h>

const char *local_path(const char *name) {
    return unit_path(name);
}

bool local_is_pipe(void) {
    return false;
}

evutil_socket_t local_connect(const struct addr *addr) {
    bool done;
    evutil_socket_t fd = sock_connect(addr, NULL, &done);
    ck_assert_msg(fd >= 0, "%s", strerror(errno));
    return fd;
}
