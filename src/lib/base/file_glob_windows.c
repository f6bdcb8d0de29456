/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_glob_windows: see file_glob.c; folder by folder, from left to right.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/file_priv.h"
#include "lib/base/path.h"
#include "lib/base/strlist.h"
#include "lib/base/system_errno.h"
#include "lib/base/wide.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

struct search {
    const char *pattern;
    struct strlist *paths;
    struct error *error;
};

static int expand(const struct search *search, const char *folder, const char *rest);

static int fail(const struct search *search) {
    return file_fail(search->error, "look for", search->pattern);
}

static char *concat(const char *a, const char *b, size_t length) {
    size_t size = strlen(a) + length + 1;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s%.*s", a, (int)length, b);
    return text;
}

/* Goes on with `name` in the folder, and what separates it from the rest. */
static int descend(const struct search *search, const char *folder, const char *name, size_t length, const char *rest) {
    char *path = concat(folder, name, length);
    size_t separators = strspn(rest, "/\\");
    char *next = path && separators ? concat(path, rest, separators) : NULL;
    int result = 0;
    errno = ENOMEM;
    if (!path || (separators && !next))
        result = fail(search);
    else if (next)
        result = expand(search, next, rest + separators);
    else if (file_exists(path) && strlist_add(search->paths, path))
        result = fail(search);
    free(path);
    free(next);
    return result;
}

static int on_name(const struct search *search, const char *folder, const wchar_t *wide, const char *pattern,
                   const char *rest) {
    char *name = wide_to_utf8(wide);
    int result = 0;
    if (name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && path_matches(pattern, name))
        result = descend(search, folder, name, strlen(name), rest);
    else if (!name && errno == ENOMEM) /* a name that is no UTF-16 is no file of ours */
        result = fail(search);
    free(name);
    return result;
}

/* A folder that cannot be read is an error, one that is not there has no files. */
static HANDLE find_first(const char *folder, WIN32_FIND_DATAW *found) {
    char *all = concat(folder, "*", 1);
    wchar_t *wide = all ? path_to_wide(all) : NULL;
    HANDLE find = wide ? FindFirstFileW(wide, found) : INVALID_HANDLE_VALUE;
    if (wide && find == INVALID_HANDLE_VALUE)
        (void)system_errno_set();
    free(all);
    free(wide);
    return find;
}

static int list(const struct search *search, const char *folder, const char *pattern, const char *rest) {
    WIN32_FIND_DATAW found;
    HANDLE find = find_first(folder, &found);
    if (find == INVALID_HANDLE_VALUE)
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail(search);
    int result;
    do {
        result = on_name(search, folder, found.cFileName, pattern, rest);
    } while (!result && FindNextFileW(find, &found));
    if (!result && GetLastError() != ERROR_NO_MORE_FILES) {
        (void)system_errno_set();
        result = fail(search);
    }
    FindClose(find);
    return result;
}

/* `folder` ends in a separator, or is empty; the next part of the pattern is at `rest`. */
static int expand(const struct search *search, const char *folder, const char *rest) {
    size_t length = strcspn(rest, "/\\");
    char *part = concat("", rest, length);
    int result;
    errno = ENOMEM;
    if (!part)
        result = fail(search);
    else if (strpbrk(part, "*?["))
        result = list(search, folder, part, rest + length);
    else
        result = descend(search, folder, part, length, rest + length);
    free(part);
    return result;
}

int file_glob_find(const char *pattern, struct strlist *paths, struct error *error) {
    const struct search search = {.pattern = pattern, .paths = paths, .error = error};
    size_t root = path_root_length(pattern); /* "\\?\" has a question mark */
    char *folder = concat("", pattern, root);
    int result = folder ? expand(&search, folder, pattern + root) : error_set(error, "out of memory");
    free(folder);
    return result;
}
