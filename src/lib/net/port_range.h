/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * port_range: addresses whose port is not one number: a range to listen on, "0.0.0.0:20000-20099", and a destination
 * relative to the port where the client came in, "host:+0".
 * Runs on: any thread. Owns: nothing. Does not resolve names.
 */
#ifndef MUNNEL_LIB_NET_PORT_RANGE_H
#define MUNNEL_LIB_NET_PORT_RANGE_H

#include "lib/net/addr.h"

struct port_range {
    struct endpoint endpoint; /* with the first port */
    uint16_t last;            /* the same as the first where it is one port; 0 for unix */
};

/* Takes "HOST:FIRST-LAST", or what endpoint_parse takes. 0, or -1 with `error` that names the mistake. */
int port_range_parse(struct port_range *range, const char *text, struct error *error);
unsigned port_range_count(const struct port_range *range); /* 1 for unix */
/* The same address with another port, or a range that has ports of this one: whatever their hosts are. */
bool port_range_shares_port(const struct port_range *a, const struct port_range *b);

/* Is it "HOST:+N" or "HOST:-N"? The rest of it may be wrong. */
bool relative_endpoint_is(const char *text);
/* Takes "HOST:+N" or "HOST:-N" to which N is added or taken from `port`, or what endpoint_parse takes. 0 or -1 with
 * `error`, also if the sum is no port. */
int relative_endpoint_parse(struct endpoint *endpoint, const char *text, uint16_t port, struct error *error);

#endif
