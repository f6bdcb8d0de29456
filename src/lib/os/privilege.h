/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * privilege: gives up, for good, the rights that only the start needed.
 * Runs on: start only; holds for the whole process. Owns: nothing. Who one is, is POSIX (privilege_posix.c); what a
 * process may renounce besides differs by system.
 */
#ifndef MUNNEL_LIB_OS_PRIVILEGE_H
#define MUNNEL_LIB_OS_PRIVILEGE_H

#include "lib/base/error.h"

/*
 * First thing in main, since the threads that come inherit it: nothing that this process ever ran could gain rights,
 * and its memory, with the secrets in it, can be neither dumped nor read by other processes of its user. (Builds with
 * a sanitizer stay readable: LeakSanitizer reads them.) What the system does not offer is left out.
 */
void privilege_seal(void);

/*
 * Becomes this user and group (NULL: the user's own), with no other groups and no way back. Nothing to do without a
 * user. When the service manager has done it already, as nothing but root could, it is not tried again: that might be
 * forbidden. 0 or -1.
 */
int privilege_drop(const char *user, const char *group, struct error *error);

/* Are there this user and this group (NULL: none is meant)? 0 or -1. */
int privilege_check(const char *user, const char *group, struct error *error);

/* For root, and a user that it is to become: a plain file of root's own becomes that user's. Anything else, links too,
 * stays as it is. 0 or -1. */
int privilege_give(const char *path, const char *user, const char *group, struct error *error);

#endif
