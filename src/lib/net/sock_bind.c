/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_bind: makes sockets to listen on; errors with the remedy.
 * Runs on: the control thread or start. Owns: nothing; the descriptor goes to the caller.
 */
#include "config.h"

#include "lib/net/sock_priv.h"

#include "lib/base/error.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096, UNPRIVILEGED_PORT = 1024 };

static const char *socket_path(const struct addr *addr) {
    return ((const struct sockaddr_un *)(const void *)&addr->storage)->sun_path;
}

/* bind() fails with EADDRINUSE for a file of any kind. */
static bool is_other_file(const struct addr *addr) {
    struct stat status;
    return addr_is_unix(addr) && lstat(socket_path(addr), &status) == 0 && !S_ISSOCK(status.st_mode);
}

static const char *advice_in_use(const struct addr *addr) {
    return addr_is_unix(addr) ? "choose another path or stop that program" : "choose another port or stop that program";
}

static const char *advice_denied(const struct addr *addr) {
    if (addr_is_unix(addr))
        return "may this user write to that folder?";
    return addr_port(addr) < UNPRIVILEGED_PORT
               ? "ports below 1024 need the right to bind them (CAP_NET_BIND_SERVICE); grant it or choose another port"
               : "something forbids this port to this program";
}

int sock_explain(const struct addr *addr, int error_number, struct error *error) {
    char where[ADDR_TEXT];
    const char *system = error_text(error_number);
    addr_format(addr, where, sizeof where);
    switch (error_number) {
    case EADDRINUSE:
        if (is_other_file(addr))
            return error_set(error,
                             "cannot listen on %s: there is a file that is no socket; remove it or choose another path",
                             where);
        return error_set(error, "%s is in use by another program (%s); %s", where, system, advice_in_use(addr));
    case EACCES:
    case EPERM:
        return error_set(error, "not allowed to listen on %s (%s); %s", where, system, advice_denied(addr));
    case EADDRNOTAVAIL:
        return error_set(error, "cannot listen on %s: this machine has no such address (%s)", where, system);
    case EAFNOSUPPORT:
        return error_set(error, "cannot listen on %s: this machine is set up without such addresses (%s)", where,
                         system);
    case EMFILE:
    case ENFILE:
        return error_set(error, "cannot listen on %s: no descriptor left (%s); raise the limit (ulimit -n)", where,
                         system);
    case ENOENT:
    case ENOTDIR:
        return error_set(error, "cannot listen on %s: there is no such folder (%s); make it or choose another path",
                         where, system);
    default:
        return error_set(error, "cannot listen on %s: %s", where, system);
    }
}

static void set_yes(evutil_socket_t fd, int level, int option) {
    const int yes = 1;
    (void)setsockopt(fd, level, option, &yes, sizeof yes);
}

void sock_prepare(evutil_socket_t fd, const struct addr *addr) {
    if (addr_is_unix(addr))
        return;
    set_yes(fd, SOL_SOCKET, SO_REUSEADDR);
    set_yes(fd, IPPROTO_TCP, TCP_NODELAY);
    if (addr->storage.ss_family == AF_INET6)
        set_yes(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    if (addr_is_loopback(addr)) /* accepted sockets inherit it */
        sock_system_stays_within(fd);
}

static int bind_once(evutil_socket_t fd, const struct addr *addr) {
    return bind(fd, (const struct sockaddr *)&addr->storage, addr->length);
}

/* 0, or the errno of a connection to this socket file, which does not wait; EAGAIN: its backlog is full. */
static int probe_socket(const struct addr *addr, const char *path) {
    struct stat status;
    if (lstat(path, &status))
        return errno;
    if (!S_ISSOCK(status.st_mode))
        return ENOTSOCK;
    evutil_socket_t probe = sock_system_open(AF_UNIX);
    if (probe < 0)
        return errno;
    int failure = connect(probe, (const struct sockaddr *)&addr->storage, addr->length) ? errno : 0;
    close(probe);
    return failure;
}

/* Is there a socket file whose program is gone? */
static bool is_stale(const struct addr *addr, const char *path) {
    return probe_socket(addr, path) == ECONNREFUSED;
}

bool sock_is_served(const struct addr *addr) {
    int failure = probe_socket(addr, socket_path(addr));
    return failure == 0 || sock_would_block(failure);
}

static bool remove_stale(const struct addr *addr) {
    const char *path = socket_path(addr);
    return path[0] && is_stale(addr, path) && unlink(path) == 0;
}

evutil_socket_t sock_bind(const struct addr *addr, struct error *error) {
    evutil_socket_t fd = sock_system_open(addr->storage.ss_family);
    if (fd < 0)
        return sock_explain(addr, errno, error);
    sock_prepare(fd, addr);
    int result = bind_once(fd, addr);
    if (result && errno == EADDRINUSE && addr_is_unix(addr)) {
        if (remove_stale(addr)) {
            result = bind_once(fd, addr);
        } else {
            errno = EADDRINUSE;
        }
    }
    if (result) {
        int failure = errno;
        close(fd);
        return sock_explain(addr, failure, error);
    }
    return fd;
}

int sock_listen(evutil_socket_t fd) {
    return listen(fd, BACKLOG);
}
