/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_socket_windows: see admin_socket.h. admin_socket_posix.c is its counterpart. wine has no list of all pipes.
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
enum { PATH_TEXT = 512, NOT_AT_ALL_MS = 1 };

/* A pattern ends in '*'. */
static bool matches(const char *pattern, const char *path) {
    return _strnicmp(path, pattern, strcspn(pattern, "*")) == 0;
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

/* It waits for an instance that is free, and connects to none. */
bool admin_socket_exists(const char *root, const char *path) {
    wchar_t *name = wide_of(path);
    bool is_there = name && (WaitNamedPipeW(name, NOT_AT_ALL_MS) || GetLastError() != ERROR_FILE_NOT_FOUND);

    (void)root;
    free(name);
    return is_there;
}
