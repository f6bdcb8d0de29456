/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agents_file: see agents_file.h.
 */
#include "config.h"

#include "conf/agents_file.h"

#include "lib/base/file.h"
#include "lib/base/path.h"

#include <stdlib.h>
#include <string.h>

/* /usr/local/etc: of programs from the source, and of BSD's packages. */
static bool is_below_etc(const char *path) {
    static const char *const places[] = {"/etc/", "/usr/local/etc/"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strncmp(path, places[i], strlen(places[i])) == 0)
            return true;
    return false;
}

static bool is_configuration(const char *folder) {
    char *real = file_real_path(folder);
    bool result = is_below_etc(folder) || (real && is_below_etc(real));
    free(real);
    return result;
}

static char *in_state_folder(struct error *error) {
    char *state = file_state_folder(error), *path = state ? file_in(state, AGENTS_FILE) : NULL;
    if (state && !path)
        error_set(error, "out of memory");
    free(state);
    return path;
}

char *agents_file_for(const char *folder, struct error *error) {
    char *beside = file_in(folder, AGENTS_FILE);
    if (!beside) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (file_exists(beside) || !is_configuration(folder))
        return beside;
    free(beside);
    return in_state_folder(error);
}

static size_t trimmed_length(const char *folder, size_t length) {
    while (length > 1 && path_is_separator(folder[length - 1]))
        length--;
    return length;
}

const char *agents_file_shown(const char *path, const char *folder) {
    size_t length = trimmed_length(folder, strlen(folder)), before = path_folder_length(path);
    bool is_beside = before && trimmed_length(path, before) == length && strncmp(path, folder, length) == 0;
    return is_beside ? path + before : path;
}

/* It is written between quotation marks; munneld takes "${" for the name of a variable. */
int agents_file_check(const char *path, struct error *error) {
    if (!path_is_absolute(path) || !*path_name(path))
        return error_set(error,
                         "\"%.80s\" is not the absolute path of a file; write one like "
                         "\"/var/lib/munnel/" AGENTS_FILE "\"",
                         path);
    for (const char *at = path; *at; at++)
        if ((unsigned char)*at < ' ' || strchr("\"\\$", *at))
            return error_set(error,
                             "there is a control character, a quotation mark, a backslash or a dollar sign in the "
                             "path; choose another");
    return 0;
}
