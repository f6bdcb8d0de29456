/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_watch: see file_watch.h.
 * Runs on: the thread of its owner. Owns: copies of the names.
 */
#include "config.h"

#include "lib/event/file_watch.h"

#include "lib/base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __APPLE__ /* the only one that has other names for them */
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

struct stamp { /* all zero: it is not there */
    dev_t device;
    ino_t inode;
    off_t size;
    mode_t mode;
    struct timespec modified, changed;
};

struct watched {
    char *path;
    struct stamp stamp;
};

struct file_watch {
    size_t count;
    struct watched files[];
};

static struct stamp stamp_of(const char *path) {
    struct stat status;

    if (stat(path, &status) != 0)
        return (struct stamp){0};
    return (struct stamp){.device = status.st_dev,
                          .inode = status.st_ino,
                          .size = status.st_size,
                          .mode = status.st_mode,
                          .modified = status.st_mtim,
                          .changed = status.st_ctim};
}

static bool same_time(struct timespec a, struct timespec b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b) {
    return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mode == b->mode &&
           same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
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
        file->stamp = stamp_of(file->path);
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
        struct stamp now = stamp_of(watch->files[i].path);
        changed = changed || !same_stamp(&now, &watch->files[i].stamp);
        watch->files[i].stamp = now;
    }
    return changed;
}

int file_watch_check_readable(const struct file_watch *watch, struct error *error) {
    for (size_t i = 0; i < watch->count; i++) {
        const char *path = watch->files[i].path;
        if (access(path, R_OK) == 0)
            continue;
        return error_set(error,
                         "%s: user %ld with group %ld cannot read it (%s), so that it could not be read again when it "
                         "changes; give it that group, chgrp %ld %s, and mode 0640, and see that the folders above "
                         "let the group through",
                         path, (long)getuid(), (long)getgid(), error_text(errno), (long)getgid(), path);
    }
    return 0;
}
