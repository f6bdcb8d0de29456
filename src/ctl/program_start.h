/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * program_start: finds the other programs of Munnel, and goes on as one of them. One .c per system behind it.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_PROGRAM_START_H
#define MUNNEL_CTL_PROGRAM_START_H

/* The program in munnel's own folder, so that a build folder and an odd prefix work; malloc'ed. NULL: it is not there.
 */
char *program_beside(const char *self, const char *program);

/* Becomes it; on Windows, where no process can, runs it to its end. By POSIX it is looked for in PATH, too. Returns its
 * exit code, or SUBCOMMAND_FAILED after an error, which it prints. */
int program_become(const char *self, const char *program, char **argv);

#endif
