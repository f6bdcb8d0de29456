/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_priv: what sock_posix.c leaves to the file of each system (sock_linux.c, sock_portable.c).
 */
#ifndef MUNNEL_LIB_NET_SOCK_PRIV_H
#define MUNNEL_LIB_NET_SOCK_PRIV_H

#include "lib/net/sock.h"

evutil_socket_t sock_system_open(int family); /* a stream socket, non-blocking and close-on-exec; -1 with errno */
evutil_socket_t sock_system_accept(evutil_socket_t listener, struct sockaddr *peer, socklen_t *length); /* likewise */
void sock_prepare(evutil_socket_t fd,
                  const struct addr *addr); /* the options of a socket to listen on, before or after bind */
/* A socket that is not connected yet and whose connections will not leave this machine. */
void sock_system_stays_within(evutil_socket_t fd);

#endif
