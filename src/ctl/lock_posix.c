/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * lock_posix: flock() on the folder.
 */
#include "config.h"

#include "ctl/lock.h"

#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int take(int fd) {
    int result;
    while ((result = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
        continue;
    return result;
}

int lock_folder_of(const char *path, struct error *error) {
    char *folder = file_beside(path, ".");
    if (!folder)
        return error_set(error, "out of memory");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || take(fd) != 0) {
        error_set(error, "cannot lock the folder of %s: %s", path, strerror(errno));
        lock_release(fd);
        fd = LOCK_NONE;
    }
    free(folder);
    return fd;
}

void lock_release(int lock) {
    if (lock != LOCK_NONE)
        close(lock);
}
