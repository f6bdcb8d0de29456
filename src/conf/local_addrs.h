/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_addrs: the names and addresses by which others may reach this machine.
 * Runs on: start or a tool; may wait for the resolver. Owns: nothing.
 */
#ifndef MUNNEL_CONF_LOCAL_ADDRS_H
#define MUNNEL_CONF_LOCAL_ADDRS_H

#include "lib/base/strlist.h"

/*
 * Adds the host's name, its full name if it has one, localhost and the loopback addresses, and the addresses of all
 * interfaces that are up (link-local ones left out, they mean nothing elsewhere). 0, or -1 when out of memory.
 */
int local_addrs_add(struct strlist *names);

#endif
