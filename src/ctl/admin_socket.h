/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_socket: which sockets, or pipes of Windows, there are. One .c per system behind it.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_ADMIN_SOCKET_H
#define MUNNEL_CTL_ADMIN_SOCKET_H

#include "lib/base/error.h"
#include "lib/base/strlist.h"

#include <stdbool.h>

/* `root`: in front of a path; pipes have none. */
bool admin_socket_exists(const char *root, const char *path);
/* Adds those that the pattern matches, `most` of them at most. 0 or -1 with error. */
int admin_socket_list(const char *root, const char *pattern, size_t most, struct strlist *found, struct error *error);

#endif
