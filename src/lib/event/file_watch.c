/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_watch: see file_watch.h.
 * Runs on: the thread of its owner. Owns: copies of the names.
 */
#include "config.h"

#include "lib/event/file_watch_priv.h"

#include <stdlib.h>
#include <string.h>

struct watched {
    char *path;
    struct file_stamp stamp;
};

struct file_watch {
    size_t count;
    struct watched files[];
};

/* The members are of one size, without gaps. */
static bool same_stamp(const struct file_stamp *a, const struct file_stamp *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

struct file_watch *file_watch_new(const char *const *paths, size_t count) {
    struct file_watch *watch = calloc(1, sizeof *watch + count * sizeof(struct watched));

    for (size_t i = 0; watch && i < count; i++) {
        if (!paths[i])
            continue;
        struct watched *file = &watch->files[watch->count];
        file->path = strdup(paths[i]);
        if (!file->path) {
            file_watch_free(watch);
            return NULL;
        }
        file->stamp = file_stamp_of(file->path);
        watch->count++;
    }
    return watch;
}

void file_watch_free(struct file_watch *watch) {
    if (!watch)
        return;
    for (size_t i = 0; i < watch->count; i++)
        free(watch->files[i].path);
    free(watch);
}

bool file_watch_has_changed(struct file_watch *watch) {
    bool changed = false;

    for (size_t i = 0; i < watch->count; i++) {
        struct file_stamp now = file_stamp_of(watch->files[i].path);
        changed = changed || !same_stamp(&now, &watch->files[i].stamp);
        watch->files[i].stamp = now;
    }
    return changed;
}

int file_watch_check_readable(const struct file_watch *watch, struct error *error) {
    for (size_t i = 0; i < watch->count; i++)
        if (file_stamp_check_readable(watch->files[i].path, error))
            return -1;
    return 0;
}
