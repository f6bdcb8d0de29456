/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_portable: what sock_linux.c does, by means that every POSIX system has.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/net/sock_priv.h"

#ifndef __linux__
#include <event2/util.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

int sock_unlisten(evutil_socket_t fd) {
    (void)fd;
    return -1;
}

bool sock_has_loopback_network(void) {
    return false;
}

bool sock_peer_user(evutil_socket_t fd, uid_t *user) {
    gid_t group;
    return getpeereid(fd, user, &group) == 0;
}

/* No two systems have the same call for it. */
pid_t sock_peer_process(evutil_socket_t fd) {
    (void)fd;
    return 0;
}

/* The effective group only: the others are asked for in as many ways as there are systems. */
bool sock_peer_is_in(evutil_socket_t fd, gid_t group) {
    uid_t user;
    gid_t effective;
    return getpeereid(fd, &user, &effective) == 0 && effective == group;
}

static evutil_socket_t made_ready(evutil_socket_t fd) {
    if (fd < 0)
        return -1;
    if (evutil_make_socket_nonblocking(fd) || evutil_make_socket_closeonexec(fd)) {
        sock_close(fd);
        return -1;
    }
#ifdef SO_NOSIGPIPE
    sock_set_number(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
    return fd;
}

evutil_socket_t sock_system_open(int family, int type) {
    return made_ready(socket(family, type, 0));
}

evutil_socket_t sock_system_accept(evutil_socket_t listener, struct sockaddr *peer, socklen_t *length) {
    evutil_socket_t fd = made_ready(accept(listener, peer, length));
    if (fd >= 0 && peer->sa_family != AF_UNIX)
        sock_set_number(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    return fd;
}

void sock_system_choose_port_late(evutil_socket_t fd) {
    (void)fd;
}

void sock_system_stays_within(evutil_socket_t fd) {
    (void)fd; /* no pacing by default on these systems */
}

void sock_set_keepalive(evutil_socket_t fd, const struct sock_keepalive *keepalive) {
#if defined(TCP_KEEPIDLE)
    sock_set_number(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)keepalive->idle_s);
#elif defined(TCP_KEEPALIVE)
    sock_set_number(fd, IPPROTO_TCP, TCP_KEEPALIVE, (int)keepalive->idle_s);
#endif
#if defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
    sock_set_number(fd, IPPROTO_TCP, TCP_KEEPINTVL, (int)keepalive->interval_s);
    sock_set_number(fd, IPPROTO_TCP, TCP_KEEPCNT, (int)keepalive->probes);
#endif
    sock_set_number(fd, SOL_SOCKET, SO_KEEPALIVE, keepalive->idle_s > 0);
}

/* FreeBSD and OpenBSD have such options for root alone, and each another one. */
int sock_system_bind_freely(evutil_socket_t fd) {
    (void)fd;
    return ENOTSUP;
}

int sock_system_bind_to(evutil_socket_t fd, const char *interface) {
    (void)fd;
    (void)interface;
    return ENOTSUP;
}

size_t sock_unsent(evutil_socket_t fd) {
    (void)fd;
    return 0;
}

unsigned sock_round_trip_us(evutil_socket_t fd) {
    (void)fd;
    return 0;
}

unsigned sock_stalled_ms(evutil_socket_t fd, struct sock_stall *stall) {
    (void)fd, (void)stall;
    return 0;
}

/* IANA's dynamic ports, which the BSDs have at least, too. */
unsigned sock_ephemeral_ports(void) {
    return 65535 - 49152 + 1;
}
#endif
