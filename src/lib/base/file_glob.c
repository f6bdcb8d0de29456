/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_glob: the files that a pattern names, in their order, none of them twice.
 * Runs on: the control thread or a tool. Owns: nothing.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/file_priv.h"
#include "lib/base/strlist.h"

#include <stdlib.h>
#include <string.h>

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

int file_glob(const char *pattern, size_t limit, struct strlist *paths, struct error *error) {
    struct strlist found = {0};
    int result = file_glob_find(pattern, &found, error);
    if (!result && !found.count && !strpbrk(pattern, "*?["))
        result = error_set(error, "there is no file %s", pattern);
    if (found.count)
        qsort(found.items, found.count, sizeof *found.items, compare);
    for (size_t i = 0; !result && i < found.count; i++)
        result = add(paths, found.items[i], limit, error);
    strlist_done(&found);
    return result;
}
