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
 * Each test runs in a process of its own; CK_FORK=no runs all in one, for a debugger. CK_RUN_CASE=parsing runs one
 * group.
 */
#ifndef MUNNEL_TESTS_UNIT_H
#define MUNNEL_TESTS_UNIT_H

#include <check.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Both ends of a new TCP connection over the loopback, non-blocking. */
void unit_tcp_pair(int *here, int *there);

#endif
