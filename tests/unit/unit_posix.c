/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * unit_posix: see unit.h and unit_system.h.
 */
#include "config.h"

#include "unit.h"
#include "unit_system.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

void unit_tcp_pair(evutil_socket_t *here, evutil_socket_t *there) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    *here = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(*here, (struct sockaddr *)&address, sizeof address), 0);
    *there = accept(listener, NULL, NULL);
    ck_assert_int_ge(*there, 0);
    ck_assert_int_eq(fcntl(*here, F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(fcntl(*there, F_SETFL, O_NONBLOCK), 0);
    close(listener);
}
