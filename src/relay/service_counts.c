/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_counts: see service_counts.h.
 */
#include "config.h"

#include "relay/service_counts.h"

#include "lib/base/aligned.h"

#include <stdlib.h>

/* Whole cache lines each, so that no line is written by two threads. */
struct part {
    _Alignas(COUNTER_LINE) struct service_part counts;
};

struct service_counts {
    atomic_uint references;
    unsigned count; /* of parts */
    struct part *parts;
};

struct service_counts *service_counts_new(unsigned threads) {
    struct service_counts *counts = calloc(1, sizeof *counts);
    if (!counts)
        return NULL;
    counts->count = threads + 1;
    counts->parts = aligned_new(COUNTER_LINE, counts->count * sizeof *counts->parts);
    if (!counts->parts) {
        free(counts);
        return NULL;
    }
    atomic_init(&counts->references, 1);
    return counts;
}

struct service_counts *service_counts_hold(struct service_counts *counts) {
    atomic_fetch_add_explicit(&counts->references, 1, memory_order_relaxed);
    return counts;
}

void service_counts_release(struct service_counts *counts) {
    if (!counts || atomic_fetch_sub_explicit(&counts->references, 1, memory_order_acq_rel) > 1)
        return;
    aligned_free(counts->parts);
    free(counts);
}

struct service_part *service_counts_part(struct service_counts *counts, unsigned thread) {
    return &counts->parts[thread < counts->count ? thread : counts->count - 1].counts;
}

static void add_part(struct service_sum *sum, const struct service_part *part) {
    sum->in += counter_read(&part->bytes.in);
    sum->out += counter_read(&part->bytes.out);
    sum->accepted += counter_read(&part->accepted);
    sum->opened += counter_read(&part->opened);
    for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
        uint64_t ended = counter_read(&part->ended[reason]);
        sum->ended_by[reason] += ended;
        sum->ended += ended;
    }
}

static void add_throttled(struct service_sum *sum, const struct throttled *throttled) {
    for (unsigned scope = 0; scope < BANDWIDTH_SCOPE_COUNT; scope++)
        for (unsigned way = 0; way < BANDWIDTH_WAYS; way++)
            sum->throttled_us[scope][way] += counter_read(&throttled->us[scope][way]);
}

static void add_datagrams(struct service_sum *sum, const struct datagram_counts *datagrams) {
    for (unsigned way = 0; way < DATAGRAM_WAYS; way++) {
        sum->datagrams[way] += counter_read(&datagrams->count[way]);
        for (unsigned drop = 0; drop < DATAGRAM_DROP_COUNT; drop++)
            sum->dropped[way][drop] += counter_read(&datagrams->dropped[way][drop]);
    }
}

void service_counts_sum(const struct service_counts *counts, struct service_sum *sum) {
    *sum = (struct service_sum){0};
    for (unsigned i = 0; i < counts->count; i++) {
        add_part(sum, &counts->parts[i].counts);
        add_throttled(sum, &counts->parts[i].counts.throttled);
        add_datagrams(sum, &counts->parts[i].counts.datagrams);
    }
}

static const struct histogram *times_of(const struct service_part *part, enum service_time which) {
    const struct histogram *const times[SERVICE_TIME_COUNT] = {&part->wait, &part->dial, &part->first_byte,
                                                               &part->duration};
    return times[which];
}

void service_counts_add_times(const struct service_counts *counts, enum service_time which, struct histogram_sum *sum) {
    for (unsigned i = 0; i < counts->count; i++)
        histogram_sum_add(sum, times_of(&counts->parts[i].counts, which));
}
