/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * path: the parts of a path, by its text alone. On Windows '/' separates as '\' does, and a path may begin with a drive
 * or with "\\server\share".
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_PATH_H
#define MUNNEL_LIB_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* Does it mean the same in each folder? Not so on Windows "\x", which has no drive, and "C:x", which is in the current
 * folder of a drive. */
bool path_is_absolute(const char *path);

const char *path_name(const char *path);     /* what is behind the last separator, in `path`; "" if that is the end */
size_t path_folder_length(const char *path); /* bytes before the name, the separator with them */

/* What of a path cannot be left by "..": "/", "C:\", "C:" or "\\server\share\"; 0: it has none. */
size_t path_root_length(const char *path);
bool path_is_separator(char byte);
void path_to_slashes(char *path); /* separated by '/', which needs no escape in JSON */
char path_separator(void);        /* the one that the system's own programs write */

/* Does this pattern of glob(7) match? '*', '?' and "[a-z]" match no separator, and no dot that begins a name; on
 * Windows the case of ASCII letters does not matter. */
bool path_matches(const char *pattern, const char *path);

/* malloc'ed; NULL when out of memory. */
char *path_join(const char *folder, size_t length, const char *name); /* `length` bytes, a separator if none is there */
char *path_beside(const char *path, const char *name); /* in the folder of `path`; a name with a root as it is */

#endif
