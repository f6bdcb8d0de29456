/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * process: a program that a test runs, with all that it prints, in memory and in a file.
 *
 * It gets SIGKILL when the test ends, however that ends. A failure here fails the test and quotes the output.
 * Runs on: a test's main thread (the kernel watches the thread that started the program); a thread of its own reads.
 * Owns: the child, its output. States: running -> over (exit status known) -> freed.
 */
#ifndef MUNNEL_SCENARIO_PROCESS_H
#define MUNNEL_SCENARIO_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process;

struct process_plan {
    const char *name;               /* for messages, and NAME.log holds the output */
    const char *logs;               /* the folder for that */
    const char *const *arguments;   /* the program (by path, or looked for in PATH) first, NULL last */
    const char *const *environment; /* "NAME=value" more than ours, NULL last; NULL: none more */
    const char *folder;             /* to run in; NULL: ours */
    const char *input;              /* what it reads from standard input; NULL: nothing */
    int stop_signal;                /* that asks it to end; 0: SIGTERM */
};

struct process *process_start(const struct process_plan *plan);
void process_free(struct process *process); /* SIGKILL if it still runs */
pid_t process_pid(const struct process *process);
const char *process_name(const struct process *process);
bool process_has_posix_signals(const struct process *process); /* its plan had no stop_signal of its own */

/* Sends a signal, for SIGTERM the one that asks this program to end; one that is over already fails the test. */
void process_signal(struct process *process, int signal_number);

/* Waits for its end: 0 to 255 its exit code, 128 + n killed by signal n. Later calls give the same. */
int process_wait(struct process *process, unsigned ms);
bool process_is_over(struct process *process);

/*
 * SIGTERM (or its stop_signal), and once more after a second; fails the test unless it is over in time, by itself,
 * without having crashed and without a sanitizer's complaint. Does nothing more if it was over already.
 */
void process_stop(struct process *process);
void process_begin_stop(struct process *process); /* only the first signal, so that several can end at once */

size_t process_mark(struct process *process); /* a place in the output: its end at this moment */

/*
 * Waits for one whole line behind `mark` with all the texts in it (NULL last). Returns a copy (free it). One that
 * does not come in time fails the test; in process_seek it returns NULL.
 */
char *process_expect(struct process *process, size_t mark, unsigned ms, ...) __attribute__((sentinel));
char *process_seek(struct process *process, size_t mark, unsigned ms, ...) __attribute__((sentinel));
unsigned process_count(struct process *process, size_t mark, ...) __attribute__((sentinel)); /* such lines so far */

/* Waits for the line and throws it away. */
#define process_await(...) free(process_expect(__VA_ARGS__))

char *process_output(struct process *process, size_t mark); /* all of it from there on; free it */

#endif
