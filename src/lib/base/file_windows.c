/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_windows: see file_priv.h, and file.h for what needs nothing of file.c. Each file is opened so that others may
 * read, replace and remove it meanwhile, as on POSIX, and is inherited by no program.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/file_priv.h"
#include "lib/base/file_rights.h"
#include "lib/base/path.h"
#include "lib/base/secret.h"
#include "lib/base/system_errno.h"
#include "lib/base/wide.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHARED = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
    NAMES_TRIED = 16,
    /* Virus scanners and indexers open a new file for a moment, and not for sharing. */
    RENAMES_TRIED = 20,
    RENAME_WAIT_MS = 25,
    RENAME_INFO_EX = 22, /* FileRenameInfoEx: mingw-w64 names it for newer systems only */
};

int file_fail(struct error *error, const char *verb, const char *path) {
    char words[SYSTEM_ERROR_TEXT];
    int failure = errno;
    error_set(error, "cannot %s %s: %s", verb, path, system_errno_text(words));
    errno = failure;
    return -1;
}

/* INVALID_HANDLE_VALUE with errno. A pipe's server could use the rights of the one who opens it, without the flags. */
static HANDLE open_path(const char *path, DWORD access, DWORD flags) {
    wchar_t *wide = path_to_wide(path);
    if (!wide)
        return INVALID_HANDLE_VALUE;
    HANDLE file = CreateFileW(wide, access, SHARED, NULL, OPEN_EXISTING,
                              flags | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (file == INVALID_HANDLE_VALUE)
        (void)system_errno_set();
    free(wide);
    return file;
}

static DWORD attributes_of(const char *path) {
    wchar_t *wide = path_to_wide(path);
    DWORD attributes = wide ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
    if (wide && attributes == INVALID_FILE_ATTRIBUTES)
        (void)system_errno_set();
    free(wide);
    return attributes;
}

/* It owns the handle from here on. */
static int descriptor_of(HANDLE file, int flags) {
    int fd = _open_osfhandle((intptr_t)file, flags | _O_BINARY | _O_NOINHERIT);
    if (fd < 0)
        CloseHandle(file);
    return fd;
}

static HANDLE handle_of(int fd) {
    return (HANDLE)_get_osfhandle(fd); /* NOLINT: what is given as a number */
}

/* ---- reading ---- */

int file_open(const char *path, enum file_care care) {
    (void)care; /* no file of Windows waits for a writer */
    HANDLE file = open_path(path, GENERIC_READ, 0);
    if (file != INVALID_HANDLE_VALUE)
        return descriptor_of(file, _O_RDONLY);
    if (errno == EACCES && file_is_folder(path))
        errno = EISDIR;
    return -1;
}

int file_check(int fd, const char *path, enum file_care care, bool *is_foreign, struct error *error) {
    if (care == FILE_CARE_SECRET)
        return file_rights_check_secret(handle_of(fd), path, error);
    if (GetFileType(handle_of(fd)) != FILE_TYPE_DISK)
        return error_set(error, "%s is not a regular file", path);
    return file_rights_check_trusted(handle_of(fd), path, is_foreign, error);
}

ssize_t file_get(int fd, void *bytes, size_t size) {
    return _read(fd, bytes, size < INT_MAX ? (unsigned)size : INT_MAX);
}

void file_close(int fd) {
    _close(fd);
}

/* ---- writing ---- */

ssize_t file_put(int fd, const void *bytes, size_t size) {
    return _write(fd, bytes, size < INT_MAX ? (unsigned)size : INT_MAX);
}

static int choose_name(char *name) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345"; /* 32, without regard to case */
    char *last = name + strlen(name) - strlen("XXXXXX");
    unsigned char random[6];
    if (secret_random(random, sizeof random)) {
        errno = EIO;
        return -1;
    }
    for (size_t i = 0; i < sizeof random; i++)
        last[i] = letters[random[i] % 32];
    return 0;
}

/* INVALID_HANDLE_VALUE with errno. */
static HANDLE create(const char *name, PSECURITY_DESCRIPTOR rights) {
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, rights, FALSE};
    wchar_t *wide = path_to_wide(name);
    HANDLE file = wide ? CreateFileW(wide, GENERIC_WRITE | READ_CONTROL | WRITE_OWNER, FILE_SHARE_DELETE, &attributes,
                                     CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL)
                       : INVALID_HANDLE_VALUE;
    if (wide && file == INVALID_HANDLE_VALUE)
        (void)system_errno_set();
    free(wide);
    return file;
}

int file_create_staged(char *name, const char *path, unsigned mode) {
    wchar_t *old = path_to_wide(path);
    PSECURITY_DESCRIPTOR rights = old ? file_rights_for_new(old, mode, false) : NULL;
    HANDLE file = INVALID_HANDLE_VALUE;
    if (old && !rights)
        (void)system_errno_set();
    for (int i = 0; rights && i < NAMES_TRIED && file == INVALID_HANDLE_VALUE && choose_name(name) == 0; i++) {
        file = create(name, rights);
        if (file == INVALID_HANDLE_VALUE && errno != EEXIST)
            break;
    }
    if (file != INVALID_HANDLE_VALUE)
        file_rights_keep_owner(file, old);
    int failure = errno;
    LocalFree(rights);
    free(old);
    errno = failure;
    return file != INVALID_HANDLE_VALUE ? descriptor_of(file, _O_WRONLY) : -1;
}

int file_complete(int fd, unsigned mode) {
    (void)mode; /* it was born with it */
    int result = _commit(fd), failure = errno;
    if (_close(fd) && result == 0)
        return -1;
    errno = failure;
    return result;
}

/* NTFS writes its own changes of folders to its log. */
void file_sync_folder(const char *path) {
    (void)path;
}

/* Also over a file that others have open, as rename(2): Windows 10 1607 and later, on NTFS. */
static bool rename_over(const wchar_t *from, const wchar_t *to) {
    size_t length = wcslen(to) * sizeof *to, size = sizeof(FILE_RENAME_INFO) + length;
    FILE_RENAME_INFO *wanted = calloc(1, size);
    HANDLE file = wanted ? CreateFileW(from, DELETE | SYNCHRONIZE, SHARED, NULL, OPEN_EXISTING,
                                       FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL)
                         : INVALID_HANDLE_VALUE;
    bool is_renamed = false;
    if (file != INVALID_HANDLE_VALUE) {
        wanted->Flags = FILE_RENAME_FLAG_REPLACE_IF_EXISTS | FILE_RENAME_FLAG_POSIX_SEMANTICS;
        wanted->FileNameLength = (DWORD)length;
        memcpy(wanted->FileName, to, length);
        is_renamed = SetFileInformationByHandle(file, (FILE_INFO_BY_HANDLE_CLASS)RENAME_INFO_EX, wanted, (DWORD)size);
        CloseHandle(file);
    }
    free(wanted);
    return is_renamed;
}

static bool rename_once(const wchar_t *from, const wchar_t *to, bool is_new) {
    return (!is_new && rename_over(from, to)) ||
           MoveFileExW(from, to, MOVEFILE_WRITE_THROUGH | (is_new ? 0 : MOVEFILE_REPLACE_EXISTING));
}

static bool is_in_use(DWORD failure) {
    return failure == ERROR_SHARING_VIOLATION || failure == ERROR_ACCESS_DENIED;
}

static bool is_folder(DWORD attributes) {
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY);
}

/* -1 with GetLastError(). A folder in the way is "in use", too, and remains. */
static int rename_wide(const wchar_t *from, const wchar_t *to, bool is_new) {
    for (int i = 0; i < RENAMES_TRIED && !rename_once(from, to, is_new); i++) {
        DWORD failure = GetLastError();
        bool is_hopeless = !is_in_use(failure) || is_folder(GetFileAttributesW(to));
        SetLastError(failure);
        if (is_hopeless || i == RENAMES_TRIED - 1)
            return -1;
        Sleep(RENAME_WAIT_MS);
    }
    return 0;
}

int file_rename(const char *from, const char *to, bool is_new) {
    wchar_t *wide_from = path_to_wide(from), *wide_to = wide_from ? path_to_wide(to) : NULL;
    int result = wide_to ? rename_wide(wide_from, wide_to, is_new) : -1;
    if (wide_to && result)
        (void)system_errno_set();
    int failure = errno;
    free(wide_from);
    free(wide_to);
    errno = failure;
    return result;
}

int file_unlink(const char *path) {
    wchar_t *wide = path_to_wide(path);
    int result = wide && DeleteFileW(wide) ? 0 : -1;
    if (wide && result)
        (void)system_errno_set();
    free(wide);
    return result;
}

/* ---- looking ---- */

enum file_kind file_kind_of(int fd) {
    return GetFileType(handle_of(fd)) == FILE_TYPE_DISK ? FILE_REGULAR : FILE_OTHER;
}

enum file_kind file_kind(const char *path) {
    DWORD attributes = attributes_of(path);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return FILE_ABSENT;
    if (attributes & (FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DEVICE))
        return FILE_OTHER;
    return is_folder(attributes) ? FILE_FOLDER : FILE_REGULAR;
}

bool file_exists(const char *path) {
    return attributes_of(path) != INVALID_FILE_ATTRIBUTES;
}

bool file_is_folder(const char *path) {
    return is_folder(attributes_of(path));
}

static bool ask(const char *path, BY_HANDLE_FILE_INFORMATION *file) {
    HANDLE handle = open_path(path, FILE_READ_ATTRIBUTES, FILE_FLAG_BACKUP_SEMANTICS);
    bool is_known = handle != INVALID_HANDLE_VALUE && GetFileInformationByHandle(handle, file);
    if (handle != INVALID_HANDLE_VALUE)
        CloseHandle(handle);
    return is_known;
}

bool file_is_same(const char *path, const char *other) {
    BY_HANDLE_FILE_INFORMATION a, b;
    return ask(path, &a) && ask(other, &b) && a.dwVolumeSerialNumber == b.dwVolumeSerialNumber &&
           a.nFileIndexHigh == b.nFileIndexHigh && a.nFileIndexLow == b.nFileIndexLow;
}

/* NULL with errno. */
static wchar_t *final_path(HANDLE file) {
    DWORD size = GetFinalPathNameByHandleW(file, NULL, 0, VOLUME_NAME_DOS);
    wchar_t *path = size ? malloc((size + 1) * sizeof *path) : NULL;
    errno = ENOMEM;
    if (path && GetFinalPathNameByHandleW(file, path, size + 1, VOLUME_NAME_DOS) <= size)
        return path;
    if (path || !size)
        (void)system_errno_set();
    free(path);
    return NULL;
}

char *file_real_path(const char *path) {
    HANDLE file = open_path(path, FILE_READ_ATTRIBUTES, FILE_FLAG_BACKUP_SEMANTICS);
    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    wchar_t *wide = final_path(file);
    char *real = wide ? path_of_wide(wide) : NULL;
    CloseHandle(file);
    free(wide);
    return real;
}

/* ---- folders ---- */

int file_make_one_folder(const char *path, unsigned mode) {
    wchar_t *wide = path_to_wide(path);
    PSECURITY_DESCRIPTOR rights = wide ? file_rights_for_new(wide, mode, true) : NULL;
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, rights, FALSE};
    int result = rights && CreateDirectoryW(wide, &attributes) ? 0 : -1;
    if (wide && result)
        (void)system_errno_set();
    LocalFree(rights);
    free(wide);
    return result;
}

int file_check_folder(const char *path, struct error *error) {
    char *name = path_beside(path, ".");
    HANDLE folder = name ? open_path(name, READ_CONTROL, FILE_FLAG_BACKUP_SEMANTICS) : INVALID_HANDLE_VALUE;
    int result = name ? 0 : error_set(error, "out of memory");
    if (folder != INVALID_HANDLE_VALUE) {
        result = file_rights_check_folder(folder, name, path, error);
        CloseHandle(folder);
    }
    free(name);
    return result;
}
