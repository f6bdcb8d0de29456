/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * passed_sockets: see passed_sockets.h. A socket of "[::]:PORT" that takes IPv4 as well is refused: a service that is
 * to listen on "[::]:PORT" alone would be open to more clients than its file says.
 */
#include "config.h"

#include "lib/net/passed_sockets.h"

#include "lib/base/error.h"
#include "lib/base/strbuf.h"
#include "lib/net/sock_priv.h"

#include <errno.h>
#include <event2/util.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_FD = 3, NAME_SIZE = 64, SOCKETS_MAX = 4096, SENTENCE = 512 };

struct passed_socket {
    evutil_socket_t fd;
    char name[NAME_SIZE]; /* of the socket unit */
    struct addr addr;     /* length 0: not a listening stream socket */
    bool takes_ipv4_too;  /* [::] without IPV6_V6ONLY */
    bool is_used;
};

struct passed_sockets {
    struct passed_socket *all;
    size_t count;
};

/* --- taking them over --- */

static int read_option(evutil_socket_t fd, int level, int option) {
    int value = 0;
    socklen_t length = sizeof value;
    return getsockopt(fd, level, option, &value, &length) ? -1 : value;
}

static bool is_any_ipv6(const struct addr *addr) {
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)&addr->storage;
    return addr->storage.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr);
}

/* Returns what is behind the name in the list of `names`, which has one for each socket. */
static const char *take_name(struct passed_socket *socket, const char *names) {
    size_t length = strcspn(names, ":");
    snprintf(socket->name, sizeof socket->name, "%.*s", length ? (int)length : (int)strlen("unknown"),
             length ? names : "unknown");
    return names[length] ? names + length + 1 : names + length;
}

static int take_over(struct passed_socket *socket, evutil_socket_t fd, struct error *error) {
    socket->fd = -1;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC))
        return error_set(error, "LISTEN_FDS promises descriptor %d, which is not open (%s); start without it", fd,
                         error_text(errno));
    socket->fd = fd;
    if (read_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM && read_option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1)
        sock_local_addr(fd, &socket->addr);
    socket->takes_ipv4_too = is_any_ipv6(&socket->addr) && read_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
    return 0;
}

/* How many sockets are for this process; -1 with `error`. */
static long count_passed(const char *number, const char *process, struct error *error) {
    char *number_end, *process_end;

    if (!number || !process)
        return 0;
    errno = 0;
    long count = strtol(number, &number_end, 10), pid = strtol(process, &process_end, 10);
    if (errno || *number_end || number_end == number || *process_end || process_end == process || count < 0 ||
        count > SOCKETS_MAX)
        return error_set(error, "LISTEN_FDS=%.20s LISTEN_PID=%.20s: these are set by service managers, to numbers",
                         number, process);
    return pid == (long)getpid() ? count : 0;
}

static int take_over_all(struct passed_sockets *passed, long count, const char *names, struct error *error) {
    if (count <= 0)
        return (int)count;
    passed->all = calloc((size_t)count, sizeof *passed->all);
    if (!passed->all)
        return error_set(error, "out of memory");
    for (long i = 0; i < count; i++) {
        struct passed_socket *socket = &passed->all[passed->count];
        names = take_name(socket, names);
        if (take_over(socket, FIRST_FD + (int)i, error))
            return -1;
        passed->count++;
    }
    return 0;
}

struct passed_sockets *passed_sockets_new(struct error *error) {
    struct passed_sockets *passed = calloc(1, sizeof *passed);
    const char *names = getenv("LISTEN_FDNAMES");

    if (!passed) {
        error_set(error, "out of memory");
        return NULL;
    }
    long count = count_passed(getenv("LISTEN_FDS"), getenv("LISTEN_PID"), error);
    if (take_over_all(passed, count, names ? names : "", error)) {
        passed_sockets_free(passed);
        passed = NULL;
    }
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDNAMES");
    return passed;
}

void passed_sockets_free(struct passed_sockets *passed) {
    if (!passed)
        return;
    for (size_t i = 0; i < passed->count; i++)
        close(passed->all[i].fd);
    free(passed->all);
    free(passed);
}

/* --- finding one --- */

static bool is_same(const struct addr *a, const struct addr *b) {
    if (!a->length || a->storage.ss_family != b->storage.ss_family)
        return false;
    if (addr_is_unix(a))
        return addr_same_host(a, b);
    return addr_port(a) == addr_port(b) && addr_zone(a) == addr_zone(b) && addr_same_host(a, b);
}

static int open_socket(struct passed_socket *socket, evutil_socket_t *fd, struct error *error) {
    char where[ADDR_TEXT];

    socket->is_used = true;
    addr_format(&socket->addr, where, sizeof where);
    if (socket->takes_ipv4_too)
        return error_set(
            error,
            "the service manager's socket %s (%s) takes IPv4, too: write BindIPv6Only=ipv6-only in its unit, "
            "and ListenStream=0.0.0.0:%u if IPv4 is wanted",
            where, socket->name, addr_port(&socket->addr));
    *fd = fcntl(socket->fd, F_DUPFD_CLOEXEC, FIRST_FD);
    if (*fd < 0)
        return sock_explain(&socket->addr, errno, error);
    if (evutil_make_socket_nonblocking(*fd)) {
        close(*fd);
        return error_set(error, "the service manager's socket %s (%s) cannot be made non-blocking", where,
                         socket->name);
    }
    sock_prepare(*fd, &socket->addr);
    return 1;
}

int passed_sockets_open(struct passed_sockets *passed, const struct addr *addr, evutil_socket_t *fd,
                        struct error *error) {
    for (size_t i = 0; passed && i < passed->count; i++)
        if (is_same(&passed->all[i].addr, addr))
            return open_socket(&passed->all[i], fd, error);
    return 0;
}

void passed_sockets_report_unused(const struct passed_sockets *passed, void (*report)(void *context, const char *text),
                                  void *context) {
    char where[ADDR_TEXT], text[SENTENCE];

    for (size_t i = 0; passed && i < passed->count; i++) {
        const struct passed_socket *socket = &passed->all[i];
        if (socket->is_used)
            continue;
        if (socket->addr.length)
            snprintf(
                text, sizeof text,
                "the service manager passed a socket for %s (%s), on which nothing of the configuration listens: its "
                "clients wait in vain; take it out of the socket unit, or configure that address%s",
                addr_format(&socket->addr, where, sizeof where), socket->name,
                socket->takes_ipv4_too ? " (it takes IPv4, too, which needs BindIPv6Only=ipv6-only)" : "");
        else
            snprintf(
                text, sizeof text,
                "the service manager passed descriptor %d (%s), which is no listening stream socket; a socket unit for "
                "Munnel has ListenStream= and Accept=no",
                socket->fd, socket->name);
        report(context, text);
    }
}
