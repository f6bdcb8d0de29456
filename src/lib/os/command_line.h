/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * command_line: the arguments of a program as the one text that Windows passes to it. Only files of Windows include it.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_OS_COMMAND_LINE_H
#define MUNNEL_LIB_OS_COMMAND_LINE_H

/* Of `argv`, which ends with NULL; quoted, so that the program finds the same arguments (CommandLineToArgvW). The first
 * one must have no quote, as no path has. malloc'ed; NULL without memory. */
char *command_line_of(const char *const *argv);

#endif
