/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wine: Windows programs in a scenario: munneld.exe and the others, which wine runs beside the programs of this system.
 *
 * $MUNNEL_WINDOWS names those that are the Windows ones: "server", "agent", "tool", separated by commas, and
 * $MUNNEL_WINDOWS_BIN the folder that they are in. $WINEPREFIX is what contrib/windows/prefix has made, and $WINE the
 * program to use instead of wine. A test need not know of it: sandbox_program() finds the program, and sandbox_run()
 * starts it. The folder "/" is the drive Z: of all programs that wine runs.
 *
 * Runs on: a test's main thread. Owns: nothing; all texts belong to the sandbox.
 */
#ifndef MUNNEL_SCENARIO_WINE_H
#define MUNNEL_SCENARIO_WINE_H

#include "harness/sandbox.h"

/* From here on, within this test: in place of $MUNNEL_WINDOWS. */
void wine_choose(const char *programs);

bool wine_has(const char *name); /* whether munneld, munnel-agent or munnel is to be the Windows one */
const char *wine_program(struct sandbox *sandbox, const char *name); /* its path */
bool wine_runs(const char *path);                                    /* whether that is a program for Windows */

/* Prints a note and returns false where Windows programs cannot be run. */
bool wine_is_here(struct sandbox *sandbox);

/* Where that is not so: false, or a failed test if $MUNNEL_WINDOWS_BIN is set. For a test to begin with; `chosen` as in
 * wine_choose. */
bool wine_can_run(const char *name, const char *chosen);

/*
 * Begins a session of wine's once no program of another one runs any more, for up to `ms`: it lasts until wine_end(),
 * while other sessions end with their last program, and begin with the next. False: others still run. For what is
 * called around a test: wineserver must outlive it, since programs of wine's do not end with a wineserver that is
 * killed.
 */
bool wine_begin(struct sandbox *sandbox, unsigned ms);
void wine_end(struct sandbox *sandbox); /* ends all of its programs, too; nothing where wine_begin() was false */
bool wine_is_begun(void);               /* wine_begin() was true */

/* A path of drive C: as this system has it. */
const char *wine_drive(struct sandbox *sandbox, const char *path);

/* How a command of a shell begins that runs such a program at this terminal: variables, wine, and the program. */
const char *wine_command(struct sandbox *sandbox, const char *program);

/* A path of the sandbox as a Windows program must be given it where it has to be absolute. */
const char *wine_path(struct sandbox *sandbox, const char *path);

/*
 * Waits until nothing of a Windows program runs. One that is killed in a call that sends leaves its socket to
 * wineserver, which waits for the call's result and never closes it, so that the peer does not learn of the end.
 */
void wine_await_rest(const struct process *process, unsigned ms);

enum { WINE_ARGUMENTS_MAX = 48, WINE_VARIABLES_MAX = 16 };
struct wine_start {
    const char *arguments[WINE_ARGUMENTS_MAX], *environment[WINE_VARIABLES_MAX];
};
/* Changes the plan of a Windows program to that of a wine that runs it; `start` is used until the program runs. */
void wine_plan(struct sandbox *sandbox, struct process_plan *plan, struct wine_start *start);

#endif
