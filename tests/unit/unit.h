/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * unit: what every unit test needs besides Check: a main, a folder for its files, a time limit for waiting.
 *
 * A test program is its tests, one function per group that returns a TCase, and UNIT_MAIN as its last line:
 *
 *     START_TEST(port_zero_is_refused) ... END_TEST
 *
 *     static TCase *parsing(void) ...
 *         TCase *group = tcase_create("parsing");
 *         tcase_add_test(group, port_zero_is_refused);
 *         return group;
 *
 *     UNIT_MAIN("lib/net/addr", parsing, formatting)
 *
 * Each test runs in a process of its own; CK_FORK=no runs all in one, for a debugger, and Windows always does: what a
 * test leaves in static variables and in the environment is there for the next. CK_RUN_CASE=parsing runs one group.
 */
#ifndef MUNNEL_TESTS_UNIT_H
#define MUNNEL_TESTS_UNIT_H

#include "lib/net/socket_types.h"

#include <check.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef TCase *(*unit_group)(void);

/* Runs the groups as one suite; returns what main returns. SIGPIPE is ignored, a test may take 20 s. */
int unit_main(const char *name, const unit_group *groups, size_t count);

#define UNIT_MAIN(name, ...)                                                                                           \
    int main(void) {                                                                                                   \
        static const unit_group groups[] = {__VA_ARGS__};                                                              \
        return unit_main((name), groups, sizeof groups / sizeof *groups);                                              \
    }

/* A group of `count` walks of a loop test, with a seed each; MUNNEL_TEST_SEED=n walks one alone, to look for a bug. */
TCase *unit_walks(const char *name, const TTest *test, int count);

/* The test's own empty folder (mode 0700), made at the first call, removed with all in it when the program ends. */
const char *unit_folder(void);

/* "FOLDER/name"; malloc'ed, freed when the test ends. */
const char *unit_path(const char *name);

/* Writes unit_path(name), mode 0600, and returns that path. */
const char *unit_file(const char *name, const void *bytes, size_t length);
const char *unit_text_file(const char *name, const char *text);

/* All of a file, malloc'ed; a NUL stands behind it and is not counted by `length` (may be NULL). */
char *unit_read(const char *path, size_t *length);

void unit_make_folder(const char *path); /* for its owner alone */

/* A symbolic link, a pipe with a name. false: this system has none, or not for this user. */
bool unit_make_link(const char *target, const char *path);
bool unit_make_fifo(const char *path);
/* A name that leads to a pipe with this text, as a shell makes it of <(COMMAND); NULL: this system has none. */
const char *unit_make_pipe(const char *text);

/* Who may use a file or a folder. */
void unit_keep_to_owner(const char *path);
void unit_let_others_read(const char *path); /* as no secret may be */
void unit_let_others_write(const char *path);
/* Whether it has the mode of POSIX; on Windows: that others may not use it unless the mode lets them read. */
bool unit_has_mode(const char *path, unsigned mode);

/* What is printed into a stream, a file in the test's folder, as a text; malloc'ed. unit_stream_end closes it. */
FILE *unit_stream_begin(void);
char *unit_stream_end(FILE *stream);

/* What is printed is UTF-8 from now on, or ASCII alone. false: it cannot be had. */
bool unit_use_utf8(bool use);

/* How many descriptors this process may have from now on. false: this system has no such limit. */
bool unit_limit_descriptors(unsigned limit);

void unit_set_environment(const char *name, const char *value); /* NULL, on Windows "" too: the variable is gone */

typedef bool (*unit_condition)(void *context);

/* Runs the loop until the condition holds or the time is over (longer under a sanitizer); returns whether it holds. */
bool unit_run_until(struct event_base *base, unit_condition condition, void *context, unsigned limit_ms);

/* The same without a loop, for what other threads do. */
bool unit_wait_until(unit_condition condition, void *context, unsigned limit_ms);

/* Runs the loop for what is due now and is done when nothing is; for what must *not* happen, run it `rounds` times. */
void unit_run_rounds(struct event_base *base, unsigned rounds);

/* A number below `of` that follows from the seed alone. */
static inline unsigned unit_any(uint32_t *seed, unsigned of) {
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % of;
}

/* Both ends of a new TCP connection over the loopback, non-blocking; the caller's. */
void unit_tcp_pair(evutil_socket_t *here, evutil_socket_t *there);
/* A socket that listens at a free port of the loopback, non-blocking; the caller's. */
evutil_socket_t unit_listen(uint16_t *port);
/* A descriptor that a loop can wait for, and that is never ready; both are the caller's. *besides: to be closed after
 * it, -1: nothing. */
evutil_socket_t unit_silent(evutil_socket_t *besides);
/* A Unix socket for datagrams, non-blocking, as a service manager and a journal have; -1: the system has none. */
evutil_socket_t unit_datagram_socket(const char *path);
/* As send(2) and recv(2), with errno also on Windows. */
ptrdiff_t unit_send(evutil_socket_t fd, const void *bytes, size_t size);
ptrdiff_t unit_receive(evutil_socket_t fd, void *bytes, size_t size);

/* A pipe, ends[0] for reading; the caller's. */
void unit_pipe(int ends[2]);
/* What is in a pipe now, as much as fits; 0: nothing, or its end. */
size_t unit_pipe_take(int end, void *bytes, size_t size);

void unit_nap(unsigned us);

/* A loop test whose steps end the process by a failed assertion; where a test has no process of its own there is none.
 */
void unit_add_abort_test(TCase *group, const TTest *test, int count);

#endif
