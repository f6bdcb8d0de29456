/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * path_posix: the slash, and nothing else.
 */
#include "config.h"

#include "lib/base/path.h"

bool path_is_absolute(const char *path) {
    return path[0] == '/';
}

size_t path_root_length(const char *path) {
    return path[0] == '/';
}

bool path_is_separator(char byte) {
    return byte == '/';
}

char path_separator(void) {
    return '/';
}
