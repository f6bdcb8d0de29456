/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * token_bucket: a limit of bytes per second with a burst, which any number of threads share without a lock.
 *
 * Its state is one number, as in GCRA (ITU-T I.371): the time at which all that was reserved will have passed at the
 * rate. Who has bytes reserves a place for them, which is one atomic operation, and waits until the time of its place:
 * so those who wait are served in the order in which they came, whichever thread they are on, and the sum is exact,
 * however late a timer is. What was reserved and not used is given back.
 *
 * Runs on: any thread. Owns: nothing. Times are clock_us(), and are passed in.
 */
#ifndef MUNNEL_LIB_BASE_TOKEN_BUCKET_H
#define MUNNEL_LIB_BASE_TOKEN_BUCKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOKEN_BUCKET_BURSTS = 10, /* the default burst is the bytes of a tenth of a second */
    TOKEN_BUCKET_SLICES = 50, /* a slice, which is reserved at a time, those of 20 ms, but within these: */
    TOKEN_BUCKET_SLICE_LEAST = 1024,
    TOKEN_BUCKET_SLICE_SHARED = 4096, /* where many wait it shrinks to that, so that each has its turn sooner */
    TOKEN_BUCKET_SLICE_MOST = 1024 * 1024
};

struct token_bucket { /* all zero: no limit */
    atomic_uint_fast64_t rate, burst;
    atomic_uint_fast64_t full_ns; /* all that was reserved has passed by then */
    atomic_uint changes;
};

/* Bytes per second, 0: no limit; and those that may pass at once after a pause, 0: the default. Both below 4 GiB. A
 * change drops what was reserved: those who wait find it by token_bucket_changes, and reserve anew. One thread alone.
 */
void token_bucket_set(struct token_bucket *bucket, uint64_t rate, uint64_t burst);

static inline uint64_t token_bucket_rate(const struct token_bucket *bucket) {
    return atomic_load_explicit(&bucket->rate, memory_order_relaxed);
}

static inline unsigned token_bucket_changes(const struct token_bucket *bucket) {
    return atomic_load_explicit(&bucket->changes, memory_order_relaxed);
}

/* How much should be reserved at a time, so that others have their turn and the rate looks even; SIZE_MAX: no limit. */
size_t token_bucket_slice(const struct token_bucket *bucket, uint64_t now_us);

/* A new one of the same limits would be as it is. */
static inline bool token_bucket_is_full(const struct token_bucket *bucket, uint64_t now_us) {
    return atomic_load_explicit(&bucket->full_ns, memory_order_relaxed) <= now_us * 1000;
}

/* Reserves a place for so many bytes. Returns when they may pass: `now_us`, or later. */
uint64_t token_bucket_reserve(struct token_bucket *bucket, size_t bytes, uint64_t now_us);
void token_bucket_give_back(struct token_bucket *bucket, size_t bytes);

#endif
