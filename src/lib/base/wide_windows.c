/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wide_windows: see wide.h.
 */
#include "config.h"

#include "lib/base/wide.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <windows.h>

static const wchar_t verbatim[] = L"\\\\?\\", verbatim_share[] = L"\\\\?\\UNC\\", share[] = L"\\\\";

static size_t begins_with(const wchar_t *text, const wchar_t *begin) {
    size_t length = wcslen(begin);
    return wcsncmp(text, begin, length) == 0 ? length : 0;
}

/* For what the two conversions below return: 0 is a failure, since they count the terminator. */
static void *check_count(int count, size_t size) {
    void *text = count > 0 ? malloc((size_t)count * size) : NULL;
    if (!text)
        errno = count > 0 ? ENOMEM : EILSEQ;
    return text;
}

wchar_t *wide_of(const char *text) {
    int count = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *wide = check_count(count, sizeof *wide);
    if (wide)
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, count);
    return wide;
}

char *wide_to_utf8(const wchar_t *text) {
    int count = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, text, -1, NULL, 0, NULL, NULL);
    char *bytes = check_count(count, sizeof *bytes);
    if (bytes)
        WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, text, -1, bytes, count, NULL, NULL);
    return bytes;
}

/* `begin` and then `rest`. */
static wchar_t *join(const wchar_t *begin, const wchar_t *rest) {
    size_t length = wcslen(begin), size = length + wcslen(rest) + 1;
    wchar_t *path = malloc(size * sizeof *path);
    if (!path) {
        errno = ENOMEM;
        return NULL;
    }
    wmemcpy(path, begin, length);
    wmemcpy(path + length, rest, size - length);
    return path;
}

/* Absolute, with backslashes, and without "." and ".."; NULL with errno. */
static wchar_t *full_path(const wchar_t *path) {
    DWORD size = GetFullPathNameW(path, 0, NULL, NULL);
    wchar_t *full = size ? malloc(size * sizeof *full) : NULL;
    errno = size ? ENOMEM : EINVAL;
    if (full && GetFullPathNameW(path, size, full, NULL) >= size) { /* the current folder has changed in between */
        free(full);
        full = NULL;
        errno = EAGAIN;
    }
    return full;
}

/* A device, "\\.\pipe\name", and what is verbatim already stay as they are. */
static wchar_t *make_verbatim(const wchar_t *full) {
    if (begins_with(full, verbatim) || begins_with(full, L"\\\\.\\"))
        return join(L"", full);
    size_t slashes = begins_with(full, share);
    return join(slashes ? verbatim_share : verbatim, full + slashes);
}

wchar_t *path_to_wide(const char *path) {
    wchar_t *wide = wide_of(path), *full = wide ? full_path(wide) : NULL, *result = full ? make_verbatim(full) : NULL;
    free(wide);
    free(full);
    return result;
}

char *path_of_wide(const wchar_t *path) {
    size_t length = begins_with(path, verbatim_share);
    if (!length)
        return wide_to_utf8(path + begins_with(path, verbatim));
    wchar_t *plain = join(share, path + length);
    char *text = plain ? wide_to_utf8(plain) : NULL;
    free(plain);
    return text;
}
