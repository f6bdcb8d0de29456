/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_glob_posix: the files that a pattern names, by glob(3).
 * Runs on: the control thread or a tool. Owns: nothing.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/strlist.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A folder that cannot be read is an error, one that is not there has no files. */
static int on_folder_error(const char *folder, int failure) {
    (void)folder;
    errno = failure;
    return failure != ENOENT && failure != ENOTDIR;
}

static bool has_wildcard(const char *pattern) {
    return strpbrk(pattern, "*?[");
}

int file_check_folder(const char *path, struct error *error) {
    struct stat status;
    char *folder = file_beside(path, ".");
    int result = 0;
    if (!folder)
        result = error_set(error, "out of memory");
    else if (stat(folder, &status) == 0 && (status.st_mode & S_IWOTH))
        result =
            error_set(error, "everybody on this machine may add files to the folder of %s (mode %04o); chmod o-w it",
                      path, (unsigned)status.st_mode & 07777);
    free(folder);
    return result;
}

static int add(struct strlist *paths, const char *path, size_t limit, struct error *error) {
    if (strlist_has(paths, path))
        return 0;
    if (paths->count >= limit)
        return error_set(error, "more than %zu files; fewer are expected", limit);
    if (file_check_folder(path, error))
        return -1;
    return strlist_add(paths, path) ? error_set(error, "out of memory") : 0;
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int explain(int code, const char *pattern, struct error *error) {
    if (code == GLOB_NOMATCH)
        return has_wildcard(pattern) ? 0 : error_set(error, "there is no file %s", pattern);
    return error_set(error, "cannot look for %s: %s", pattern, strerror(code == GLOB_NOSPACE ? ENOMEM : errno));
}

int file_glob(const char *pattern, size_t limit, struct strlist *paths, struct error *error) {
    glob_t found = {0};
    int code = glob(pattern, GLOB_NOSORT, on_folder_error, &found), result = code ? explain(code, pattern, error) : 0;
    if (!code)
        qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, compare);
    for (size_t i = 0; !code && i < found.gl_pathc && !result; i++)
        result = add(paths, found.gl_pathv[i], limit, error);
    globfree(&found);
    return result;
}
