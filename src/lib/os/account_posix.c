/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * account_posix: see account.h. getpwnam(3) and getgrnam(3) answer in memory that all threads share, so not by them.
 */
#include "config.h"

#include "lib/os/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>

enum { TEXT_FIRST = 1024, TEXT_MOST = 1024 * 1024 /* a group's members */ };

struct found {
    uid_t user;
    gid_t group;
    bool is_there;
};

static int find_user(const char *name, char *text, size_t size, struct found *found) {
    struct passwd entry, *result = NULL;
    int failure = getpwnam_r(name, &entry, text, size, &result);

    if (result)
        *found = (struct found){result->pw_uid, result->pw_gid, true};
    return failure;
}

static int find_group(const char *name, char *text, size_t size, struct found *found) {
    struct group entry, *result = NULL;
    int failure = getgrnam_r(name, &entry, text, size, &result);

    if (result)
        *found = (struct found){.group = result->gr_gid, .is_there = true};
    return failure;
}

/* With as much room as the entry needs. */
static struct found look_up(const char *name, int (*find)(const char *, char *, size_t, struct found *)) {
    struct found found = {.is_there = false};
    int failure = ERANGE;

    for (size_t size = TEXT_FIRST; failure == ERANGE && size <= TEXT_MOST; size *= 4) {
        char *text = malloc(size);
        failure = text ? find(name, text, size, &found) : ENOMEM;
        free(text);
    }
    return found;
}

bool account_find_user(const char *name, uid_t *user, gid_t *group) {
    struct found found = look_up(name, find_user);

    if (found.is_there)
        *user = found.user;
    if (found.is_there && group)
        *group = found.group;
    return found.is_there;
}

bool account_find_group(const char *name, gid_t *group) {
    struct found found = look_up(name, find_group);

    if (found.is_there)
        *group = found.group;
    return found.is_there;
}
