/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_addrs_priv: what local_addrs.c leaves to the file of each system (local_addrs_posix.c, local_addrs_windows.c).
 */
#ifndef MUNNEL_CONF_LOCAL_ADDRS_PRIV_H
#define MUNNEL_CONF_LOCAL_ADDRS_PRIV_H

#include "conf/local_addrs.h"
#include "lib/net/socket_types.h"

/* Calls `add` for each address of interfaces that are up, until it does not return 0; returns what it did. 0 also where
 * they cannot be listed. */
int local_addrs_each(int (*add)(struct strlist *names, const struct sockaddr *address), struct strlist *names);

#endif
