/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_bind_posix: what POSIX has to say about sockets to listen on: rights, limits, and files of Unix sockets.
 * Runs on: the control thread or start. Owns: nothing.
 */
#include "config.h"

#include "lib/net/sock_priv.h"

#include <sys/stat.h>
#include <unistd.h>

enum { UNPRIVILEGED_PORT = 1024 };

/* Without it the port stays taken while connections of the program that ended linger. */
void sock_system_claim(evutil_socket_t fd) {
    sock_set_number(fd, SOL_SOCKET, SO_REUSEADDR, 1);
}

int sock_listen(evutil_socket_t fd, unsigned backlog) {
    return listen(fd, (int)backlog);
}

const char *sock_system_advice_denied(const struct addr *addr) {
    return addr_port(addr) < UNPRIVILEGED_PORT
               ? "ports below 1024 need the right to bind them (CAP_NET_BIND_SERVICE); grant it or choose another port"
               : "something forbids this port to this program";
}

const char *sock_system_advice_limit(void) {
    return "; raise the limit (ulimit -n)";
}

enum sock_file sock_system_file(const char *path) {
    struct stat status;

    if (lstat(path, &status))
        return SOCK_FILE_ABSENT;
    return S_ISSOCK(status.st_mode) ? SOCK_FILE_SOCKET : SOCK_FILE_OTHER;
}

bool sock_system_remove(const char *path) {
    return unlink(path) == 0;
}
