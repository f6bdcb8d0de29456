/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_glob_posix: see file_glob.c; by glob(3).
 */
#include "config.h"

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/file_priv.h"
#include "lib/base/path.h"
#include "lib/base/strlist.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int file_check_folder(const char *path, struct error *error) {
    struct stat status;
    char *folder = path_beside(path, ".");
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

/* A folder that cannot be read is an error, one that is not there has no files. */
static int on_folder_error(const char *folder, int failure) {
    (void)folder;
    errno = failure;
    return failure != ENOENT && failure != ENOTDIR;
}

int file_glob_find(const char *pattern, struct strlist *paths, struct error *error) {
    glob_t found = {0};
    int code = glob(pattern, GLOB_NOSORT, on_folder_error, &found), result = 0;
    if (code && code != GLOB_NOMATCH)
        result = error_set(error, "cannot look for %s: %s", pattern, error_text(code == GLOB_NOSPACE ? ENOMEM : errno));
    for (size_t i = 0; !code && !result && i < found.gl_pathc; i++)
        result = strlist_add(paths, found.gl_pathv[i]) ? error_set(error, "out of memory") : 0;
    globfree(&found);
    return result;
}
