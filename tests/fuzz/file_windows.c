/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_windows: see fuzz_file() in fuzz.h. Binary, without a dialog after a failure, and the lines of TAP end as
 * everywhere.
 */
#include "config.h"

#include "fuzz.h"

#include "lib/base/file.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

static char path[MAX_PATH + 32];

static void remove_file(void) {
    DeleteFileA(path);
}

void fuzz_begin(void) {
    char folder[MAX_PATH + 1];
    DWORD length = GetTempPathA(sizeof folder, folder);
    FUZZ_REQUIRE(length > 0 && length < sizeof folder && atexit(remove_file) == 0);
    snprintf(path, sizeof path, "%smunnel-fuzz-%lu", folder, (unsigned long)GetCurrentProcessId());
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    (void)_setmode(_fileno(stdout), _O_BINARY);
}

/* By the program's own call, which lets its owner alone read it. */
const char *fuzz_file(const uint8_t *bytes, size_t length) {
    struct error error = {""};
    FUZZ_REQUIRE(file_write(path, length > 0 ? (const char *)bytes : "", length, 0600, &error) == 0);
    return path;
}
