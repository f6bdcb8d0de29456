/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wide: texts for Windows, whose calls take UTF-16 where ours are UTF-8. Only files of Windows include it.
 * Runs on: any thread. Owns: nothing; what is returned is malloc'ed.
 *
 * NULL with errno: ENOMEM, or EILSEQ for what is not well-formed; path_to_wide() also EINVAL for what is no path.
 */
#ifndef MUNNEL_LIB_BASE_WIDE_H
#define MUNNEL_LIB_BASE_WIDE_H

#include <wchar.h>

wchar_t *wide_of(const char *text);
char *wide_to_utf8(const wchar_t *text);

/* An absolute path that begins with \\?\, so that it may be longer than 260 characters; '/' is read as '\'. */
wchar_t *path_to_wide(const char *path);
/* The other way: without \\?\, and "\\server\share" where it was "\\?\UNC\server\share". */
char *path_of_wide(const wchar_t *path);

#endif
