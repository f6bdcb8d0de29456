/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_target: where a log goes: whether it could be opened there, and whether systemd's journal reads it.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/log/log_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool may_write(const char *path) {
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

static int check_file(const char *path, const struct stat *status, struct error *error) {
    if (S_ISDIR(status->st_mode))
        return error_set(error, "\"%s\" is a folder; name a file in it", path);
    if (!may_write(path))
        return error_set(error, "cannot write \"%s\": %s; give it to the user that writes it, or name another", path,
                         strerror(errno));
    return 0;
}

static int check_folder(const char *path, struct error *error) {
    struct stat status;
    char *folder = file_beside(path, ".");
    int result = 0;

    if (!folder)
        return error_set(error, "out of memory");
    if (stat(folder, &status))
        result = error_set(error, "there is no folder for \"%s\"; make it first", path);
    else if (!may_write(folder))
        result = error_set(error,
                           "cannot make \"%s\": its folder: %s; make the file for the user that writes it, or name "
                           "another",
                           path, strerror(errno));
    free(folder);
    return result;
}

int log_check_target(const char *to, struct error *error) {
    struct stat status;

    if (strcmp(to, "stderr") == 0 || strcmp(to, "stdout") == 0)
        return 0;
    if (stat(to, &status) == 0)
        return check_file(to, &status, error);
    if (errno == ENOENT)
        return check_folder(to, error);
    return error_set(error, "cannot open \"%s\": %s; name another file", to, strerror(errno));
}

/* The variable may be inherited by a program whose output goes elsewhere meanwhile, so it names the stream. */
bool log_target_is_journal(int fd) {
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    uintmax_t device, inode;

    return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 && fstat(fd, &status) == 0 &&
           device == (uintmax_t)status.st_dev && inode == (uintmax_t)status.st_ino;
}

static void open_stream(struct log_target *target, const char *to) {
    const char *terminal = getenv("TERM");
    target->fd = strcmp(to, "stderr") == 0 ? STDERR_FILENO : STDOUT_FILENO;
    target->is_journal = log_target_is_journal(target->fd);
    target->has_colours = isatty(target->fd) && !getenv("NO_COLOR") && terminal && strcmp(terminal, "dumb") != 0;
}

static int open_file(struct log_target *target, const char *to, struct error *error) {
    target->path = strdup(to);
    target->fd = target->path ? open(to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, LOG_FILE_MODE) : -1;
    return target->fd >= 0 ? 0 : error_set(error, "cannot open the log %s: %s", to, strerror(errno));
}

struct log_target *log_target_open(const char *to, struct error *error) {
    struct log_target *target = calloc(1, sizeof *target);
    if (!target) {
        error_set(error, "out of memory for the log");
        return NULL;
    }
    target->fd = -1;
    if (strcmp(to, "stderr") == 0 || strcmp(to, "stdout") == 0) {
        open_stream(target, to);
    } else if (open_file(target, to, error)) {
        log_target_free(target);
        return NULL;
    }
    return target;
}

void log_target_free(struct log_target *target) {
    if (!target)
        return;
    if (target->path && target->fd >= 0)
        close(target->fd);
    free(target->path);
    free(target);
}
