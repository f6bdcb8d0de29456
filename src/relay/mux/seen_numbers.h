/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * seen_numbers: which numbers an agent has seen of those that its server gave in turn.
 *
 * All up to the highest but some ranges: OPENs that were lost with their carrier, or come later by another one. The
 * server asks for each of them in the end, or reports that it is over, so they become few again.
 * Runs on: any thread, one at a time. Owns: its list.
 */
#ifndef MUNNEL_RELAY_MUX_SEEN_NUMBERS_H
#define MUNNEL_RELAY_MUX_SEEN_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEEN_NUMBERS_GAPS = 1 << 14, SEEN_NUMBERS_AHEAD = 1 << 20 }; /* at most; and how far a number may be ahead */

struct seen_numbers { /* all zero at first: none was seen */
    uint32_t highest;
    size_t gap_count, gap_room;
    struct seen_gap {
        uint32_t from, to; /* both unseen, and all between */
    } * gaps;              /* ascending */
};

/* Makes room for the first gaps, so that none is refused because memory is out for a while. False: it is out now. */
bool seen_numbers_reserve(struct seen_numbers *seen);
void seen_numbers_clear(struct seen_numbers *seen);

bool seen_numbers_has(const struct seen_numbers *seen, uint32_t number);
/* False: more gaps than an honest server leaves, a number far ahead, or no memory; nothing was noted. */
bool seen_numbers_note(struct seen_numbers *seen, uint32_t number);

#endif
