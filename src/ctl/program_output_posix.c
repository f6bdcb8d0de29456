/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * program_output_posix: see program_output.h. program_output_windows.c is its counterpart.
 */
#include "config.h"

#include "ctl/program_output.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, PAUSE_MS = 10, PATH_TEXT = 4096, NOT_STARTED = 127 };
extern char **environ;

/* ---- the child ---- */

/* In a session of its own, without the terminal: another process of that user could steer the program (ptrace) and put
 * what it likes among what root types there (TIOCSTI). */
static bool become(const struct program_user *user) {
    return setsid() >= 0 && setgroups(0, NULL) == 0 && setgid(user->group) == 0 && setuid(user->user) == 0;
}

/* Never returns. Why it could not be started goes to `report`, which a started program does not have. */
static void run_child(char *const *argv, const struct program_user *user, int output, int report) {
    const char *path = getenv("PATH");
    char kept[PATH_TEXT], *environment[] = {path ? kept : NULL, NULL};
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool is_ready = nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
                    dup2(output, STDERR_FILENO) >= 0;

    snprintf(kept, sizeof kept, "PATH=%s", path ? path : "");
    if (user)
        environ = environment;
    if (is_ready && (!user || become(user)))
        execvp(argv[0], argv);
    (void)!write(report, &errno, sizeof errno);
    _exit(NOT_STARTED);
}

/* Two descriptors that programs do not get. */
static int make_pipe(int ends[2], struct error *error) {
    if (pipe(ends) != 0)
        return error_set(error, "cannot make a pipe: %s", error_text(errno));
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
}

/* 0 and the child's number, or -1 with error. */
static int start(char *const *argv, const struct program_user *user, int output, pid_t *child, struct error *error) {
    int report[2], cause = 0;

    if (make_pipe(report, error) != 0)
        return -1;
    *child = fork();
    if (*child == 0)
        run_child(argv, user, output, report[1]);
    cause = *child < 0 ? errno : 0;
    close(report[1]);
    if (*child > 0 && read(report[0], &cause, sizeof cause) == sizeof cause)
        (void)waitpid(*child, NULL, 0);
    close(report[0]);
    return cause ? error_set(error, "cannot start %s: %s", argv[0], error_text(cause)) : 0;
}

/* ---- what it prints ---- */

/* False: the deadline has passed. Otherwise it can be read, perhaps its end. */
static bool wait_readable(int fd, uint64_t deadline_ms) {
    for (;;) {
        struct pollfd descriptor = {.fd = fd, .events = POLLIN};
        uint64_t now_ms = clock_ms();
        int count = poll(&descriptor, 1, deadline_ms > now_ms ? (int)(deadline_ms - now_ms) : 0);
        if (count >= 0 || errno != EINTR)
            return count > 0;
    }
}

/* Until the end, or `most`; what is beyond is read and thrown away. malloc'ed; NULL with error. */
static char *read_all(int fd, uint64_t deadline_ms, size_t *length, struct error *error) {
    size_t room = 0;
    char *bytes = NULL, rest[1024] = "";

    for (*length = 0;;) {
        if (room - *length < PIECE && room < PROGRAM_OUTPUT_MOST) {
            char *more = realloc(bytes, room + 2 * PIECE);
            if (!more)
                break;
            bytes = more;
            room += 2 * PIECE;
        }
        if (!wait_readable(fd, deadline_ms)) {
            free(bytes);
            error_set(error, "it has not ended in time");
            return NULL;
        }
        bool is_full = room - *length <= 1;
        ssize_t count = read(fd, is_full ? rest : bytes + *length, is_full ? sizeof rest : room - *length - 1);
        if (count <= 0) {
            bytes[*length] = '\0';
            return bytes;
        }
        *length += is_full ? 0 : (size_t)count;
    }
    free(bytes);
    error_set(error, "out of memory");
    return NULL;
}

/* It may have closed its output and run on. */
static int wait_end(pid_t child, uint64_t deadline_ms) {
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    int status = 0;
    pid_t ended;

    while ((ended = waitpid(child, &status, WNOHANG)) == 0 && clock_ms() < deadline_ms)
        nanosleep(&pause, NULL);
    if (ended == 0) {
        kill(child, SIGKILL);
        ended = waitpid(child, &status, 0);
    }
    return ended == child && WIFEXITED(status) ? WEXITSTATUS(status)
                                               : 128 + (WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

char *program_output(char *const *argv, const struct program_user *user, unsigned timeout_ms, size_t *length, int *code,
                     struct error *error) {
    uint64_t deadline_ms = clock_ms() + timeout_ms;
    int ends[2];
    pid_t child;

    if (make_pipe(ends, error) != 0)
        return NULL;
    int started = start(argv, user, ends[1], &child, error);
    close(ends[1]);
    char *bytes = started == 0 ? read_all(ends[0], deadline_ms, length, error) : NULL;
    close(ends[0]);
    if (started == 0) {
        if (!bytes)
            kill(child, SIGKILL);
        *code = wait_end(child, deadline_ms);
    }
    return bytes;
}
