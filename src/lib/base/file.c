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

/* The folder `name` in the one that `variable` names, of which the first `length` bytes count. */
static char *state_in(const char *variable, const char *value, size_t length, const char *name, struct error *error) {
    if (value[0] != '/') {
        error_set(error, "the state folder is not known: %s is \"%.80s\", which is not an absolute path", variable,
                  value);
        return NULL;
    }
    char *path = *name ? join(value, length, name) : strndup(value, length);
    if (!path)
        error_set(error, "out of memory");
    return path;
}

char *file_state_folder(struct error *error) {
    const char *given = from_environment("STATE_DIRECTORY");
    if (given) /* the service manager may name several */
        return state_in("STATE_DIRECTORY", given, strcspn(given, ":"), "", error);
    if (geteuid() == 0)
        return state_in("", "/var/lib", strlen("/var/lib"), "munnel", error);
    const char *state = from_environment("XDG_STATE_HOME"), *home = from_environment("HOME");
    if (state)
        return state_in("XDG_STATE_HOME", state, strlen(state), "munnel", error);
    if (home)
        return state_in("HOME", home, strlen(home), ".local/state/munnel", error);
    error_set(error, "the state folder is not known: set HOME, or STATE_DIRECTORY to the folder itself");
    return NULL;
}
