/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * loopback_source: an address out of 127.64.0.0/10 for each client, from which to connect to a destination on this
 * machine that has no other way to tell its clients apart.
 *
 * The same client (source_key.h) always has the same one on a machine. Two of a thousand clients share one with a
 * chance of an eighth. A client cannot choose its own: a number of the machine's is mixed in. Runs on: any thread.
 * Owns: nothing.
 */
#ifndef MUNNEL_LIB_NET_LOOPBACK_SOURCE_H
#define MUNNEL_LIB_NET_LOOPBACK_SOURCE_H

#include "lib/net/addr.h"

uint64_t loopback_source_key(void); /* of this machine; where that has no /etc/machine-id, of this moment */
struct addr loopback_source_of(const struct addr *client, uint64_t key); /* with port 0 */
bool loopback_source_is(const struct addr *addr);                        /* is it one of these? */

#endif
