/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * child: a program that this one starts on Windows, in a job that ends with it: neither it nor what it starts is left
 * behind. It inherits its three streams and no other handle. Only files of Windows include it.
 * Runs on: the tool's only thread. Owns: the process and the job.
 */
#ifndef MUNNEL_CTL_CHILD_H
#define MUNNEL_CTL_CHILD_H

#include "lib/base/error.h"

#include <winsock2.h>

#include <windows.h>

struct child {
    HANDLE process, job;
};

struct child_streams {
    HANDLE input, output, error; /* NULL or invalid: none */
};

/* The path of a program by its name without ".exe", in our own folder or in the system's: never in the current one,
 * where another user could have put one. malloc'ed; NULL: it is not there. */
enum child_place { CHILD_BESIDE, CHILD_OF_SYSTEM };
char *child_find(const char *name, enum child_place place);

/* argv ends with NULL. 0 or -1 with error. */
int child_start(struct child *child, const char *path, char *const *argv, const struct child_streams *streams,
                struct error *error);
int child_wait(const struct child *child, DWORD ms); /* its exit code; -1: it runs on */
void child_done(struct child *child);                /* ends it, if it still runs */

#endif
