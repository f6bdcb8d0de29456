/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * interrupt: a tool that has something to undo when it is ended by Ctrl-C, SIGTERM, SIGHUP, or a closed console.
 * Runs on: the tool's only thread. Owns: nothing. One .c per system behind it.
 */
#ifndef MUNNEL_LIB_OS_INTERRUPT_H
#define MUNNEL_LIB_OS_INTERRUPT_H

#include <stdbool.h>

void interrupt_hold(void);             /* from now on these do not end the process: interrupt_wait() tells of them */
bool interrupt_wait(unsigned most_ms); /* true: it is to end, at once; false: the time is over */

#endif
