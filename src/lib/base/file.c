/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file: where files are, by name alone. file_posix.c reads, writes and checks them.
 * Runs on: the control thread or a tool. Owns: nothing; strings go to the caller.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *file_in(const char *folder, const char *name) {
    return path_join(folder, strlen(folder), name);
}

char *file_beside(const char *path, const char *name) {
    return path_beside(path, name);
}

static const char *from_environment(const char *variable) {
    const char *value = getenv(variable);
    return value && *value ? value : NULL;
}

/* The folder `name` in the one that `variable` names, of which the first `length` bytes count. */
static char *state_in(const char *variable, const char *value, size_t length, const char *name, struct error *error) {
    if (!path_is_absolute(value)) {
        error_set(error, "the state folder is not known: %s is \"%.80s\", which is not an absolute path", variable,
                  value);
        return NULL;
    }
    char *path = *name ? path_join(value, length, name) : strndup(value, length);
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
