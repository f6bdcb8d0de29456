/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_sweep_windows: removes staged files whose writer was killed before it could publish or remove them.
 * Runs on: what writes files. Owns: nothing.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/file_priv.h"
#include "lib/base/file_rights.h"
#include "lib/base/path.h"
#include "lib/base/wide.h"

#include <stdint.h>
#include <stdlib.h>

#define LEFT_AFTER ((uint64_t)3600 * 10000000) /* in units of 100 ns, as a file's times */

static uint64_t number_of(FILETIME time) {
    return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

static bool is_left(const WIN32_FIND_DATAW *found) {
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    return !(found->dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) &&
           number_of(now) > number_of(found->ftLastWriteTime) + LEFT_AFTER;
}

/* Removed by its handle, so that it is the file whose owner was looked at. */
static void remove_own(const char *path) {
    FILE_DISPOSITION_INFO wanted = {.DeleteFile = TRUE};
    wchar_t *wide = path_to_wide(path);
    HANDLE file = wide
                      ? CreateFileW(wide, DELETE | READ_CONTROL, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                    NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL)
                      : INVALID_HANDLE_VALUE;
    if (file != INVALID_HANDLE_VALUE) {
        if (file_rights_is_own(file))
            (void)SetFileInformationByHandle(file, FileDispositionInfo, &wanted, sizeof wanted);
        CloseHandle(file);
    }
    free(wide);
}

static void sweep(const char *path, const WIN32_FIND_DATAW *found) {
    char *name = is_left(found) ? wide_to_utf8(found->cFileName) : NULL;
    char *staged = name && file_is_staged_name(name) ? path_beside(path, name) : NULL;
    if (staged)
        remove_own(staged);
    free(name);
    free(staged);
}

void file_sweep_staged(const char *path) {
    WIN32_FIND_DATAW found;
    char *all = path_beside(path, ".munnel-*");
    wchar_t *wide = all ? path_to_wide(all) : NULL;
    HANDLE find = wide ? FindFirstFileW(wide, &found) : INVALID_HANDLE_VALUE;
    free(all);
    free(wide);
    if (find == INVALID_HANDLE_VALUE)
        return;
    do {
        sweep(path, &found);
    } while (FindNextFileW(find, &found));
    FindClose(find);
}
