/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_access: who may connect to a Unix socket: the owner and mode of its path.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/net/sock.h"

#include "lib/base/error.h"
#include "lib/os/account.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 64, MODE_BITS = 07777, GROUPS_MOST = 1024 };

struct owner {
    uid_t user;
    gid_t group;
};

static int find_owner(const char *text, struct owner *owner, struct error *error) {
    const char *colon = strchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : strlen(text);
    char user[NAME_SIZE];

    *owner = (struct owner){(uid_t)-1, (gid_t)-1}; /* which chown() leaves as they are */
    if (length >= sizeof user || !text[0] || (colon && !colon[1]))
        return error_set(error, "\"%s\" is no owner; write \"USER\", \"USER:GROUP\" or \":GROUP\"", text);
    memcpy(user, text, length);
    user[length] = '\0';
    if (length && !account_find_user(user, &owner->user, NULL))
        return error_set(error, "there is no user \"%s\" on this machine", user);
    if (colon && !account_find_group(colon + 1, &owner->group))
        return error_set(error, "there is no group \"%s\" on this machine", colon + 1);
    return 0;
}

int sock_check_owner(const char *owner, struct error *error) {
    struct owner found;

    return find_owner(owner, &found, error);
}

static bool is_owner(const struct stat *status, const struct owner *owner) {
    return (owner->user == (uid_t)-1 || owner->user == status->st_uid) &&
           (owner->group == (gid_t)-1 || owner->group == status->st_gid);
}

static int refuse_owner(const char *owner, const char *path, const char *why, struct error *error) {
    return error_set(error, "cannot make \"%s\" the owner of unix:%s: %s; only root may give it to another user", owner,
                     path, why);
}

static bool is_own_group(gid_t group) {
    gid_t groups[GROUPS_MOST];
    int count = getgroups(GROUPS_MOST, groups);

    for (int i = 0; i < count; i++)
        if (groups[i] == group)
            return true;
    return group == getegid();
}

/* POSIX: the owner of a file may give it to a group of its own, and only root to another user. */
static bool may_give(const struct stat *status, const struct owner *owner) {
    bool keeps_user = owner->user == (uid_t)-1 || owner->user == status->st_uid;

    return geteuid() == 0 || is_owner(status, owner) ||
           (keeps_user && status->st_uid == geteuid() && is_own_group(owner->group));
}

int sock_check_access(const struct addr *addr, const char *owner, unsigned mode, struct error *error) {
    const char *path = addr_unix_path(addr);
    struct owner found;
    struct stat now;

    if (!path || lstat(path, &now))
        return 0;
    if (mode && (now.st_mode & MODE_BITS) != mode && geteuid() != 0 && geteuid() != now.st_uid)
        return error_set(error, "cannot give unix:%s the mode %04o: %s", path, mode, error_text(EPERM));
    if (!owner)
        return 0;
    if (find_owner(owner, &found, error))
        return -1;
    return may_give(&now, &found) ? 0 : refuse_owner(owner, path, error_text(EPERM), error);
}

/* What is right already is left alone: at a reload the process may have given up the right to change it. Links are not
 * followed: the folder may be another user's, who could put one in the place of the socket. */
int sock_set_access(const struct addr *addr, const char *owner, unsigned mode, struct error *error) {
    const char *path = addr_unix_path(addr);
    struct owner found;
    struct stat now = {.st_mode = 0};

    if (!path)
        return 0;
    bool is_known = lstat(path, &now) == 0;
    if (mode && !(is_known && (now.st_mode & MODE_BITS) == mode) &&
        fchmodat(AT_FDCWD, path, (mode_t)mode, AT_SYMLINK_NOFOLLOW))
        return error_set(error, "cannot give unix:%s the mode %04o: %s", path, mode, error_text(errno));
    if (!owner)
        return 0;
    if (find_owner(owner, &found, error))
        return -1;
    if (is_known && is_owner(&now, &found))
        return 0;
    if (lchown(path, found.user, found.group))
        return refuse_owner(owner, path, error_text(errno), error);
    return 0;
}
