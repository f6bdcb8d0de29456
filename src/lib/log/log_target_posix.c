/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* log_target_posix: see log_target.h. log_target_windows.c is its counterpart. */
#include "config.h"

#include "lib/log/log_socket.h"

#include "lib/base/error.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef _PATH_LOG
#define _PATH_LOG "/dev/log"
#endif

static const struct reader {
    const char *word, *path;
    enum log_envelope envelope;
} readers[] = {
    {"syslog", _PATH_LOG, LOG_ENVELOPE_SYSLOG},
    {"journal", "/run/systemd/journal/socket", LOG_ENVELOPE_JOURNAL},
};

/* "WORD" or "WORD:PATH". NULL: `to` is something else. */
static const struct reader *find_reader(const char *to, const char **path) {
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        size_t length = strlen(readers[i].word);
        if (strncmp(to, readers[i].word, length) != 0 || (to[length] && to[length] != ':'))
            continue;
        *path = to[length] ? to + length + 1 : readers[i].path;
        return &readers[i];
    }
    return NULL;
}

static bool is_stream(const char *to) {
    return strcmp(to, "stderr") == 0 || strcmp(to, "stdout") == 0;
}

bool log_target_is_file(const char *to) {
    const char *path;
    return !is_stream(to) && !find_reader(to, &path);
}

static bool may_write(const char *path) {
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

static int check_file(const char *path, const struct stat *status, struct error *error) {
    if (S_ISDIR(status->st_mode))
        return error_set(error, "\"%s\" is a folder; name a file in it", path);
    if (!may_write(path))
        return error_set(error, "cannot write \"%s\": %s; give it to the user that writes it, or name another", path,
                         error_text(errno));
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
                           path, error_text(errno));
    free(folder);
    return result;
}

int log_check_target(const char *to, struct error *error) {
    struct stat status;
    const char *path;
    const struct reader *reader = find_reader(to, &path);

    if (reader)
        return log_socket_check(reader->envelope, path, error);
    if (is_stream(to))
        return 0;
    if (stat(to, &status) == 0)
        return check_file(to, &status, error);
    if (errno == ENOENT)
        return check_folder(to, error);
    return error_set(error, "cannot open \"%s\": %s; name another file", to, error_text(errno));
}

/* The variable may be inherited by a program whose output goes elsewhere meanwhile, so it names the stream. */
bool log_target_is_journal(int fd) {
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    uintmax_t device, inode;

    return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 && fstat(fd, &status) == 0 &&
           device == (uintmax_t)status.st_dev && inode == (uintmax_t)status.st_ino;
}

/* Fields and priorities go to the journal by its own protocol where it reads the stream; a service manager's sandbox,
 * or a container, may hide that socket, and the stream still does. */
static bool open_journal(struct posix_target *target) {
    const char *path;
    const struct reader *journal = find_reader("journal", &path);
    struct error unused;
    if (log_socket_open(target, journal->envelope, path, &unused) == 0)
        return true;
    if (target->fd >= 0)
        close(target->fd);
    return false;
}

static void open_stream(struct posix_target *target, enum log_format format, const char *to) {
    const char *terminal = getenv("TERM");
    int fd = strcmp(to, "stderr") == 0 ? STDERR_FILENO : STDOUT_FILENO;
    bool is_journal = log_target_is_journal(fd);
    if (is_journal && format == LOG_FORMAT_AUTO && open_journal(target))
        return;
    target->fd = fd;
    target->common.envelope = is_journal ? LOG_ENVELOPE_PRIORITY : LOG_ENVELOPE_NONE;
    target->common.has_colours = isatty(fd) && !getenv("NO_COLOR") && terminal && strcmp(terminal, "dumb") != 0;
}

static int open_file(const char *path) {
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, LOG_FILE_MODE);
}

static int set_file(struct posix_target *target, const char *to, struct error *error) {
    target->common.path = strdup(to);
    target->fd = target->common.path ? open_file(to) : -1;
    return target->fd >= 0 ? 0 : error_set(error, "cannot open the log %s: %s", to, error_text(errno));
}

struct log_target *log_target_open(enum log_format format, const char *to, struct error *error) {
    struct posix_target *target = calloc(1, sizeof *target);
    const char *path;
    const struct reader *reader = find_reader(to, &path);
    int result = 0;
    if (!target) {
        error_set(error, "out of memory for the log");
        return NULL;
    }
    target->fd = -1;
    if (reader)
        result = log_socket_open(target, reader->envelope, path, error);
    else if (is_stream(to))
        open_stream(target, format, to);
    else
        result = set_file(target, to, error);
    if (result == 0)
        return &target->common;
    log_target_free(&target->common);
    return NULL;
}

static struct posix_target *posix_of(struct log_target *target) {
    return (struct posix_target *)target;
}

void log_target_free(struct log_target *common) {
    struct posix_target *target = posix_of(common);
    if (!target)
        return;
    if (target->fd >= 0 && target->fd != STDERR_FILENO && target->fd != STDOUT_FILENO)
        close(target->fd);
    free(common->path);
    free(target);
}

/* ---- the log's thread ---- */

int log_target_reopen(struct log_target *common) {
    struct posix_target *target = posix_of(common);
    if (!common->path)
        return 0;
    int fd = open_file(common->path);
    if (fd < 0)
        return -1;
    close(target->fd);
    target->fd = fd;
    return 0;
}

/* Returns how much was written, or -1 if nothing can be at the moment. */
static ssize_t write_stream(int fd, const struct iovec *parts, int count) {
    for (;;) {
        ssize_t written = writev(fd, parts, count);
        if (written >= 0)
            return written;
        if (errno == EAGAIN) { /* another process has made the shared descriptor non-blocking */
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            return poll(&ready, 1, LOG_BLOCKED_MS) == 1 && !(ready.revents & (POLLERR | POLLHUP)) ? 0 : -1;
        }
        if (errno != EINTR)
            return -1;
    }
}

ssize_t log_target_write(const struct log_target *common, const struct iovec *parts, int count, unsigned *lost) {
    const struct posix_target *target = (const struct posix_target *)common;
    *lost = 0;
    if (log_envelope_is_datagram(common->envelope))
        return log_socket_write(target, parts, count, lost);
    return write_stream(target->fd, parts, count);
}
