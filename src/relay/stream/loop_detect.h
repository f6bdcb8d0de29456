/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * loop_detect: an agent's own connections to destinations, by their local port, so that it knows them when one comes
 * back as a client: a service whose destination is, at last, a service of the same server is a loop without end.
 *
 * OPEN has the client's address and the port that it has come to. If the table has a connection from just
 * there to such a port, the client is that connection, and has come one hop further than it. A few hops may be meant;
 * as many as LOOP_DETECT_HOPS are a loop.
 *
 * What is not seen: hops whose addresses change on the way (NAT, a proxy), Unix sockets, other agents' connections. A
 * hop counts as the first when two connections share a local port, since the later one has the entry, and when it is
 * back on another thread before its connect() has returned; a loop then ends some hops later.
 *
 * Runs on: all relay threads at once, without locks: an entry is one number. Owns: its entries.
 */
#ifndef MUNNEL_RELAY_STREAM_LOOP_DETECT_H
#define MUNNEL_RELAY_STREAM_LOOP_DETECT_H

#include "proto/open.h"

enum { LOOP_DETECT_HOPS = 4 };

struct loop_detect;

struct loop_detect_entry { /* one connection's part in it; all zero: none */
    uint64_t mark;         /* what its entry holds: a keyed hash of where it leads from and to, and its hops */
    uint16_t port;
};

struct loop_detect *
loop_detect_new(void); /* half a megabyte, of which unused pages cost nothing; NULL: out of memory */
void loop_detect_free(struct loop_detect *table); /* NULL is fine */

/* A connection from `here` to the port `to` is up, made for a client that had come `hops` hops. TCP only. */
void loop_detect_add(struct loop_detect *table, struct loop_detect_entry *dial, const struct addr *here, uint16_t to,
                     unsigned hops);
/* It is about to be closed; before that, or its port may be another's already. */
void loop_detect_remove(struct loop_detect *table, struct loop_detect_entry *dial);

/* The hops of a client that has come to `port`: 0 if it is not a connection of our own. */
unsigned loop_detect_hops(const struct loop_detect *table, const struct open_address *client, uint16_t port);

#endif
