/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mux_totals: what all muxes of a relay thread count, since it began; and what one of them has now.
 * Runs on: their thread changes the totals, any reads them. Owns: nothing.
 */
#ifndef MUNNEL_RELAY_MUX_MUX_TOTALS_H
#define MUNNEL_RELAY_MUX_MUX_TOTALS_H

#include "lib/base/counter.h"

struct mux_totals {
    counter suspensions; /* of streams whose carrier was lost, */
    counter resumptions; /* of those: they went on by another one, */
    counter given_up;    /* or were reset, since none came in time. The others have ended otherwise */
    counter acks;        /* that were sent */
};

struct mux_counts {                                           /* by mux_count, on its thread */
    uint64_t streams, suspended, carriers, outcomes, waiting; /* waiting: bytes that readers have not consumed */
};

#endif
