/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * standard_streams_windows: see standard_streams.h. A service has none of the three. What is printed has the line ends
 * of the program, as its log and its files have.
 */
#include "config.h"

#include "lib/os/standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <windows.h>

enum { STREAMS = 3 };

/* A stream without a handle has a negative number, and msvcrt keeps 0 to 2 for them: where it cannot be opened anew (by
 * wine) no file gets that number, and what is printed is lost as it is in NUL. */
static int open_one(FILE *stream, const char *name, const char *mode, struct error *error) {
    int fd = _fileno(stream);
    bool is_open = fd >= 0 && _get_osfhandle(fd) != (intptr_t)INVALID_HANDLE_VALUE;

    if (is_open)
        (void)_setmode(fd, _O_BINARY);
    const FILE *opened = is_open ? stream : freopen("NUL", mode, stream);
    if (opened || fd < 0)
        return 0;
    return error_set(error, "%s is closed, and NUL cannot take its place (errno %d)", name, errno);
}

int standard_streams_open(struct error *error) {
    static const char *const names[STREAMS] = {"standard input", "standard output", "standard error"};
    FILE *const streams[STREAMS] = {stdin, stdout, stderr};

    for (int i = 0; i < STREAMS; i++)
        if (open_one(streams[i], names[i], i == 0 ? "rb" : "wb", error))
            return -1;
    setvbuf(stderr, NULL, _IONBF, 0); /* also where it leads to a pipe */
    return 0;
}
