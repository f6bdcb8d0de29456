/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_listener_posix: a Unix socket. local_listener_windows.c is its counterpart.
 * Runs on: one thread. Owns: the socket and its path.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/http/local_listener.h"
#include "lib/net/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE = 0660 };

struct local_listener {
    struct addr addr;
    evutil_socket_t fd;
    gid_t group;  /* of the path: its members may connect */
    dev_t device; /* of the path, which is removed only if it is still this one; 0 and inode 0: it has none */
    ino_t inode;
};

/* Notes whose path it is, and who may use it besides. */
static void note_path(struct local_listener *listener) {
    const char *path = addr_unix_path(&listener->addr);
    struct stat status;
    if (!path || lstat(path, &status))
        return;
    listener->device = status.st_dev;
    listener->inode = status.st_ino;
    listener->group = status.st_gid;
}

struct local_listener *local_listener_bind(const struct addr *addr, const char *owner, struct error *error) {
    struct local_listener *listener = malloc(sizeof *listener);
    if (!listener) {
        (void)error_set(error, "out of memory");
        return NULL;
    }
    *listener = (struct local_listener){.addr = *addr, .fd = sock_bind(addr, error), .group = (gid_t)-1};
    if (listener->fd >= 0 && sock_set_access(addr, owner, MODE, error) == 0) {
        note_path(listener);
        return listener;
    }
    sock_close(listener->fd);
    free(listener);
    return NULL;
}

int local_listener_start(struct local_listener *listener, struct error *error) {
    return sock_listen(listener->fd, SOCK_BACKLOG) ? sock_explain(&listener->addr, errno, error) : 0;
}

static void remove_path(const struct local_listener *listener) {
    const char *path = addr_unix_path(&listener->addr);
    struct stat status;
    if (listener->inode && lstat(path, &status) == 0 && status.st_dev == listener->device &&
        status.st_ino == listener->inode)
        (void)unlink(path);
}

void local_listener_free(struct local_listener *listener) {
    if (!listener)
        return;
    remove_path(listener);
    sock_close(listener->fd);
    free(listener);
}

const struct addr *local_listener_addr(const struct local_listener *listener) {
    return &listener->addr;
}

evutil_socket_t local_listener_fd(const struct local_listener *listener) {
    return listener->fd;
}

/* Other names could need a directory service, for which this thread must not wait. */
static void write_name(struct local_peer *peer, uid_t user) {
    if (user == 0)
        snprintf(peer->name, sizeof peer->name, "root");
    else
        snprintf(peer->name, sizeof peer->name, "user %lu", (unsigned long)user);
}

bool local_listener_ask_peer(const struct local_listener *listener, evutil_socket_t fd, struct local_peer *peer) {
    struct addr here;
    uid_t user = 0;
    sock_local_addr(fd, &here);
    if (!here.length || !addr_same_host(&here, &listener->addr))
        return false;
    bool is_known = sock_peer_user(fd, &user);
    peer->is_permitted = is_known && (user == 0 || user == geteuid() || sock_peer_is_in(fd, listener->group));
    if (is_known)
        write_name(peer, user);
    else
        snprintf(peer->name, sizeof peer->name, "unknown");
    return true;
}

bool local_listener_is_served(const struct addr *addr) {
    return sock_is_served(addr);
}

bool local_listener_has_place(const char *path) {
    char *folder = file_beside(path, ".");
    bool is_there = folder && file_exists(folder);
    free(folder);
    return is_there;
}
