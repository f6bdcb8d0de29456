/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * program_requests: what Windows asks this process, by the console and by the service manager, on threads of its own.
 * Only files of Windows include it.
 * Runs on: any thread. Owns: nothing; a console's handler has no context, so this is the process's.
 */
#ifndef MUNNEL_LIB_OS_PROGRAM_REQUESTS_H
#define MUNNEL_LIB_OS_PROGRAM_REQUESTS_H

#include <stdbool.h>

enum program_request { PROGRAM_STOP, PROGRAM_RELOAD, PROGRAM_REOPEN_LOG };
enum { PROGRAM_REQUESTS = PROGRAM_REOPEN_LOG + 1 };

/* It stays until it is taken. False: nothing receives requests at the moment. */
bool program_request(enum program_request request);

/* `on_request` runs on the asking thread, with a lock held: it wakes a loop and does no more. It also runs here, for
 * what was asked before. NULL: none from now on; then no thread is in it any more. */
void program_requests_receive(void (*on_request)(void *context), void *context);

bool program_requests_take(enum program_request request); /* true: it was asked, once or more often */

#endif
