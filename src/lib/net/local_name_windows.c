/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_name_windows: see local_name.h.
 */
#include "config.h"

#include "lib/net/local_name.h"

#include <string.h>

#define PIPE_PREFIX "\\\\.\\pipe\\"
enum { NAME_MOST = 107 /* as of a Unix socket */ };

int local_name_check(const char *name, struct error *error) {
    size_t prefix = sizeof PIPE_PREFIX - 1;
    bool is_pipe = _strnicmp(name, PIPE_PREFIX, prefix) == 0 && name[prefix] && !strpbrk(name + prefix, "\\/");
    if (!is_pipe)
        return error_set(error, "\"%.80s\" is no pipe's name; write " PIPE_PREFIX "NAME, in JSON with each \\ twice",
                         name);
    if (strlen(name) > NAME_MOST)
        return error_set(error, "the pipe's name \"%.40s...\" is too long: %zu bytes, at most %d", name, strlen(name),
                         NAME_MOST);
    return 0;
}
