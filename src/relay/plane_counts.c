/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plane_counts: see plane_counts.h.
 */
#include "config.h"

#include "relay/plane_counts.h"

#include "relay/plane_priv.h"

unsigned plane_thread_count(const struct plane *plane) {
    return plane->count;
}

const struct thread_counts *plane_thread_counts(const struct plane *plane, unsigned thread) {
    return &plane->threads[thread]->counts;
}

const struct service_part *plane_thread_part(const struct plane *plane, unsigned thread) {
    return &plane->threads[thread]->part;
}

/*
 * A stream's end counts as unconfirmed before its relay counts no more, and they are read in the opposite order: a
 * program that stops waits until both are 0.
 */
static void add_thread(struct plane_counts *counts, const struct thread_counts *thread) {
    counts->relays += counter_read_in_order(&thread->relays);
    counts->unconfirmed += counter_read_in_order(&thread->unconfirmed);
    for (unsigned kind = 0; kind < LINK_KIND_COUNT; kind++)
        counts->links += counter_read(&thread->links[kind]);
    counts->handshakes_done += counter_read(&thread->handshakes[HANDSHAKE_DONE]);
    counts->relays_ended += counter_read(&thread->relays_ended);
    counts->dials += counter_read(&thread->dials);
}

void plane_count(const struct plane *plane, struct plane_counts *counts) {
    *counts = (struct plane_counts){0};
    for (unsigned i = 0; i < plane->count; i++)
        add_thread(counts, &plane->threads[i]->counts);
}
