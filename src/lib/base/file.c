/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file: where files are, by name alone. file_posix.c reads, writes and checks them.
 * Runs on: the control thread or a tool. Owns: nothing; strings go to the caller.
 */
#include "config.h"

#include "lib/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `length` bytes of `folder`, a slash where there is none yet, and `name`. */
static char *join(const char *folder, size_t length, const char *name) {
    bool needs_slash = length > 0 && folder[length - 1] != '/';
    size_t size = length + 1 + strlen(name) + 1;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%.*s%s%s", (int)length, folder, needs_slash ? "/" : "", name);
    return path;
}

char *file_in(const char *folder, const char *name) {
    return join(folder, strlen(folder), name);
}

char *file_beside(const char *path, const char *name) {
    const char *slash = strrchr(path, '/');
    if (name[0] == '/' || !slash)
        return strdup(name);
    return join(path, (size_t)(slash - path + 1), name);
}

static const char *from_environment(const char *variable) {
    const char *value = getenv(variable);
    return value && *value ? value : NULL;
}

char *file_state_folder(void) {
    const char *given = from_environment("STATE_DIRECTORY");
    if (given)
        return strndup(given, strcspn(given, ":")); /* the service manager may name several */
    if (geteuid() == 0)
        return strdup("/var/lib/munnel");
    const char *state = from_environment("XDG_STATE_HOME");
    if (state)
        return file_in(state, "munnel");
    const char *home = from_environment("HOME");
    return file_in(home ? home : ".", ".local/state/munnel");
}
