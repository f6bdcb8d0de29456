/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * lock_posix: flock() on the folder.
 */
#include "config.h"

#include "conf/lock.h"

#include "lib/base/error.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int take(int fd, int how) {
    int result;
    while ((result = flock(fd, how)) != 0 && errno == EINTR)
        continue;
    return result;
}

/* LOCK_NONE with errno. */
static int lock_folder(const char *path, int how, struct error *error) {
    char *folder = file_beside(path, ".");
    if (!folder) {
        errno = ENOMEM;
        return error_set(error, "out of memory");
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || take(fd, how) != 0) {
        int failure = errno;
        error_set(error, "cannot lock the folder of %s: %s", path, error_text(failure));
        lock_release(fd);
        fd = LOCK_NONE;
        errno = failure;
    }
    free(folder);
    return fd;
}

int lock_folder_of(const char *path, struct error *error) {
    return lock_folder(path, LOCK_EX, error);
}

int lock_try_folder_of(const char *path, bool *is_busy, struct error *error) {
    int lock = lock_folder(path, LOCK_EX | LOCK_NB, error);
    *is_busy = lock == LOCK_NONE && errno == EWOULDBLOCK;
    return lock;
}

void lock_release(int lock) {
    if (lock != LOCK_NONE)
        close(lock);
}
