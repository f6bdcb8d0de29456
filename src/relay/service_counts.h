/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_counts: what is counted of the clients of a service; a part of plane.h.
 *
 * Each thread has a part of its own, which it alone changes (counter.h); the parts are added up when they are asked
 * for. It is counted, and outlives the service's terms: a service that was changed goes on counting in the same one, so
 * that no number of it ever falls. Runs on: service_counts_part's owner changes it, any thread reads it; hold and
 * release on any. Owns: its parts.
 */
#ifndef MUNNEL_RELAY_SERVICE_COUNTS_H
#define MUNNEL_RELAY_SERVICE_COUNTS_H

#include "lib/base/histogram.h"
#include "relay/bandwidth.h"
#include "relay/mux/datagram_counts.h"
#include "relay/reason.h"

#include <stddef.h>

struct relay_bytes { /* of all relays of a service, on one thread */
    counter in,
        out; /* read from the plain side, and brought for it: on a server up and down, on an agent down and up */
};

struct throttled { /* microseconds in which a limit of bandwidth held a direction of a relay back */
    counter us[BANDWIDTH_SCOPE_COUNT][BANDWIDTH_WAYS];
};

/*
 * A client is counted by the control thread once when it is accepted, and once by whichever thread ends it: so `ended`
 * of all reasons and parts is `accepted`, less the clients that there are. The times are of clients that got so far.
 */
struct service_part {
    struct relay_bytes bytes;
    struct throttled throttled;  /* server */
    counter accepted;            /* server: clients; agent: OPENs */
    counter opened;              /* relays whose destination was reached */
    counter ended[REASON_COUNT]; /* clients, by the reason of their end */
    struct histogram wait;       /* server, control thread: from accept until an agent got it, or its end before */
    struct histogram dial;       /* server: from then, agent: from OPEN until the destination was reached */
    struct histogram first_byte; /* server: from accept until the destination's first byte was there */
    struct histogram duration;   /* from accept (agent: OPEN) to the end, of those that were opened */
    struct datagram_counts datagrams;
};

struct service_counts;

/* One reference; NULL: out of memory. threads: the relay threads of the plane. */
struct service_counts *service_counts_new(unsigned threads);
struct service_counts *service_counts_hold(struct service_counts *counts);
void service_counts_release(struct service_counts *counts); /* NULL is fine */

/* The part of the relay thread with this number; the control thread's is number `threads`. */
struct service_part *service_counts_part(struct service_counts *counts, unsigned thread);

struct service_sum { /* of all parts */
    uint64_t in, out, accepted, opened, ended, ended_by[REASON_COUNT];
    uint64_t throttled_us[BANDWIDTH_SCOPE_COUNT][BANDWIDTH_WAYS];
    uint64_t datagrams[DATAGRAM_WAYS], dropped[DATAGRAM_WAYS][DATAGRAM_DROP_COUNT];
};
void service_counts_sum(const struct service_counts *counts, struct service_sum *sum);

enum service_time { SERVICE_WAIT, SERVICE_DIAL, SERVICE_FIRST_BYTE, SERVICE_DURATION, SERVICE_TIME_COUNT };
void service_counts_add_times(const struct service_counts *counts, enum service_time which, struct histogram_sum *sum);

#endif
