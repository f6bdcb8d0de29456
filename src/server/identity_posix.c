/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * identity: see identity.h.
 * Runs on: start only. Owns: nothing.
 */
#include "config.h"

#include "server/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int find(const char *user, const char *group, uid_t *uid, gid_t *gid, struct error *error) {
    const struct passwd *person = getpwnam(user);
    const struct group *people = group ? getgrnam(group) : NULL;

    if (!person)
        return error_set(error, "there is no user \"%s\" on this machine", user);
    if (group && !people)
        return error_set(error, "there is no group \"%s\" on this machine", group);
    *uid = person->pw_uid;
    *gid = people ? people->gr_gid : person->pw_gid;
    return 0;
}

int identity_become(const char *user, const char *group, struct error *error) {
    uid_t uid = (uid_t)-1;
    gid_t gid = (gid_t)-1;

    if (!user)
        return 0;
    if (find(user, group, &uid, &gid, error))
        return -1;
    if (geteuid() == uid && getegid() == gid) /* the service manager has done it; a second try might be forbidden */
        return 0;
    if (setgroups(0, NULL) || setgid(gid) || setuid(uid))
        return error_set(error, "cannot become user \"%s\": %s; start as root, or leave \"user\" out", user,
                         strerror(errno));
    if (uid != 0 && setuid(0) == 0)
        return error_set(error, "became user \"%s\", but the way back to root is still open", user);
    return 0;
}
