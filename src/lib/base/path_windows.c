/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * path_windows: drives, shares, and paths that begin with \\?\ or \\.\ (devices: "\\.\pipe\name").
 */
#include "config.h"

#include "lib/base/path.h"

#include <string.h>
#include <strings.h>

static bool has_drive(const char *path) {
    return ((path[0] >= 'A' && path[0] <= 'Z') || (path[0] >= 'a' && path[0] <= 'z')) && path[1] == ':';
}

static bool has_two_separators(const char *path) {
    return path_is_separator(path[0]) && path_is_separator(path[1]);
}

static bool is_verbatim(const char *path) {
    return has_two_separators(path) && (path[2] == '?' || path[2] == '.') && path_is_separator(path[3]);
}

bool path_is_absolute(const char *path) {
    return has_two_separators(path) || (has_drive(path) && path_is_separator(path[2]));
}

/* Where the part that begins at `from` ends, its separator with it. */
static size_t part_end(const char *path, size_t from) {
    size_t end = from + strcspn(path + from, "\\/");
    return path[end] ? end + 1 : end;
}

size_t path_root_length(const char *path) {
    if (is_verbatim(path)) {
        bool is_share = strncasecmp(path + 4, "UNC", 3) == 0 && path_is_separator(path[7]);
        return is_share ? part_end(path, part_end(path, 8)) : part_end(path, 4);
    }
    if (has_two_separators(path))
        return part_end(path, part_end(path, 2));
    if (has_drive(path))
        return path_is_separator(path[2]) ? 3 : 2;
    return path_is_separator(path[0]);
}

bool path_is_separator(char byte) {
    return byte == '\\' || byte == '/';
}

char path_separator(void) {
    return '\\';
}
