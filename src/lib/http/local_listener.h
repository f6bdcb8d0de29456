/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_listener: where programs of this machine connect, and who they are: a Unix socket, or a named pipe of Windows;
 * one .c per system.
 *
 * In both cases connections are accepted from a socket. That of a pipe is on the loopback, where the connections of the
 * pipe arrive (pipe_bridge.h), and where any other program can connect too: such a connection is none of the
 * listener's. Runs on: one thread. Owns: the socket, the path or the pipe's name.
 */
#ifndef MUNNEL_LIB_HTTP_LOCAL_LISTENER_H
#define MUNNEL_LIB_HTTP_LOCAL_LISTENER_H

#include "lib/net/addr.h"

#include <event2/util.h>
#include <stdbool.h>

enum { LOCAL_PEER_NAME = 80 };

struct local_listener;

/*
 * Takes the path, or the name, and does not listen yet. A Unix socket has mode 0660, and `owner`: "USER:GROUP",
 * ":GROUP"; NULL: as it is. A pipe is for the system, administrators, our own account and the group of `owner`. NULL
 * with error.
 */
struct local_listener *local_listener_bind(const struct addr *addr, const char *owner, struct error *error);
int local_listener_start(struct local_listener *listener, struct error *error); /* listens; 0 or -1 */
/* Closes and removes, a pipe a moment later; connections that were accepted live on. NULL is fine. */
void local_listener_free(struct local_listener *listener);

const struct addr *local_listener_addr(const struct local_listener *listener);
evutil_socket_t local_listener_fd(const struct local_listener *listener); /* to accept from; not to be closed */

struct local_peer {
    char name[LOCAL_PEER_NAME]; /* "root", "user 1000", "SYSTEM", "user S-1-5-21-...": for the log */
    bool is_permitted;          /* root, our own user, members of the socket's group; of a pipe all who could connect */
};
/* Who has connected. False: `fd` is none of this listener's connections. */
bool local_listener_ask_peer(const struct local_listener *listener, evutil_socket_t fd, struct local_peer *peer);

/* Is there a program that listens at this address? It may meet a connection that is closed at once. */
bool local_listener_is_served(const struct addr *addr);
/* Can there be a listener at this path, by its folder? */
bool local_listener_has_place(const char *path);

#endif
