/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * program_output: what a service of Windows prints, which is seen nowhere else, goes to the Event Log: each line of
 * standard error as an error, of standard output as information. Only files of Windows include it.
 * Runs on: the thread that runs the program; it reads on threads of its own. Owns: those, and the pipes.
 */
#ifndef MUNNEL_LIB_OS_PROGRAM_OUTPUT_H
#define MUNNEL_LIB_OS_PROGRAM_OUTPUT_H

struct program_output;

struct program_output *
program_output_to_event_log(const char *source); /* NULL: it cannot, and what is printed is lost */
/* The last lines are written; both streams lead to nothing afterwards. NULL is fine. */
void program_output_end(struct program_output *output);

#endif
