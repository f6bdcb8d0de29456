/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_watch_posix: see file_watch_priv.h.
 */
#include "config.h"

#include "lib/event/file_watch_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __APPLE__ /* the only one that has other names for them */
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

static uint64_t nanoseconds(struct timespec time) {
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

struct file_stamp file_stamp_of(const char *path) {
    struct stat status;

    if (stat(path, &status) != 0)
        return (struct file_stamp){0};
    return (struct file_stamp){.device = status.st_dev,
                               .number = status.st_ino,
                               .size = (uint64_t)status.st_size,
                               .mode = status.st_mode,
                               .modified = nanoseconds(status.st_mtim),
                               .changed = nanoseconds(status.st_ctim)};
}

int file_stamp_check_readable(const char *path, struct error *error) {
    if (access(path, R_OK) == 0)
        return 0;
    return error_set(error,
                     "%s: user %ld with group %ld cannot read it (%s), so that it could not be read again when it "
                     "changes; give it that group, chgrp %ld %s, and mode 0640, and see that the folders above "
                     "let the group through",
                     path, (long)getuid(), (long)getgid(), error_text(errno), (long)getgid(), path);
}
