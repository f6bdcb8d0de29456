/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * flow: bytes both ways on a connection that stays open for as long as a test wants, in bursts or without a pause, so
 * that links can change and break under it.
 *
 * What the client has sent must be what the destination got, and the reverse, to the last byte and the FIN.
 * Runs on: any thread. Owns: nothing; descriptors belong to the caller.
 */
#ifndef MUNNEL_SCENARIO_FLOW_H
#define MUNNEL_SCENARIO_FLOW_H

#include "harness/destination.h"

#define FLOW_ENDLESS UINT64_MAX /* until it is stopped */

struct flow_plan {
    uint64_t tag;             /* its own among those of the destination */
    uint64_t up, down;        /* bytes to the destination, to the client; FIN follows */
    uint32_t burst, pause_ms; /* after so many bytes so long a pause; 0: none */
    uint32_t ms;              /* how long it may take */
};

/* To a destination whose handler is handle_flow. `stop` ends what is endless. NULL: both ends agree; else what is
 * wrong, a string that lives for ever. */
const char *flow_differs(int fd, struct destination *destination, const struct flow_plan *plan,
                         const atomic_bool *stop);
void handle_flow(struct connection *connection); /* its context is `stop` */

#endif
