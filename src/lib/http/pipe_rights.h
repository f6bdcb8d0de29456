/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pipe_rights: who may ask by a named pipe of Windows, who asks, and who answers. Only files of Windows include it.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_HTTP_PIPE_RIGHTS_H
#define MUNNEL_LIB_HTTP_PIPE_RIGHTS_H

#include "lib/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <winsock2.h>

#include <windows.h>

/* What a client needs. The generic right to write has one more in it, to offer the pipe itself: members of a group
 * could answer in the place of the server. */
enum { PIPE_CLIENT_RIGHTS = FILE_GENERIC_READ | FILE_WRITE_DATA };

/*
 * For CreateNamedPipeW: SYSTEM, Administrators, our own account, and that of `owner`: "USER", "USER:GROUP", ":GROUP"
 * (groups only), or NULL. The network's logons are denied. To be freed by LocalFree; NULL with error.
 */
PSECURITY_DESCRIPTOR pipe_rights_new(const char *owner, struct error *error);

/* Who has connected, once something has been read of it: "SYSTEM" or "user S-1-5-21-...". False: unknown. */
bool pipe_client_name(HANDLE pipe, char *name, size_t size);
/* Is the program that offers it the system's, an administrator's, a service, or of our own account? Any other could
 * have taken the name before it started. 0, or -1 with error. */
int pipe_check_server(HANDLE pipe, struct error *error);

#endif
