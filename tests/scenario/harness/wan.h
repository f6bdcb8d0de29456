/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wan: a wide-area link between two namespaces of a test: packets take their time, and connections on it can be broken
 * in the ways in which networks break them.
 *
 * Runs on: a test's main thread, and a thread of its own that carries the packets. Owns: its TUN devices, "wan0" in
 * both namespaces, until wan_free.
 */
#ifndef MUNNEL_SCENARIO_WAN_H
#define MUNNEL_SCENARIO_WAN_H

#include <stdbool.h>

struct wan;

struct wan_end {
    int netns;
    const char *address; /* IPv4, of a /24 */
};

enum { WAN_TO_SECOND = 1, WAN_TO_FIRST = 2, WAN_BOTH_WAYS = 3 }; /* sets of directions */

/* Each packet is held for `delay_ms` in either direction. NULL: there are no TUN devices here. Leaves the thread in the
 * namespace of the second end. */
struct wan *wan_new(struct wan_end first, struct wan_end second, unsigned delay_ms);
void wan_free(struct wan *wan); /* NULL is fine */

void wan_drop(struct wan *wan, int ways); /* from now on every packet of these directions; 0: none */

/* What becomes of the TCP connections that there are now; later ones are not concerned. */
void wan_drop_connections(struct wan *wan, int ways); /* their packets are lost, as behind a NAT that forgot them */
void wan_reset_connections(struct wan *wan);          /* a RST to either end of each */
void wan_reset_one_connection(
    struct wan *wan); /* to both ends of the one that carried a packet last, of those that are whole */

#endif
