/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file: small files, read and written whole, and names of files. What each system does in its own way is behind
 * file_priv.h.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/file_priv.h"
#include "lib/base/path.h"
#include "lib/base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { READ_FIRST = 4096 };

/* ---- reading ---- */

/* One more read into *bytes, which grows as needed up to limit + 1 bytes. Returns file_get()'s result. */
static ssize_t read_more(int fd, char **bytes, size_t used, size_t *size, size_t limit) {
    if (used + 1 >= *size && *size < limit + 2) {
        size_t larger = *size * 2 < limit + 2 ? *size * 2 : limit + 2;
        char *grown = malloc(larger);
        if (!grown) {
            errno = ENOMEM;
            return -1;
        }
        memcpy(grown, *bytes, used);
        secret_wipe(*bytes, used); /* it may be a secret: realloc would leave a copy behind */
        free(*bytes);
        *bytes = grown;
        *size = larger;
    }
    return file_get(fd, *bytes + used, *size - used - 1);
}

static void discard(char *bytes, size_t used) {
    if (bytes)
        secret_wipe(bytes, used);
    free(bytes);
}

static char *read_open(int fd, const char *path, size_t limit, size_t *length, struct error *error) {
    size_t used = 0, size = READ_FIRST < limit + 2 ? READ_FIRST : limit + 2;
    char *bytes = malloc(size);
    ssize_t got = 1;
    while (bytes && got > 0 && used <= limit) {
        got = read_more(fd, &bytes, used, &size, limit);
        used += got > 0 ? (size_t)got : 0;
    }
    if (!bytes || got < 0 || used > limit) {
        (void)(!bytes || got < 0 ? file_fail(error, "read", path)
                                 : error_set(error, "%s is too long: at most %zu bytes are expected", path, limit));
        discard(bytes, used);
        return NULL;
    }
    bytes[used] = '\0';
    if (length)
        *length = used;
    return bytes;
}

static char *read_whole(const char *path, size_t limit, enum file_care care, size_t *length, bool *is_foreign,
                        struct error *error) {
    int fd = file_open(path, care);
    if (fd < 0) {
        file_fail(error, "read", path);
        return NULL;
    }
    bool is_right = care == FILE_CARE_NONE || file_check(fd, path, care, is_foreign, error) == 0;
    char *bytes = is_right ? read_open(fd, path, limit, length, error) : NULL;
    file_close(fd);
    return bytes;
}

char *file_read(const char *path, size_t limit, size_t *length, struct error *error) {
    return read_whole(path, limit, FILE_CARE_NONE, length, &(bool){false}, error);
}

char *file_read_secret(const char *path, size_t limit, size_t *length, struct error *error) {
    return read_whole(path, limit, FILE_CARE_SECRET, length, &(bool){false}, error);
}

char *file_read_trusted(const char *path, size_t limit, size_t *length, struct error *error) {
    return read_whole(path, limit, FILE_CARE_TRUSTED, length, &(bool){false}, error);
}

char *file_read_included(const char *path, size_t limit, size_t *length, bool *is_foreign, struct error *error) {
    return read_whole(path, limit, FILE_CARE_TRUSTED, length, is_foreign, error);
}

ssize_t file_peek(const char *path, void *bytes, size_t size, enum file_kind *kind) {
    int fd = file_open(path, FILE_CARE_TRUSTED);
    if (fd < 0) {
        *kind = errno == EISDIR ? FILE_FOLDER : FILE_ABSENT;
        return *kind == FILE_FOLDER ? 0 : -1;
    }
    *kind = file_kind_of(fd);
    ssize_t length = *kind == FILE_REGULAR ? file_get(fd, bytes, size) : 0;
    int failure = errno;
    file_close(fd);
    errno = failure;
    return length;
}

/* ---- writing ---- */

static int write_all(int fd, const char *data, size_t length) {
    while (length > 0) {
        ssize_t written = file_put(fd, data, length);
        if (written < 0)
            return -1;
        data += written;
        length -= (size_t)written;
    }
    return 0;
}

/* `name` ends in XXXXXX. 0 or -1 with errno, and nothing is left. */
static int make_staged(char *name, const char *path, const char *data, size_t length, unsigned mode) {
    int fd = file_create_staged(name, path, mode);
    if (fd < 0)
        return -1;
    int result = write_all(fd, data, length), failure = errno;
    if (result)
        file_close(fd);
    else if (file_complete(fd, mode) == 0)
        return 0;
    else
        failure = errno;
    (void)file_unlink(name);
    errno = failure;
    return -1;
}

char *file_stage(const char *path, const char *data, size_t length, unsigned mode, struct error *error) {
    char *name = file_beside(path, FILE_STAGED);
    file_sweep_staged(path);
    errno = ENOMEM;
    if (name && make_staged(name, path, data, length, mode) == 0)
        return name;
    file_fail(error, "write", path);
    free(name);
    return NULL;
}

int file_publish(const char *staged, const char *path, bool is_new, struct error *error) {
    return file_rename(staged, path, is_new) ? file_fail(error, "write", path) : 0;
}

void file_unstage(char *staged) {
    if (staged)
        (void)file_unlink(staged);
    free(staged);
}

int file_remove(const char *path, struct error *error) {
    return file_unlink(path) ? file_fail(error, "remove", path) : 0;
}

int file_write(const char *path, const char *data, size_t length, unsigned mode, struct error *error) {
    char *real = file_real_path(path); /* a link stays a link, to the new file */
    const char *target = real ? real : path;
    struct error detail;
    char *staged = file_stage(target, data, length, mode, &detail);
    int result = staged ? file_publish(staged, target, false, &detail) : -1;
    if (result)
        file_fail(error, "write", path);
    else
        file_sync_folder(target);
    int failure = errno;
    file_unstage(staged);
    free(real);
    errno = failure;
    return result;
}

/* ---- folders ---- */

/* 0 also if it is there; -1 with errno. */
static int make_one(const char *path, unsigned mode) {
    int failure = file_make_one_folder(path, mode) ? errno : 0;
    if (!failure || file_is_folder(path))
        return 0;
    errno = failure == EEXIST ? ENOTDIR : failure;
    return -1;
}

/* Makes `path` cut at each of its separators, then whole. */
static int make_each(char *path, unsigned mode) {
    for (char *at = path + path_root_length(path); *at; at++) {
        if (path_is_separator(*at)) {
            char separator = *at;
            *at = '\0';
            int result = make_one(path, mode);
            *at = separator;
            if (result)
                return -1;
        }
    }
    return make_one(path, mode);
}

int file_make_folder(const char *path, unsigned mode, struct error *error) {
    if (file_is_folder(path))
        return 0;
    char *copy = *path ? strdup(path) : NULL;
    errno = *path ? ENOMEM : ENOENT;
    int result = copy ? make_each(copy, mode) : -1;
    if (result)
        file_fail(error, "make the folder", path);
    free(copy);
    return result;
}

/* ---- names ---- */

char *file_in(const char *folder, const char *name) {
    return path_join(folder, strlen(folder), name);
}

char *file_beside(const char *path, const char *name) {
    return path_beside(path, name);
}
