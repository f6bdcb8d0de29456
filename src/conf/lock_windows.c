/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * lock_windows: LockFileEx() on a file in the folder, because a folder cannot be locked. The file stays: another may be
 * waiting for it.
 */
#include "config.h"

#include "conf/lock.h"

#include "lib/base/file_rights.h"
#include "lib/base/path.h"
#include "lib/base/system_errno.h"
#include "lib/base/wide.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdint.h>
#include <stdlib.h>

#define LOCK_FILE ".munnel-lock"
enum { OWNER_ONLY = 0600 };

/* INVALID_HANDLE_VALUE with GetLastError(). */
static HANDLE open_lock(const wchar_t *path) {
    PSECURITY_DESCRIPTOR rights = file_rights_for_new(path, OWNER_ONLY, false);
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, rights, FALSE};
    if (!rights)
        return INVALID_HANDLE_VALUE;
    HANDLE file =
        CreateFileW(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    &attributes, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD failure = GetLastError();
    LocalFree(rights);
    SetLastError(failure);
    return file;
}

static bool take(HANDLE file, DWORD how) {
    OVERLAPPED from = {0};
    if (LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK | how, 0, 1, 0, &from))
        return true;
    (void)system_errno_set();
    return false;
}

/* LOCK_NONE with errno. */
static int lock_wide(const wchar_t *path, DWORD how) {
    HANDLE file = open_lock(path);
    if (file == INVALID_HANDLE_VALUE)
        return system_errno_set();
    bool is_taken = take(file, how);
    int lock = is_taken ? _open_osfhandle((intptr_t)file, _O_RDWR | _O_BINARY | _O_NOINHERIT) : LOCK_NONE;
    int failure = errno;
    if (lock == LOCK_NONE)
        CloseHandle(file);
    errno = failure;
    return lock;
}

static int lock_folder(const char *path, DWORD how, struct error *error) {
    char *name = path_beside(path, LOCK_FILE), words[SYSTEM_ERROR_TEXT];
    wchar_t *wide = name ? path_to_wide(name) : NULL;
    errno = name ? errno : ENOMEM;
    int lock = wide ? lock_wide(wide, how) : LOCK_NONE, failure = errno;
    if (lock == LOCK_NONE)
        error_set(error, "cannot lock the folder of %s: %s", path, system_errno_text(words));
    free(name);
    free(wide);
    errno = failure;
    return lock;
}

int lock_folder_of(const char *path, struct error *error) {
    return lock_folder(path, 0, error);
}

int lock_try_folder_of(const char *path, bool *is_busy, struct error *error) {
    int lock = lock_folder(path, LOCKFILE_FAIL_IMMEDIATELY, error);
    *is_busy = lock == LOCK_NONE && errno == EWOULDBLOCK;
    return lock;
}

/* Closing alone would release it at a time that Windows chooses. */
void lock_release(int lock) {
    OVERLAPPED from = {0};
    if (lock == LOCK_NONE)
        return;
    (void)UnlockFileEx((HANDLE)_get_osfhandle(lock), 0, 1, 0, &from);
    _close(lock);
}
