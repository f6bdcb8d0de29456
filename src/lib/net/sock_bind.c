/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_bind: makes sockets to listen on; errors with the remedy.
 * Runs on: the control thread or start. Owns: nothing; the descriptor goes to the caller. sock_bind_posix.c and
 * sock_bind_windows.c have what differs by system.
 */
#include "config.h"

#include "lib/net/sock_priv.h"

#include "lib/base/error.h"
#include "lib/net/datagrams.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* bind() fails with EADDRINUSE for a file of any kind. */
static bool is_other_file(const struct addr *addr) {
    const char *path = addr_unix_path(addr);

    return path && sock_system_file(path) == SOCK_FILE_OTHER;
}

static const char *advice_in_use(const struct addr *addr) {
    return addr_is_unix(addr) ? "choose another path or stop that program" : "choose another port or stop that program";
}

static const char *advice_denied(const struct addr *addr) {
    return addr_is_unix(addr) ? "may this user write to that folder?" : sock_system_advice_denied(addr);
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
        return error_set(error, "cannot listen on %s: no descriptor left (%s)%s", where, system,
                         sock_system_advice_limit());
    case ENOENT:
    case ENOTDIR:
        return error_set(error, "cannot listen on %s: there is no such folder (%s); make it or choose another path",
                         where, system);
    default:
        return error_set(error, "cannot listen on %s: %s", where, system);
    }
}

void sock_prepare(evutil_socket_t fd, const struct addr *addr) {
    if (addr_is_unix(addr))
        return;
    sock_system_claim(fd);
    sock_system_send_at_once(fd);
    if (addr->storage.ss_family == AF_INET6)
        sock_set_number(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (addr_is_loopback(addr)) /* accepted sockets inherit it */
        sock_system_stays_within(fd);
}

/* Two programs that have it on could have the same port of UDP. */
void sock_let_beside(evutil_socket_t fd, bool on) {
    sock_set_number(fd, SOL_SOCKET, SO_REUSEADDR, on);
}

static void prepare_datagrams(evutil_socket_t fd, const struct addr *addr) {
    if (addr->storage.ss_family == AF_INET6)
        sock_set_number(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    sock_set_number(fd, SOL_SOCKET, SO_RCVBUF, SOCK_DATAGRAM_BUFFER);
    datagrams_prepare(fd, addr->storage.ss_family);
}

static int bind_once(evutil_socket_t fd, const struct addr *addr) {
    return sock_result(bind(fd, (const struct sockaddr *)&addr->storage, addr->length));
}

/* 0, or the errno of a connection to this socket file, which does not wait; EAGAIN: its backlog is full. */
static int probe_socket(const struct addr *addr) {
    const char *path = addr_unix_path(addr);
    enum sock_file file = path ? sock_system_file(path) : SOCK_FILE_OTHER;
    if (file != SOCK_FILE_SOCKET)
        return file == SOCK_FILE_ABSENT ? errno : ENOTSOCK;
    evutil_socket_t probe = sock_system_open(AF_UNIX, SOCK_STREAM);
    if (probe < 0)
        return errno;
    int failure = sock_result(connect(probe, (const struct sockaddr *)&addr->storage, addr->length)) ? errno : 0;
    sock_close(probe);
    return failure;
}

bool sock_is_served(const struct addr *addr) {
    int failure = probe_socket(addr);
    return failure == 0 || sock_would_block(failure);
}

/* A socket file whose program is gone. */
static bool remove_stale(const struct addr *addr) {
    return probe_socket(addr) == ECONNREFUSED && sock_system_remove(addr_unix_path(addr));
}

static int explain_option(const char *what, int error_number, struct error *error) {
    if (error_number == ENOTSUP)
        return error_set(error, "this system has no way to %s; leave it out", what);
    if (error_number == ENODEV)
        return error_set(error, "cannot %s: this machine has no such interface", what);
    return error_set(error, "cannot %s: %s", what, error_text(error_number));
}

static int apply_options(evutil_socket_t fd, const struct sock_bind_options *options, struct error *error) {
    char what[64 + 48];
    int failure = options->freebind ? sock_system_bind_freely(fd) : 0;
    if (failure)
        return explain_option("listen on an address that is not there (freebind)", failure, error);
    failure = options->interface ? sock_system_bind_to(fd, options->interface) : 0;
    if (!failure)
        return 0;
    snprintf(what, sizeof what, "listen on the interface \"%.40s\" alone", options->interface);
    return explain_option(what, failure, error);
}

int sock_check_bind(const struct sock_bind_options *options, struct error *error) {
    if (!options->freebind && !options->interface)
        return 0;
    evutil_socket_t fd = sock_system_open(AF_INET, SOCK_STREAM);
    if (fd < 0)
        return error_set(error, "cannot make a socket: %s", error_text(errno));
    int result = apply_options(fd, options, error);
    sock_close(fd);
    return result;
}

evutil_socket_t sock_bind(const struct addr *addr, struct error *error) {
    return sock_bind_as(addr, &(struct sock_bind_options){.freebind = false}, error);
}

evutil_socket_t sock_bind_as(const struct addr *addr, const struct sock_bind_options *options, struct error *error) {
    evutil_socket_t fd = sock_system_open(addr->storage.ss_family, options->datagrams ? SOCK_DGRAM : SOCK_STREAM);
    if (fd < 0)
        return sock_explain(addr, errno, error);
    if (options->datagrams)
        prepare_datagrams(fd, addr);
    else
        sock_prepare(fd, addr);
    if (!addr_is_unix(addr) && apply_options(fd, options, error)) {
        sock_close(fd);
        return -1;
    }
    if (options->beside)
        sock_let_beside(fd, true);
    int result = bind_once(fd, addr);
    if (options->beside && !result)
        sock_let_beside(fd, false);
    if (result && errno == EADDRINUSE && addr_is_unix(addr)) {
        if (remove_stale(addr)) {
            result = bind_once(fd, addr);
        } else {
            errno = EADDRINUSE;
        }
    }
    if (result) {
        int failure = errno;
        sock_close(fd);
        return sock_explain(addr, failure, error);
    }
    return fd;
}
