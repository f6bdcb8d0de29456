/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_posix: reads and writes small files whole, and looks at who else may read a secret.
 * Runs on: the control thread or a tool. Owns: nothing; what is read goes to the caller.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_FIRST = 4096 };

static int say_errno(struct error *error, const char *verb, const char *path) {
    return error_set(error, "cannot %s %s: %s", verb, path, strerror(errno));
}

/* ---- reading ---- */

static const char *rights_of_others(mode_t mode) {
    if (mode & S_IWOTH)
        return mode & S_IROTH ? "read or change" : "change";
    return mode & S_IROTH ? "read" : "execute";
}

static int check_owner(const struct stat *status, const char *path, struct error *error) {
    uid_t self = geteuid();
    if (status->st_uid != self && status->st_uid != 0 && self != 0) {
        return error_set(
            error,
            "%s belongs to another user (uid %ld), who can change it; chown it to root or to the user of this program",
            path, (long)status->st_uid);
    }
    return 0;
}

static int check_secret(const struct stat *status, const char *path, struct error *error) {
    if (status->st_mode & 0007) {
        return error_set(error, "everybody on this machine may %s %s (mode %04o), and it is a secret; chmod 0640 %s",
                         rights_of_others(status->st_mode), path, (unsigned)status->st_mode & 07777, path);
    }
    return check_owner(status, path, error);
}

static int check_trusted(const struct stat *status, const char *path, struct error *error) {
    if (!S_ISREG(status->st_mode))
        return error_set(error, "%s is not a regular file", path);
    if (status->st_mode & S_IWOTH)
        return error_set(error, "everybody on this machine may change %s (mode %04o); chmod o-w %s", path,
                         (unsigned)status->st_mode & 07777, path);
    return check_owner(status, path, error);
}

static int check_any(const struct stat *status, const char *path, struct error *error) {
    (void)status;
    (void)path;
    (void)error;
    return 0;
}

int file_check_secret(const char *path, struct error *error) {
    struct stat status;
    if (stat(path, &status))
        return say_errno(error, "read", path);
    return check_secret(&status, path, error);
}

/* One more read into *bytes, which grows as needed up to limit + 1 bytes. Returns read's result, -1 with errno. */
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
    ssize_t got;
    do {
        got = read(fd, *bytes + used, *size - used - 1);
    } while (got < 0 && errno == EINTR);
    return got;
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
        (void)(!bytes || got < 0 ? say_errno(error, "read", path)
                                 : error_set(error, "%s is too long: at most %zu bytes are expected", path, limit));
        discard(bytes, used);
        return NULL;
    }
    bytes[used] = '\0';
    if (length)
        *length = used;
    return bytes;
}

static bool is_changed_by_others(const struct stat *status) {
    return status->st_uid != 0 || (status->st_gid != 0 && status->st_mode & S_IWGRP);
}

static char *read_whole(const char *path, size_t limit, int (*check)(const struct stat *, const char *, struct error *),
                        size_t *length, bool *is_foreign, struct error *error) {
    /* What is checked may be a FIFO, whose open() must not wait for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | (check == check_trusted ? O_NONBLOCK : 0));
    if (fd < 0) {
        say_errno(error, "read", path);
        return NULL;
    }
    struct stat status;
    char *bytes = NULL;
    /* fstat(), not stat(): the path may be changed between the check and open(). */
    if (fstat(fd, &status)) {
        say_errno(error, "read", path);
    } else if (check(&status, path, error) == 0) {
        *is_foreign = geteuid() == 0 && is_changed_by_others(&status);
        bytes = read_open(fd, path, limit, length, error);
    }
    close(fd);
    return bytes;
}

char *file_read(const char *path, size_t limit, size_t *length, struct error *error) {
    return read_whole(path, limit, check_any, length, &(bool){false}, error);
}

char *file_read_secret(const char *path, size_t limit, size_t *length, struct error *error) {
    return read_whole(path, limit, check_secret, length, &(bool){false}, error);
}

char *file_read_trusted(const char *path, size_t limit, size_t *length, struct error *error) {
    return read_whole(path, limit, check_trusted, length, &(bool){false}, error);
}

char *file_read_included(const char *path, size_t limit, size_t *length, bool *is_foreign, struct error *error) {
    return read_whole(path, limit, check_trusted, length, is_foreign, error);
}

/* ---- writing ---- */

static int write_all(int fd, const char *data, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, data, length);
        if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

/* What root puts into the folder of a service is for that service, whose user could replace it anyway. */
static void give_to_folder(int fd, const char *path) {
    char *folder = geteuid() == 0 ? file_beside(path, ".") : NULL;
    struct stat status;
    if (folder && stat(folder, &status) == 0 && status.st_uid != 0)
        (void)!fchown(fd, status.st_uid, status.st_gid);
    free(folder);
}

/* Members of the old file's group can read the new one. */
static void keep_owner(int fd, const char *path) {
    struct stat old;
    if (stat(path, &old)) {
        give_to_folder(fd, path);
    } else if (fchown(fd, old.st_uid, old.st_gid)) {
        /* Only root may give files away; a member of the group may still give them to the group. */
        (void)!fchown(fd, (uid_t)-1, old.st_gid);
    }
}

/* Fills the temporary file. 0 or -1 with errno; closes it either way. */
static int fill(int fd, const char *path, const char *data, size_t length, unsigned mode) {
    keep_owner(fd, path);
    int result = write_all(fd, data, length) || fchmod(fd, (mode_t)mode) || fsync(fd) ? -1 : 0;
    int failure = errno;
    if (close(fd) && result == 0)
        return -1;
    errno = failure;
    return result;
}

/* A rename survives a power cut only once its folder is on the disk. Not every file system can do it: best effort. */
void file_sync_folder(const char *path) {
    char *folder = file_beside(path, ".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(folder);
}

/* `temporary` ends in XXXXXX. 0 or -1 with errno, and nothing is left. */
static int make_staged(char *temporary, const char *path, const char *data, size_t length, unsigned mode) {
    int fd = mkstemp(temporary); /* 0600 until it is complete */
    if (fd < 0)
        return -1;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (fill(fd, path, data, length, mode) == 0)
        return 0;
    int failure = errno;
    unlink(temporary);
    errno = failure;
    return -1;
}

/* Returns -1 with errno as it was. */
static int fail(struct error *error, const char *verb, const char *path) {
    int failure = errno;
    say_errno(error, verb, path);
    errno = failure;
    return -1;
}

char *file_stage(const char *path, const char *data, size_t length, unsigned mode, struct error *error) {
    char *temporary = file_beside(path, FILE_STAGED);
    file_sweep_staged(path);
    errno = ENOMEM;
    if (temporary && make_staged(temporary, path, data, length, mode) == 0)
        return temporary;
    fail(error, "write", path);
    free(temporary);
    return NULL;
}

/* A file system without hard links, where another program's file could be lost only between these two calls. */
static int rename_new(const char *staged, const char *path) {
    struct stat status;
    if (lstat(path, &status) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(staged, path);
}

/* link() does not replace what is there, as rename() would. */
static int link_new(const char *staged, const char *path) {
    if (link(staged, path) == 0) {
        unlink(staged);
        return 0;
    }
    bool has_links = errno != EPERM && errno != ENOSYS && errno != ENOTSUP && errno != EMLINK;
    return has_links ? -1 : rename_new(staged, path);
}

int file_publish(const char *staged, const char *path, bool is_new, struct error *error) {
    return (is_new ? link_new : rename)(staged, path) ? fail(error, "write", path) : 0;
}

void file_unstage(char *staged) {
    if (staged)
        unlink(staged);
    free(staged);
}

int file_remove(const char *path, struct error *error) {
    return unlink(path) ? fail(error, "remove", path) : 0;
}

int file_write(const char *path, const char *data, size_t length, unsigned mode, struct error *error) {
    char *real = realpath(path, NULL); /* a link stays a link, to the new file */
    const char *target = real ? real : path;
    struct error detail;
    char *staged = file_stage(target, data, length, mode, &detail);
    int result = staged ? file_publish(staged, target, false, &detail) : -1;
    if (result)
        fail(error, "write", path);
    else
        file_sync_folder(target);
    int failure = errno;
    file_unstage(staged);
    free(real);
    errno = failure;
    return result;
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

bool file_is_same(const char *path, const char *other) {
    struct stat a, b;
    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* ---- folders ---- */

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Makes `path` cut at each of its slashes, then whole. 0 or -1 with errno. */
static int make_each(char *path, mode_t mode) {
    for (char *at = path + 1; *at; at++) {
        if (*at == '/') {
            *at = '\0';
            bool is_there = mkdir(path, mode) == 0 || errno == EEXIST || is_folder(path);
            *at = '/';
            if (!is_there)
                return -1;
        }
    }
    return mkdir(path, mode) && errno != EEXIST ? -1 : 0;
}

int file_make_folder(const char *path, unsigned mode, struct error *error) {
    if (is_folder(path))
        return 0;
    char *copy = *path ? strdup(path) : NULL;
    errno = *path ? ENOMEM : ENOENT;
    int result = copy ? make_each(copy, (mode_t)mode) : -1;
    if (result == 0 && !is_folder(path)) {
        errno = ENOTDIR;
        result = -1;
    }
    if (result)
        say_errno(error, "make the folder", path);
    free(copy);
    return result ? -1 : 0;
}
