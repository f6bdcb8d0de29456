/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_listener_windows: a named pipe. local_listener_posix.c is its counterpart. The address is that of a Unix socket
 * whose path is the pipe's name.
 * Runs on: one thread. Owns: the bridge and the socket at its end.
 */
#include "config.h"

#include "lib/http/pipe_rights.h"

#include "lib/base/wide.h"
#include "lib/http/local_listener.h"
#include "lib/http/pipe_bridge.h"
#include "lib/net/local_name.h"
#include "lib/net/sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_AT_ALL_MS = 1 };

struct local_listener {
    struct addr addr;
    evutil_socket_t fd; /* on the loopback */
    struct pipe_bridge *bridge;
};

/* Whether an instance of the pipe is free does not matter. */
bool local_listener_is_served(const struct addr *addr) {
    char text[ADDR_TEXT];
    wchar_t *name = wide_of(addr_format_host(addr, text, sizeof text));
    bool is_served = name && (WaitNamedPipeW(name, NOT_AT_ALL_MS) || GetLastError() != ERROR_FILE_NOT_FOUND);
    free(name);
    return is_served;
}

/* The system's own check is not made everywhere (wine). */
static struct pipe_bridge *take_name(const struct addr *addr, const char *owner, struct error *error) {
    char name[ADDR_TEXT];
    addr_format_host(addr, name, sizeof name);
    if (local_name_check(name, error))
        return NULL;
    if (!local_listener_is_served(addr))
        return pipe_bridge_new(name, owner, error);
    (void)error_set(error, "cannot listen on %s: another program has this name; choose another or stop that program",
                    name);
    return NULL;
}

static evutil_socket_t bind_loopback(struct error *error) {
    struct endpoint endpoint = {.host = "127.0.0.1"};
    struct addr addr;
    (void)addr_from_endpoint(&addr, &endpoint);
    return sock_bind(&addr, error);
}

struct local_listener *local_listener_bind(const struct addr *addr, const char *owner, struct error *error) {
    struct local_listener *listener = calloc(1, sizeof *listener);
    if (!listener) {
        (void)error_set(error, "out of memory");
        return NULL;
    }
    listener->addr = *addr;
    listener->fd = -1;
    listener->bridge = take_name(addr, owner, error);
    if (listener->bridge)
        listener->fd = bind_loopback(error);
    if (listener->fd >= 0)
        return listener;
    local_listener_free(listener);
    return NULL;
}

int local_listener_start(struct local_listener *listener, struct error *error) {
    struct addr here;
    sock_local_addr(listener->fd, &here);
    if (sock_listen(listener->fd, SOCK_BACKLOG))
        return sock_explain(&here, errno, error);
    return pipe_bridge_start(listener->bridge, addr_port(&here), error);
}

void local_listener_free(struct local_listener *listener) {
    if (!listener)
        return;
    pipe_bridge_free(listener->bridge);
    sock_close(listener->fd);
    free(listener);
}

const struct addr *local_listener_addr(const struct local_listener *listener) {
    return &listener->addr;
}

evutil_socket_t local_listener_fd(const struct local_listener *listener) {
    return listener->fd;
}

bool local_listener_ask_peer(const struct local_listener *listener, evutil_socket_t fd, struct local_peer *peer) {
    struct sockaddr_in there;
    int length = sizeof there;
    if (getpeername((SOCKET)fd, (struct sockaddr *)&there, &length))
        return false;
    peer->is_permitted = true;
    return pipe_bridge_find(listener->bridge, ntohs(there.sin_port), peer->name, sizeof peer->name);
}

bool local_listener_has_place(const char *path) {
    (void)path; /* pipes have no folders */
    return true;
}
