/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_posix: see fuzz_file() in fuzz.h.
 */
#include "config.h"

#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/munnel-fuzz-XXXXXX";
static bool is_made;

static void remove_file(void) {
    unlink(path);
}

void fuzz_begin(void) {
}

/* Opened anew each time: what writes a file gives its name to another one. */
const char *fuzz_file(const uint8_t *bytes, size_t length) {
    int file = is_made ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : mkstemp(path);
    FUZZ_REQUIRE(file >= 0 && (is_made || atexit(remove_file) == 0));
    is_made = true;
    FUZZ_REQUIRE(write(file, bytes, length) == (ssize_t)length && close(file) == 0);
    return path;
}
