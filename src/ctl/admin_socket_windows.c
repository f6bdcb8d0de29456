/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_socket_windows: see admin_socket.h. admin_socket_posix.c is its counterpart. The list of all pipes is read,
 * since asking for one by its name would connect to it.
 */
#include "config.h"

#include "ctl/admin_socket.h"

#include "lib/base/system_error.h"
#include "lib/base/wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>

#include <windows.h>

#define PIPES "\\\\.\\pipe\\"
enum { PATH_TEXT = 512 };

/* A pattern ends in '*', or is a name. */
static bool matches(const char *pattern, const char *path) {
    size_t length = strcspn(pattern, "*");

    return _strnicmp(path, pattern, length) == 0 && (pattern[length] || !path[length]);
}

static int add_match(const wchar_t *wide, const char *pattern, size_t most, struct strlist *found) {
    char path[PATH_TEXT], *name = wide_to_utf8(wide);

    if (!name)
        return 0; /* it is none of ours */
    snprintf(path, sizeof path, "%s%s", PIPES, name);
    free(name);
    return matches(pattern, path) && found->count < most ? strlist_add(found, path) : 0;
}

int admin_socket_list(const char *root, const char *pattern, size_t most, struct strlist *found, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    WIN32_FIND_DATAW each;
    HANDLE all = FindFirstFileW(L"" PIPES "*", &each);
    int failed = 0;

    (void)root;
    if (all == INVALID_HANDLE_VALUE)
        return error_set(error, "cannot list the pipes of this machine: %s", system_error_text(GetLastError(), words));
    do
        failed = add_match(each.cFileName, pattern, most, found);
    while (!failed && FindNextFileW(all, &each));
    FindClose(all);
    return failed ? error_set(error, "out of memory") : 0;
}

bool admin_socket_exists(const char *root, const char *path) {
    struct strlist found = {0};
    struct error unused;
    bool is_there = admin_socket_list(root, path, 1, &found, &unused) == 0 && found.count > 0;

    strlist_done(&found);
    return is_there;
}
