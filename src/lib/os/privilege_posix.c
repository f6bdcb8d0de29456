/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * privilege_posix: becomes another user.
 * Runs on: start only; the C library sees to it that all threads change. Owns: nothing.
 */
#include "config.h"

#include "lib/os/privilege.h"

#include "lib/base/error.h"
#include "lib/os/account.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

struct identity {
    uid_t user;
    gid_t group;
};

static int find(const char *user, const char *group, struct identity *identity, struct error *error) {
    if (!account_find_user(user, &identity->user, &identity->group))
        return error_set(error, "there is no user \"%s\" on this machine", user);
    if (group && !account_find_group(group, &identity->group))
        return error_set(error, "there is no group \"%s\" on this machine", group);
    return 0;
}

static int become(const struct identity *identity, const char *user, struct error *error) {
    if (setgroups(0, NULL) || setgid(identity->group) || setuid(identity->user))
        return error_set(error, "cannot become user \"%s\": %s", user, error_text(errno));
    if (getuid() != identity->user || geteuid() != identity->user || getgid() != identity->group ||
        getegid() != identity->group || getgroups(0, NULL) > 1) /* some systems count the one group that it has */
        return error_set(error, "became user \"%s\", but not wholly", user);
    if (identity->user != 0 && (setuid(0) == 0 || seteuid(0) == 0))
        return error_set(error, "became user \"%s\", but the way back to root is still open", user);
    return 0;
}

/*
 * Is it a file that only root can have put there? The owner of the folder could have put a link to another file of
 * root's, to be given that.
 */
static bool may_be_given(int fd) {
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == 0 && status.st_nlink == 1;
}

int privilege_give(const char *path, const char *user, const char *group, struct error *error) {
    struct identity identity = {(uid_t)-1, (gid_t)-1};

    if (!user || geteuid() != 0)
        return 0;
    if (find(user, group, &identity, error))
        return -1;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return 0;
    int failed = 0;
    if (may_be_given(fd) && fchown(fd, identity.user, identity.group))
        failed = error_set(error, "cannot give %s to user \"%s\": %s", path, user, error_text(errno));
    close(fd);
    return failed;
}

int privilege_check(const char *user, const char *group, struct error *error) {
    struct identity identity;

    return user ? find(user, group, &identity, error) : 0;
}

int privilege_drop(const char *user, const char *group, struct error *error) {
    struct identity identity = {(uid_t)-1, (gid_t)-1};

    if (!user)
        return 0;
    if (find(user, group, &identity, error))
        return -1;
    if (geteuid() == 0) {
        if (become(&identity, user, error))
            return -1;
        privilege_seal(); /* the kernel has made its own choice of what may be dumped */
        return 0;
    }
    if (geteuid() != identity.user)
        return error_set(error, "cannot become user \"%s\": only root can; start as root, or leave \"user\" out", user);
    if (group && getegid() != identity.group)
        return error_set(error,
                         "runs as user \"%s\" already, but not as group \"%s\": let the service manager set that, too",
                         user, group);
    return 0;
}
