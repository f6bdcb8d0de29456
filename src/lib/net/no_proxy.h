/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * no_proxy: the list of hosts that are reached without a proxy, as the environment's no_proxy has it and curl reads it.
 *
 * Entries are separated by commas or spaces. "*": every host. A name means itself and all names that end with it behind
 * a dot; a dot in front or at the end changes nothing. An address means itself, "10.0.0.0/8" a network. Names are not
 * resolved: an address matches only a host that was written as an address.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_NET_NO_PROXY_H
#define MUNNEL_LIB_NET_NO_PROXY_H

#include "lib/net/addr.h"

bool no_proxy_has(const char *list, const struct endpoint *server);

#endif
