/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_names: the names and addresses by which others may reach this machine.
 * Runs on: start or a tool; may wait for the resolver. Owns: nothing.
 */
#ifndef MUNNEL_CONF_LOCAL_NAMES_H
#define MUNNEL_CONF_LOCAL_NAMES_H

#include "conf/conf_list.h"

/*
 * Adds the host's name, its full name if it has one, localhost and the loopback addresses, and the addresses of all
 * interfaces that are up (link-local ones left out, they mean nothing elsewhere). 0, or -1 when out of memory.
 */
int local_names_add(struct conf_list *names);

#endif
