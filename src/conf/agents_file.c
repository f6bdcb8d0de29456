/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agents_file: see agents_file.h.
 */
#include "config.h"

#include "conf/agents_file.h"

#include "conf/places.h"
#include "lib/base/file.h"
#include "lib/base/path.h"

#include <stdlib.h>
#include <string.h>

static char *in_state_folder(struct error *error) {
    char *state = places_state_folder(error), *path = state ? file_in(state, AGENTS_FILE) : NULL;
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
    if (file_exists(beside) || !places_is_configuration(folder))
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
                         "\"" PLACES_AGENTS_FILE "\"",
                         path);
    for (const char *at = path; *at; at++)
        if ((unsigned char)*at < ' ' || (strchr("\"\\$", *at) && !path_is_separator(*at)))
            return error_set(error,
                             "there is a control character, a quotation mark, a backslash or a dollar sign in the "
                             "path; choose another");
    return 0;
}
