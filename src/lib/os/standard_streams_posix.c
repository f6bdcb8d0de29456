/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * standard_streams_posix: fills the gaps with /dev/null.
 * Runs on: the main thread, at start. Owns: nothing.
 */
#include "config.h"

#include "lib/os/standard_streams.h"

#include "lib/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int standard_streams_open(struct error *error) {
    static const char *const names[] = {"standard input", "standard output", "standard error"};

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* open takes the lowest free number, which is this one. No O_CLOEXEC: munnel hands it on to munneld. */
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
            return error_set(error, "%s is closed, and /dev/null cannot take its place: %s", names[fd],
                             error_text(errno));
    }
    return 0;
}
