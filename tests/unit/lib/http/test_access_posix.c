/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_access_posix: who may ask on the Unix socket.
 */
#include "config.h"

#include "http_fixture.h"

#include "lib/net/sock.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fixture fixture;

static void setup(void) {
    fixture_defaults(&fixture);
    fixture_start(&fixture);
}

static void teardown(void) {
    fixture_stop(&fixture);
}

/* In a process of another user, for which root is needed: does it get in? */
static int try_as(uid_t user, gid_t group) {
    pid_t child = fork();
    if (child == 0) {
        static const char request[] = "GET /v1/status HTTP/1.1\r\n" HOST "\r\n";
        bool done;
        if (setgid(group) || setuid(user))
            _exit(9);
        int fd = sock_connect(&fixture.unix_addr, NULL, &done);
        if (fd < 0)
            _exit(1);
        struct pollfd answer = {.fd = fd, .events = POLLIN};
        _exit(write(fd, request, sizeof request - 1) > 0 && poll(&answer, 1, 5000) == 1 ? 0 : 2);
    }
    return child;
}

struct waiting {
    pid_t child;
    int status;
};

static bool is_over(void *context) {
    struct waiting *waiting = context;
    return fixture.answered > 0 || waitpid(waiting->child, &waiting->status, WNOHANG) == waiting->child;
}

START_TEST(another_user_is_refused_on_the_unix_socket) {
    struct stat status;
    const char *path = unit_path("http.sock");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0660);
    if (geteuid() != 0)
        return;
    unit_let_others_write(path);
    char folder[600];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash; (slash = strrchr(folder, '/')) && slash > folder;) {
        *slash = '\0';
        if (strcmp(folder, "/tmp") == 0 || chmod(folder, 0755))
            break;
    }
    struct waiting waiting = {try_as(65534, 65534), 0};
    ck_assert(unit_run_until(fixture.base, is_over, &waiting, 5000));
    ck_assert_msg(fixture.last_status == 403, "%u, exit %x, %s", fixture.last_status, (unsigned)waiting.status, folder);
    ck_assert_uint_eq(http_server_counts(fixture.server).refused_peer, 1);
    fixture.answered = 0;
    waiting.child = try_as(65534, 0); /* the socket's group */
    ck_assert(unit_run_until(fixture.base, is_over, &waiting, 5000));
    ck_assert_uint_eq(fixture.last_status, 200);
    ck_assert_str_eq(fixture.last_actor, "user 65534");
}
END_TEST

static TCase *access_checks(void) {
    TCase *group = tcase_create("access");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, another_user_is_refused_on_the_unix_socket);
    return group;
}

UNIT_MAIN("lib/http/access_posix", access_checks)
