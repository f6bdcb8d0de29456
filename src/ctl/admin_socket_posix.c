/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_socket_posix: see admin_socket.h. admin_socket_windows.c is its counterpart.
 */
#include "config.h"

#include "ctl/admin_socket.h"

#include "lib/base/file.h"

#include <stdio.h>

enum { PATH_TEXT = 512 };

bool admin_socket_exists(const char *root, const char *path) {
    char whole[PATH_TEXT];

    snprintf(whole, sizeof whole, "%s%s", root, path);
    return file_exists(whole);
}

int admin_socket_list(const char *root, const char *pattern, size_t most, struct strlist *found, struct error *error) {
    char whole[PATH_TEXT];

    snprintf(whole, sizeof whole, "%s%s", root, pattern);
    return file_glob(whole, most, found, error);
}
