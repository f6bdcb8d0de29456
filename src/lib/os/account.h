/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * account: users and groups of this machine, by name. A look-up may ask the network (LDAP) and wait for it.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_OS_ACCOUNT_H
#define MUNNEL_LIB_OS_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

/* False: there is none, or it cannot be looked up. *group: that of the user; may be NULL. */
bool account_find_user(const char *name, uid_t *user, gid_t *group);
bool account_find_group(const char *name, gid_t *group);

#endif
