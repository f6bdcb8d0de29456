/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * archive_file_windows: see archive_file.h. archive_file_posix.c is its counterpart.
 */
#include "config.h"

#include "ctl/archive_file.h"

#include "lib/base/file_rights.h"
#include "lib/base/system_errno.h"
#include "lib/base/wide.h"

#include <fcntl.h>
#include <io.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { OWNER_ONLY = 0600 };

static HANDLE create(const wchar_t *path) {
    SECURITY_ATTRIBUTES security = {.nLength = sizeof security,
                                    .lpSecurityDescriptor = file_rights_for_new(path, OWNER_ONLY, false)};
    HANDLE file = INVALID_HANDLE_VALUE;
    if (security.lpSecurityDescriptor)
        file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, &security, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD number = GetLastError();
    LocalFree(security.lpSecurityDescriptor);
    SetLastError(number);
    return file;
}

static int open_new(const char *path) {
    wchar_t *wide = path_to_wide(path);
    if (!wide)
        return -1;
    HANDLE file = create(wide);
    if (file == INVALID_HANDLE_VALUE)
        (void)system_errno_set();
    free(wide);
    return file == INVALID_HANDLE_VALUE ? -1 : _open_osfhandle((intptr_t)file, _O_WRONLY | _O_BINARY);
}

FILE *archive_file_open(const char *path) {
    int fd = strcmp(path, "-") == 0 ? _dup(_fileno(stdout)) : open_new(path);
    FILE *file = fd >= 0 && _setmode(fd, _O_BINARY) >= 0 ? _fdopen(fd, "wb") : NULL;
    if (!file && fd >= 0)
        _close(fd);
    return file;
}
