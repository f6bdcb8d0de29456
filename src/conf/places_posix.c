/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * places_posix: see places.h; by the File System Hierarchy and the XDG Base Directory Specification.
 */
#include "config.h"

#include "conf/places.h"
#include "lib/base/file.h"
#include "lib/base/path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *places_configuration(void) {
    static const char *const files[] = {"/etc/munnel.json", "/etc/munnel/munnel.json"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (file_exists(files[i]))
            return strdup(files[i]);
    return NULL;
}

/* /usr/local/etc: of programs from the source, and of BSD's packages. */
static bool is_below_etc(const char *path) {
    static const char *const folders[] = {"/etc/", "/usr/local/etc/"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (strncmp(path, folders[i], strlen(folders[i])) == 0)
            return true;
    return false;
}

bool places_is_configuration(const char *folder) {
    char *real = file_real_path(folder);
    bool result = is_below_etc(folder) || (real && is_below_etc(real));
    free(real);
    return result;
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
    char *path = *name ? path_join(value, length, name) : strdup(value);
    if (!path)
        error_set(error, "out of memory");
    else if (!*name)
        path[length] = '\0';
    return path;
}

char *places_state_folder(struct error *error) {
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
