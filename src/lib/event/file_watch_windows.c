/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_watch_windows: see file_watch_priv.h.
 */
#include "config.h"

#include "lib/event/file_watch_priv.h"

#include "lib/base/system_error.h"
#include "lib/base/wide.h"

#include <stdlib.h>
#include <windows.h>

/* Links are followed. INVALID_HANDLE_VALUE with GetLastError(). */
static HANDLE open_path(const char *path, DWORD access) {
    wchar_t *wide = path_to_wide(path);
    HANDLE file = INVALID_HANDLE_VALUE;
    if (wide)
        file = CreateFileW(wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                           FILE_FLAG_BACKUP_SEMANTICS, NULL);
    else
        SetLastError(ERROR_BAD_PATHNAME);
    DWORD error = GetLastError();
    free(wide); /* may set the error to its own */
    SetLastError(error);
    return file;
}

static uint64_t join(DWORD high, DWORD low) {
    return (uint64_t)high << 32 | low;
}

/* Besides the file's times there is one that changes with its permissions, too. */
static bool read_stamp(HANDLE file, struct file_stamp *stamp) {
    BY_HANDLE_FILE_INFORMATION information;
    FILE_BASIC_INFO times;
    if (!GetFileInformationByHandle(file, &information) ||
        !GetFileInformationByHandleEx(file, FileBasicInfo, &times, sizeof times))
        return false;
    *stamp = (struct file_stamp){.device = information.dwVolumeSerialNumber,
                                 .number = join(information.nFileIndexHigh, information.nFileIndexLow),
                                 .size = join(information.nFileSizeHigh, information.nFileSizeLow),
                                 .mode = information.dwFileAttributes,
                                 .modified = (uint64_t)times.LastWriteTime.QuadPart,
                                 .changed = (uint64_t)times.ChangeTime.QuadPart};
    return true;
}

struct file_stamp file_stamp_of(const char *path) {
    struct file_stamp stamp = {0};
    HANDLE file = open_path(path, FILE_READ_ATTRIBUTES);
    if (file == INVALID_HANDLE_VALUE)
        return stamp;
    (void)read_stamp(file, &stamp);
    CloseHandle(file);
    return stamp;
}

int file_stamp_check_readable(const char *path, struct error *error) {
    char text[SYSTEM_ERROR_TEXT];
    HANDLE file = open_path(path, GENERIC_READ);
    if (file == INVALID_HANDLE_VALUE)
        return error_set(error,
                         "%s: this program's account cannot read it (CreateFile: %s), so that it could not be read "
                         "again when it changes; let it read it: icacls \"%s\" /grant ACCOUNT:R",
                         path, system_error_text(GetLastError(), text), path);
    CloseHandle(file);
    return 0;
}
