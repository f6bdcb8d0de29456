/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_bind_windows: what Windows has to say about sockets to listen on: rights, limits, and files of Unix sockets.
 * Runs on: the control thread or start. Owns: nothing.
 */
#include "config.h"

#include "lib/base/wide.h"
#include "lib/net/sock_priv.h"

#include <errno.h>
#include <stdlib.h>

enum { BACKLOG_LEAST = 200, BACKLOG_MOST = 65535 };

/*
 * SO_REUSEADDR is another option here: it lets any program of the same user take a part of the connections. A port is
 * free again as soon as the program that had it ends, without any option.
 */
void sock_system_claim(evutil_socket_t fd) {
    sock_set_number(fd, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1);
}

/* From 200 on it is a hint for the system, and given as a negative number. */
int sock_listen(evutil_socket_t fd, unsigned backlog) {
    int most = backlog < BACKLOG_MOST ? (int)backlog : BACKLOG_MOST;
    return sock_result(listen((SOCKET)fd, most < BACKLOG_LEAST ? most : -most));
}

int sock_system_bind_freely(evutil_socket_t fd) {
    (void)fd;
    return ENOTSUP;
}

int sock_system_bind_to(evutil_socket_t fd, const char *interface) {
    (void)fd;
    (void)interface;
    return ENOTSUP;
}

const char *sock_system_advice_denied(const struct addr *addr) {
    (void)addr;
    return "another program has this port for itself alone, or Windows has set it aside (netsh interface ipv4 show "
           "excludedportrange protocol=tcp); choose another port";
}

const char *sock_system_advice_limit(void) {
    return "";
}

/* A Unix socket is a reparse point. */
enum sock_file sock_system_file(const char *path) {
    WIN32_FIND_DATAW found;
    wchar_t *wide = path_to_wide(path);
    HANDLE search = wide ? FindFirstFileW(wide, &found) : INVALID_HANDLE_VALUE;
    free(wide);
    if (search == INVALID_HANDLE_VALUE) {
        errno = ENOENT;
        return SOCK_FILE_ABSENT;
    }
    FindClose(search);
    bool is_socket =
        (found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) && found.dwReserved0 == IO_REPARSE_TAG_AF_UNIX;
    return is_socket ? SOCK_FILE_SOCKET : SOCK_FILE_OTHER;
}

bool sock_system_remove(const char *path) {
    wchar_t *wide = path_to_wide(path);
    bool is_removed = wide && DeleteFileW(wide);
    free(wide);
    return is_removed;
}
