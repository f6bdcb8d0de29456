/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_sums: how many relays each agent has, and what they carry, added up view by view; a part of relay_view.h.
 *
 * Runs on: one thread at a time. Owns: its items.
 */
#ifndef MUNNEL_RELAY_RELAY_SUMS_H
#define MUNNEL_RELAY_RELAY_SUMS_H

#include "relay/relay_view.h"

struct relay_sums { /* all zero at first */
    struct relay_sum *items;
    size_t count;
    uint32_t *slots; /* by the agent's hash: an index of items, from 1 on; 0: free */
    size_t slot_count;
};

/* False: out of memory, and it is not counted. */
bool relay_sums_add(struct relay_sums *sums, const struct relay_view *view);
bool relay_sums_add_all(struct relay_sums *sums, const struct relay_sums *others); /* false: some are missing */
void relay_sums_done(struct relay_sums *sums);

#endif
