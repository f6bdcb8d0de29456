/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * counter: a number that one thread changes and any thread reads, without locks and without read-modify-write cycles of
 * the bus: the owner's load and store are relaxed, and as cheap as those of a plain variable.
 *
 * Two counters of different owners must not share a cache line (COUNTER_LINE), or each store would take the line away
 * from the other thread's core. What counts both ways, a gauge, may be changed by several threads, each in a counter of
 * its own: their sum is right, since it wraps round.
 * Runs on: counter_add, counter_set on the owner's thread, counter_read on any. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_COUNTER_H
#define MUNNEL_LIB_BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

enum { COUNTER_LINE = 64 }; /* bytes of a cache line */

typedef atomic_uint_fast64_t counter; /* all zero at first */

static inline uint64_t counter_read(const counter *from) {
    return atomic_load_explicit(from, memory_order_relaxed);
}

static inline void counter_set(counter *to, uint64_t value) {
    atomic_store_explicit(to, value, memory_order_relaxed);
}

static inline void counter_add(counter *to, uint64_t step) {
    counter_set(to, counter_read(to) + step);
}

/* With counter_read_in_order: a thread that has read this value reads what its owner wrote before it. */
static inline void counter_add_in_order(counter *to, uint64_t step) {
    atomic_store_explicit(to, counter_read(to) + step, memory_order_release);
}

static inline uint64_t counter_read_in_order(const counter *from) {
    return atomic_load_explicit(from, memory_order_acquire);
}

static inline void counter_subtract(counter *from, uint64_t step) {
    counter_set(from, counter_read(from) - step);
}

#endif
