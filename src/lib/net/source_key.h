/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * source_key: what counts as one and the same peer for limits: an IPv4 address, or an IPv6 /64, for no host has less.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SERVICE_SOURCE_KEY_H
#define MUNNEL_SERVER_SERVICE_SOURCE_KEY_H

#include "lib/net/addr.h"

uint64_t source_key_of(const struct addr *peer); /* equal for peers of one source; never 0 */

/* The same without a chance of two sources that are equal: 16 bytes, IPv4 as mapped IPv6. False for unix. */
enum { SOURCE_BYTES = 16 };
bool source_bytes_of(const struct addr *peer, uint8_t bytes[SOURCE_BYTES]);

/* An IP address as people and peers write it. 0, or -1 with `error`: it is none, or one of a link, of which all hosts
 * are one source. */
int source_parse(struct addr *addr, const char *text, struct error *error);

/* The same for people: the host, or the network of IPv6 "2001:db8::"; returns `text`. */
char *source_name(const struct addr *peer, char *text, size_t size);

#endif
