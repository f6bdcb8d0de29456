/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_priv: what sock.c and sock_bind.c leave to the files of each system (sock_posix.c with sock_linux.c or
 * sock_portable.c; sock_windows.c with sock_tcp_windows.c), and to sock_bind_posix.c and sock_bind_windows.c.
 */
#ifndef MUNNEL_LIB_NET_SOCK_PRIV_H
#define MUNNEL_LIB_NET_SOCK_PRIV_H

#include "lib/net/sock.h"

/* The errno that means what the system's error number of a socket does: itself on POSIX. */
int sock_errno_of(int system_error);
int sock_system_error(evutil_socket_t fd); /* the errno with which it failed, to connect or later; 0: it works */
/* `result` of a call of the system's for a socket. Where it is negative, errno says from now on why it failed. */
int sock_result(int result);

/* A socket of this type (SOCK_STREAM ...), non-blocking and close-on-exec; -1 with errno. */
evutil_socket_t sock_system_open(int family, int type);
evutil_socket_t sock_system_accept(evutil_socket_t listener, struct sockaddr *peer, socklen_t *length); /* likewise */
/* 0: the connection is under way, or up, as *done has it; else the errno. */
int sock_system_connect(evutil_socket_t fd, const struct addr *addr, bool *done);
/* What poll() finds within `ms`; 0 also where a signal ended the wait, POLLERR where one cannot wait. */
short sock_system_poll(evutil_socket_t fd, short events, int ms);
/* A socket that is about to be bound to an address with any port, and then connected: its port need not be free but
 * for where it connects to. Where the system has no such thing, it looks for one that nothing uses. */
void sock_system_choose_port_late(evutil_socket_t fd);
/* A socket that is not connected yet and whose connections will not leave this machine. */
void sock_system_stays_within(evutil_socket_t fd);

void sock_system_send_at_once(evutil_socket_t fd); /* TCP_NODELAY */

/* Of a UDP socket: what comes while its thread does other work. The system gives as much of it as it permits. */
enum { SOCK_DATAGRAM_BUFFER = 4 * 1024 * 1024 };

static inline void sock_set_number(evutil_socket_t fd, int level, int option, int value) {
    /* It fails only for sockets that are not TCP, which need none of it. */
    (void)setsockopt(fd, level, option, (const char *)&value, sizeof value);
}

/* sock_bind.c */
void sock_prepare(evutil_socket_t fd,
                  const struct addr *addr); /* the options of a socket to listen on, before or after bind */
/* Of a socket that is not bound yet: 0, or the errno why it cannot; ENOTSUP: this system has no such thing. */
int sock_system_bind_freely(evutil_socket_t fd);
int sock_system_bind_to(evutil_socket_t fd, const char *interface);
/* Of a socket to listen on by TCP: no other program gets its port, and it is had again at once when this one ends. */
void sock_system_claim(evutil_socket_t fd);
/* What to do about a socket that may not be bound to `addr` by the system's rules (EACCES). */
const char *sock_system_advice_denied(const struct addr *addr);
const char *sock_system_advice_limit(void); /* and about too many of them (EMFILE) */
/* What is at this path. ABSENT: nothing, or it cannot be said, with errno. */
enum sock_file { SOCK_FILE_ABSENT, SOCK_FILE_SOCKET, SOCK_FILE_OTHER };
enum sock_file sock_system_file(const char *path);
bool sock_system_remove(const char *path);

#endif
