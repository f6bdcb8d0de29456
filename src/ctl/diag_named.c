/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_named: see diag_named.h.
 */
#include "config.h"

#include "ctl/diag_named.h"

#include "ctl/commands.h"
#include "ctl/diag_machine.h"
#include "ctl/diag_output.h"
#include "lib/net/sock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_TEXT = 512 };

struct rights {
    bool is_given; /* else there is the reason */
    bool is_other; /* of another user than this process is */
    struct program_user user;
    struct error why;
};

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

static struct rights find_rights(const struct diag_named *named) {
    struct rights rights = {.is_given = true};
    uid_t self = geteuid();

    if (!named->is_server_there) /* nothing was named but by the user of this tool */
        return rights;
    rights.is_given = find_user(named->socket, &rights.user) && (self == 0 || self == rights.user.user);
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

static void add_log(struct diag_archive *archive, const struct rights *rights, const char *log) {
    char program[] = "tail", option[] = "-c", most[] = "524288", path[PATH_TEXT];
    char *argv[] = {program, option, most, path, NULL};

    snprintf(path, sizeof path, "%s", log);
    if (rights->is_given)
        diag_add_output(archive, "log.txt", argv, rights->is_other ? &rights->user : NULL, DIAG_FAILURE_COUNTS);
    else
        diag_archive_add(archive, "log.txt", NULL, 0, &rights->why);
}

static void add_configuration_check(struct diag_archive *archive, const struct rights *rights,
                                    const struct diag_named *named) {
    static const char name[] = "configuration-check.txt";
    char program[] = "munneld", check[] = "--check", config[] = "--config", path[PATH_TEXT];
    const char *file = named->config ? named->config : named->file;
    char *beside = program_beside(named->self, program);
    char *argv[] = {beside ? beside : program, check, file ? config : NULL, path, NULL};

    snprintf(path, sizeof path, "%s", file ? file : "");
    if (rights->is_given || named->config)
        diag_add_output(archive, name, argv, rights->is_other ? &rights->user : NULL, DIAG_FAILURE_TELLS);
    else
        diag_archive_add(archive, name, NULL, 0, &rights->why);
    free(beside);
}

void diag_add_named(struct diag_archive *archive, const struct diag_named *named) {
    const struct rights rights = find_rights(named);

    add_configuration_check(archive, &rights, named);
    if (named->log && *named->log == '/')
        add_log(archive, &rights, named->log);
}
