/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * seen_numbers: see seen_numbers.h.
 */
#include "config.h"

#include "relay/mux/seen_numbers.h"

#include <stdlib.h>
#include <string.h>

enum { GAPS_FIRST = 64 };

void seen_numbers_clear(struct seen_numbers *seen) {
    free(seen->gaps);
    *seen = (struct seen_numbers){0};
}

/* Makes room for one more; half of it is left when it grows, so that memory may be out for a while. */
static bool has_room(struct seen_numbers *seen) {
    if (seen->gap_count < seen->gap_room / 2)
        return true;
    size_t room = seen->gap_room ? 2 * seen->gap_room : GAPS_FIRST;
    struct seen_gap *gaps = room <= SEEN_NUMBERS_GAPS ? realloc(seen->gaps, room * sizeof *gaps) : NULL;
    if (!gaps)
        return seen->gap_count < seen->gap_room;
    seen->gaps = gaps;
    seen->gap_room = room;
    return true;
}

bool seen_numbers_reserve(struct seen_numbers *seen) {
    return has_room(seen);
}

/* The first gap that ends at `number` or behind. */
static size_t gap_at(const struct seen_numbers *seen, uint32_t number) {
    size_t low = 0, high = seen->gap_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (seen->gaps[middle].to < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool seen_numbers_has(const struct seen_numbers *seen, uint32_t number) {
    if (number > seen->highest)
        return false;
    size_t i = gap_at(seen, number);
    return i == seen->gap_count || number < seen->gaps[i].from;
}

static bool note_ahead(struct seen_numbers *seen, uint32_t number) {
    if (number - seen->highest > SEEN_NUMBERS_AHEAD)
        return false;
    if (number > seen->highest + 1) {
        if (!has_room(seen))
            return false;
        seen->gaps[seen->gap_count++] = (struct seen_gap){seen->highest + 1, number - 1};
    }
    seen->highest = number;
    return true;
}

static void remove_gap(struct seen_numbers *seen, size_t i) {
    seen->gap_count--;
    memmove(&seen->gaps[i], &seen->gaps[i + 1], (seen->gap_count - i) * sizeof *seen->gaps);
}

static bool split_gap(struct seen_numbers *seen, size_t i, uint32_t number) {
    if (!has_room(seen))
        return false;
    memmove(&seen->gaps[i + 1], &seen->gaps[i], (seen->gap_count - i) * sizeof *seen->gaps);
    seen->gap_count++;
    seen->gaps[i].to = number - 1;
    seen->gaps[i + 1].from = number + 1;
    return true;
}

bool seen_numbers_note(struct seen_numbers *seen, uint32_t number) {
    if (number > seen->highest)
        return note_ahead(seen, number);
    size_t i = gap_at(seen, number);
    if (i == seen->gap_count || number < seen->gaps[i].from)
        return true;
    struct seen_gap *gap = &seen->gaps[i];
    if (gap->from == gap->to)
        remove_gap(seen, i);
    else if (number == gap->from)
        gap->from++;
    else if (number == gap->to)
        gap->to--;
    else
        return split_gap(seen, i, number);
    return true;
}
