/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * unit_posix: see unit.h and unit_system.h.
 */
#include "config.h"

#include "unit.h"
#include "unit_system.h"

#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void unit_system_begin(void) {
    signal(SIGPIPE, SIG_IGN);
}

const char *unit_system_temporary(char *path, size_t size) {
    const char *given = getenv("TMPDIR");
    snprintf(path, size, "%s", given && *given ? given : "/tmp");
    return path;
}

bool unit_system_make_folder(char *path, size_t size, const char *parent, const char *prefix) {
    snprintf(path, size, "%s/%sXXXXXX", parent, prefix);
    return mkdtemp(path);
}

void unit_make_folder(const char *path) {
    ck_assert_int_eq(mkdir(path, 0700), 0);
}

bool unit_make_link(const char *target, const char *path) {
    ck_assert_int_eq(symlink(target, path), 0);
    return true;
}

bool unit_make_fifo(const char *path) {
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    return true;
}

const char *unit_make_pipe(const char *text) {
    static char path[32];
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    return path;
}

static void set_mode(const char *path, mode_t mode, mode_t folder_mode) {
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(chmod(path, S_ISDIR(status.st_mode) ? folder_mode : mode), 0);
}

void unit_keep_to_owner(const char *path) {
    set_mode(path, 0600, 0700);
}

void unit_let_others_read(const char *path) {
    set_mode(path, 0644, 0755);
}

void unit_let_others_write(const char *path) {
    set_mode(path, 0666, 0777);
}

bool unit_has_mode(const char *path, unsigned mode) {
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    return (status.st_mode & 07777) == mode;
}

bool unit_system_set_environment(const char *name, const char *value) {
    return (value ? setenv(name, value, 1) : unsetenv(name)) == 0;
}

bool unit_use_utf8(bool use) {
    return setlocale(LC_CTYPE, use ? "C.UTF-8" : "C");
}

bool unit_limit_descriptors(unsigned limit) {
    struct rlimit limits;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limits), 0);
    limits.rlim_cur = limit;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limits), 0);
    return true;
}

/* The reading end of a pipe into which nothing is written. */
evutil_socket_t unit_silent(evutil_socket_t *besides) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    *besides = ends[1];
    return ends[0];
}

evutil_socket_t unit_datagram_socket(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    ck_assert_uint_lt(strlen(path), sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(evutil_make_socket_nonblocking(fd), 0);
    return fd;
}

ptrdiff_t unit_send(evutil_socket_t fd, const void *bytes, size_t size) {
    return send(fd, bytes, size, MSG_NOSIGNAL);
}

ptrdiff_t unit_receive(evutil_socket_t fd, void *bytes, size_t size) {
    return recv(fd, bytes, size, 0);
}

void unit_pipe(int ends[2]) {
    ck_assert_int_eq(pipe(ends), 0);
}

size_t unit_pipe_take(int end, void *bytes, size_t size) {
    struct pollfd ready = {.fd = end, .events = POLLIN};
    if (poll(&ready, 1, 0) != 1)
        return 0;
    ssize_t count = read(end, bytes, size);
    return count > 0 ? (size_t)count : 0;
}

void unit_add_abort_test(TCase *group, const TTest *test, int count) {
    const char *forks = getenv("CK_FORK");
    if (!forks || strcmp(forks, "no") != 0)
        tcase_add_loop_test_raise_signal(group, test, SIGABRT, 0, count);
}
