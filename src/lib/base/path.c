/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * path: see path.h; what separates, and what a path begins with, is in path_posix.c and path_windows.c.
 */
#include "config.h"

#include "lib/base/path.h"

#include <stdlib.h>
#include <string.h>

size_t path_folder_length(const char *path) {
    size_t root = path_root_length(path), length = strlen(path);
    while (length > root && !path_is_separator(path[length - 1]))
        length--;
    return length;
}

const char *path_name(const char *path) {
    return path + path_folder_length(path);
}

void path_to_slashes(char *path) {
    for (; *path; path++)
        if (path_is_separator(*path))
            *path = '/';
}

/* `separator` in between, unless it is NUL. */
static char *join(const char *folder, size_t length, char separator, const char *name) {
    size_t size = strlen(name) + 1;
    char *path = malloc(length + 1 + size);
    if (!path)
        return NULL;
    memcpy(path, folder, length);
    if (separator)
        path[length++] = separator;
    memcpy(path + length, name, size);
    return path;
}

/* The one that the folder has itself: a path of configurations may be written with slashes on Windows. */
static char separator_of(const char *folder, size_t length) {
    while (length && !path_is_separator(folder[length - 1]))
        length--;
    return length ? folder[length - 1] : path_separator();
}

char *path_join(const char *folder, size_t length, const char *name) {
    bool needs_separator = length > 0 && !path_is_separator(folder[length - 1]);
    return join(folder, length, needs_separator ? separator_of(folder, length) : '\0', name);
}

/* Of the folder "C:" no separator follows: "C:\\name" is another file than "C:name". */
char *path_beside(const char *path, const char *name) {
    return join(path, path_root_length(name) ? 0 : path_folder_length(path), '\0', name);
}
