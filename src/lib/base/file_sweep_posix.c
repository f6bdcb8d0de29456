/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_sweep_posix: removes staged files whose writer was killed before it could publish or remove them.
 * Runs on: what writes files. Owns: nothing.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/file_priv.h"
#include "lib/base/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A file is staged for as long as its fsync(2) takes, and a message to the control thread. */
enum { LEFT_AFTER_S = 3600 };

static bool is_left(int folder, const char *name, time_t now) {
    struct stat status;

    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
           status.st_uid == geteuid() && now - status.st_mtime > LEFT_AFTER_S;
}

void file_sweep_staged(const char *path) {
    char *folder = path_beside(path, ".");
    DIR *entries = folder ? opendir(folder) : NULL;
    time_t now = time(NULL);
    const struct dirent *entry;

    free(folder);
    if (!entries)
        return;
    while ((entry = readdir(entries)))
        if (file_is_staged_name(entry->d_name) && is_left(dirfd(entries), entry->d_name, now))
            (void)unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
}
