/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_posix: see file_priv.h, and file.h for what needs nothing of file.c.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/file_priv.h"
#include "lib/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns -1 with errno as it was. */
int file_fail(struct error *error, const char *verb, const char *path) {
    int failure = errno;
    error_set(error, "cannot %s %s: %s", verb, path, error_text(failure));
    errno = failure;
    return -1;
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

int file_open(const char *path, enum file_care care) {
    return open(path, O_RDONLY | O_CLOEXEC | (care == FILE_CARE_TRUSTED ? O_NONBLOCK : 0));
}

static bool is_changed_by_others(const struct stat *status) {
    return status->st_uid != 0 || (status->st_gid != 0 && status->st_mode & S_IWGRP);
}

/* By fstat(), not stat(): the path may be changed between the check and open(). */
int file_check(int fd, const char *path, enum file_care care, bool *is_foreign, struct error *error) {
    struct stat status;
    if (fstat(fd, &status))
        return file_fail(error, "read", path);
    *is_foreign = geteuid() == 0 && is_changed_by_others(&status);
    return (care == FILE_CARE_SECRET ? check_secret : check_trusted)(&status, path, error);
}

ssize_t file_get(int fd, void *bytes, size_t size) {
    ssize_t got;
    do {
        got = read(fd, bytes, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

void file_close(int fd) {
    close(fd);
}

static enum file_kind kind_of(const struct stat *status) {
    return S_ISREG(status->st_mode) ? FILE_REGULAR : S_ISDIR(status->st_mode) ? FILE_FOLDER : FILE_OTHER;
}

enum file_kind file_kind_of(int fd) {
    struct stat status;
    return fstat(fd, &status) ? FILE_OTHER : kind_of(&status);
}

enum file_kind file_kind(const char *path) {
    struct stat status;
    return lstat(path, &status) ? FILE_ABSENT : kind_of(&status);
}

/* ---- writing ---- */

ssize_t file_put(int fd, const void *bytes, size_t size) {
    ssize_t written;
    do {
        written = write(fd, bytes, size);
    } while (written < 0 && errno == EINTR);
    return written;
}

/* What root puts into the folder of a service is for that service, whose user could replace it anyway. */
static void give_to_folder(int fd, const char *path) {
    char *folder = geteuid() == 0 ? path_beside(path, ".") : NULL;
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

int file_create_staged(char *name, const char *path, unsigned mode) {
    (void)mode; /* mkstemp's is 0600, until the file is complete */
    int fd = mkstemp(name);
    if (fd < 0)
        return -1;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    keep_owner(fd, path);
    return fd;
}

int file_complete(int fd, unsigned mode) {
    int result = fchmod(fd, (mode_t)mode) || fsync(fd) ? -1 : 0;
    int failure = errno;
    if (close(fd) && result == 0)
        return -1;
    errno = failure;
    return result;
}

/* A rename survives a power cut only once its folder is on the disk. Not every file system can do it: best effort. */
void file_sync_folder(const char *path) {
    char *folder = path_beside(path, ".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(folder);
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

int file_rename(const char *from, const char *to, bool is_new) {
    return (is_new ? link_new : rename)(from, to);
}

int file_unlink(const char *path) {
    return unlink(path);
}

char *file_real_path(const char *path) {
    return realpath(path, NULL);
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

bool file_is_same(const char *path, const char *other) {
    struct stat a, b;
    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* ---- folders ---- */

bool file_is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int file_make_one_folder(const char *path, unsigned mode) {
    return mkdir(path, (mode_t)mode);
}

void file_folder_remedy(const char *path, const char *user, struct error *remedy) {
    size_t folder = path_folder_length(path);
    char number[24];
    snprintf(number, sizeof number, "%ld", (long)geteuid());
    while (folder > 1 && path[folder - 1] == '/')
        folder--;
    error_set(remedy, "install -d -o %s -m 0750 %.*s", user ? user : number, folder ? (int)folder : 1,
              folder ? path : ".");
}
