/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_rights_posix: see diag_rights.h. diag_rights_windows.c is its counterpart.
 */
#include "config.h"

#include "ctl/diag_rights.h"

#include "ctl/diag_machine.h"
#include "lib/net/sock.h"

#include <unistd.h>

/*
 * The user who listened is noted by the kernel; only one who was root then may be another by now. The process by its
 * number alone does not count: a server that was broken into can let a child listen that ends, and its number may be
 * that of a process of root's now.
 */
static bool find_user(evutil_socket_t socket, struct program_user *user) {
    uid_t listener = 0;
    pid_t process = socket >= 0 ? sock_peer_process(socket) : 0;

    if (process <= 1 || !sock_peer_user(socket, &listener) || !diag_process_user(process, user))
        return false;
    return listener == 0 || listener == user->user;
}

struct diag_rights diag_rights_of_server(evutil_socket_t socket) {
    struct diag_rights rights = {.is_given = true};
    uid_t self = geteuid();

    rights.is_given = find_user(socket, &rights.user) && (self == 0 || self == rights.user.user);
    rights.is_other = rights.is_given && self != rights.user.user;
    if (!rights.is_given && rights.user.user != 0)
        error_set(&rights.why,
                  "left out: what a server names is read with its own rights, so only root and its user, uid %ld, can "
                  "have it",
                  (long)rights.user.user);
    else if (!rights.is_given)
        error_set(&rights.why, "left out: what a server names is read with its own rights, and its user is not known");
    return rights;
}
