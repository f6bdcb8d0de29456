/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * archive_file_posix: see archive_file.h. archive_file_windows.c is its counterpart.
 */
#include "config.h"

#include "ctl/archive_file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

FILE *archive_file_open(const char *path) {
    int fd = strcmp(path, "-") == 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                                    : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;

    if (!file && fd >= 0)
        close(fd);
    return file;
}
